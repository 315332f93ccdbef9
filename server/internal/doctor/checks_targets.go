package doctor

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
)

// maxTargets is how many targets are told one by one.
const maxTargets = 10

func lookAtTargets(f *facts) (found []Finding) {
	down, slow := 0, 0
	for _, t := range f.targets.Active {
		switch timeout := time.Duration(t.Timeout); {
		case t.Health == "down":
			if down++; down <= maxTargets {
				found = append(found, one(Error, downRemedy(t.LastError), "target %s is down: %s", t.name(), t.LastError)...)
			}
		case timeout > 0 && t.Took > 0.8*timeout.Seconds():
			if slow++; slow <= maxTargets {
				found = append(found, one(Warning, "raise its scrape_timeout, or make it expose less",
					"the scrape of %s took %.3gs of the %s that it may take", t.name(), t.Took, timeout)...)
			}
		}
	}
	if down > maxTargets {
		found = append(found, one(Error, "see /api/v1/targets?state=active", "%d more targets are down", down-maxTargets)...)
	}
	if slow > maxTargets {
		found = append(found, one(Warning, "see /api/v1/targets?state=active", "%d more scrapes are nearly too slow", slow-maxTargets)...)
	}
	for _, job := range slices.Sorted(maps.Keys(f.targets.Dropped)) {
		if n := f.targets.Dropped[job]; n > 0 && !f.scraped(job) {
			found = append(found, one(Warning, "correct relabel_configs of the job", "job %q scrapes nothing: relabelling drops all its %s", job, several(n, "target", "targets"))...)
		}
	}
	if len(f.others()) == 0 && f.flags["scrape"] != "" {
		found = append(found, one(Note, "give --scrape or --config.file, unless everything is pushed", "nothing is scraped but the server itself")...)
	}
	return found
}

func (t target) name() string {
	return fmt.Sprintf("%s of job %s", t.Labels["instance"], t.Labels["job"])
}

// scraped reports whether a job has a target.
func (f *facts) scraped(job string) bool {
	for _, t := range f.targets.Active {
		if t.Pool == job {
			return true
		}
	}
	return false
}

// others are the targets besides the server itself.
func (f *facts) others() (others []target) {
	for _, t := range f.targets.Active {
		if t.Pool != "metertree" {
			others = append(others, t)
		}
	}
	return others
}

// downRemedy says what to do about a scrape's error.
func downRemedy(text string) string {
	for _, known := range []struct{ part, remedy string }{
		{"connection refused", "start it, or correct host and port"},
		{"no such host", "correct the host name, or the name service"},
		{"deadline exceeded", "is it overloaded? Raise scrape_timeout, or make it expose less"},
		{"Client.Timeout", "is it overloaded? Raise scrape_timeout, or make it expose less"},
		{"no route to host", "look at the network and at firewalls between"},
		{"i/o timeout", "look at the network and at firewalls between"},
		{"HTTP status 401", "give its credentials in basic_auth or authorization of the job"},
		{"HTTP status 403", "give its credentials in basic_auth or authorization of the job"},
		{"HTTP status 404", "correct metrics_path of the job; exporters usually answer at /metrics"},
		{"HTTP status 5", "look at its own log"},
		{"sample limit", "drop metrics by metric_relabel_configs, or raise sample_limit"},
		{"body size limit", "make it expose less, or raise body_size_limit"},
		{"certificate has expired or is not yet valid", "renew its certificate, or set the clock that is wrong"},
		{"certificate is valid for", "ask it by a name of its certificate, or give one in tls_config.server_name of the job"},
		{"no samples are taken", "make room on the disk of --storage.path"},
		{"no new series are taken", "drop labels by metric_relabel_configs, or give the server more memory"},
		{"x509", "give its authority in tls_config.ca_file of the job"},
		{"HTTP response to HTTPS", "take scheme: https out of the job"},
		{"Content-Type", "correct metrics_path: what is there is no metrics page"},
		{"parsing", "what it exposes is no metrics: run metertree check metrics with its address"},
		{"expected", "what it exposes is no metrics: run metertree check metrics with its address"},
	} {
		if strings.Contains(text, known.part) {
			return known.remedy
		}
	}
	return "ask it by hand: metertree check metrics with its address"
}

// notableSeries is how many series make one metric worth telling.
const notableSeries = 100_000

func lookAtSeries(f *facts) []Finding {
	for _, name := range f.head.Names {
		if name.Value >= notableSeries && 2*name.Value > f.head.HeadStats.NumSeries {
			return one(Note, "find the label with metertree cardinality, and drop or normalise it",
				"metric %s has %d of the %d series in memory", name.Name, name.Value, f.head.HeadStats.NumSeries)
		}
	}
	return nil
}
