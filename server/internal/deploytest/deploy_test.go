package deploytest

import (
	"context"
	"fmt"
	"net/http"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/metertree/metertree/examples/contextd/demo"
	"github.com/metertree/metertree/examples/contextd/incident"
	"github.com/metertree/metertree/internal/realserver"
	"github.com/metertree/metertree/server/internal/apitest"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"
	"go.yaml.in/yaml/v3"
)

// startDemo runs a demonstration until the test's end.
func startDemo(t *testing.T, config demo.Config) (at demo.Addresses) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	ready, ended := make(chan demo.Addresses, 1), make(chan error, 1)
	config.Ready = func(at demo.Addresses) { ready <- at }
	go func() { ended <- demo.Run(ctx, config) }()
	select {
	case at = <-ready:
	case err := <-ended:
		cancel()
		t.Fatal(err)
	}
	t.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
	return at
}

// scrape returns the labels of every metric that is served, by sample name.
func scrape(t *testing.T, url string) map[string]map[string]bool {
	t.Helper()
	response, err := http.Get(url + "/metrics")
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	parser := expfmt.NewTextParser(model.UTF8Validation)
	families, err := parser.TextToMetricFamilies(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	served := map[string]map[string]bool{}
	for name, family := range families {
		// What the scraper adds.
		labels := map[string]bool{"job": true, "instance": true}
		for _, m := range family.Metric {
			for _, l := range m.Label {
				labels[l.GetName()] = true
			}
			if m.Histogram != nil {
				labels["le"] = true
			}
		}
		served[name] = labels
		if labels["le"] {
			served[name+"_bucket"], served[name+"_sum"], served[name+"_count"] = labels, labels, labels
		}
	}
	return served
}

// rare are metrics that have no series as long as all is well, and sessions that
// end, which takes minutes. The catalogue has them, with these labels.
var rare = map[string][]string{
	"contextd_queue_rejected_total":      {"queue", "reason"},
	"contextd_queue_retried_total":       {"queue", "reason"},
	"contextd_queue_dropped_total":       {"queue", "reason"},
	"contextd_queue_dead_lettered_total": {"queue", "reason"},
	"contextd_sessions_closed_total":     {"reason"},
	"metertree_dropped_updates_total":    {"metric", "reason"},
	"metertree_overflow_total":           {"key", "metric"},
}

// TestRareMetricsAreInTheCatalogue keeps the list above true.
func TestRareMetricsAreInTheCatalogue(t *testing.T) {
	catalogue := string(read(t, "..", "docs", "catalogue.md"))
	for metric, labels := range rare {
		row := regexp.MustCompile("(?m)^\\| `" + metric + "` \\| counter \\|  \\| " + strings.Join(labels, ", ") + " \\|")
		if !row.MatchString(catalogue) {
			t.Errorf("the catalogue has no counter %s with the labels %v", metric, labels)
		}
	}
}

// TestEveryMetricIsServed looks for every metric and label of every expression in
// a scrape of the demonstration, after its load has done everything once.
func TestEveryMetricIsServed(t *testing.T) {
	at := startDemo(t, demo.Config{Rate: 200})
	_, recorded := rules(t)
	expressions := everyExpression(t)
	apitest.Eventually(t, 20*time.Second, func() (bool, string) {
		served := scrape(t, at.Metrics)
		for metric, labels := range rare {
			served[metric] = map[string]bool{"job": true, "instance": true}
			for _, l := range labels {
				served[metric][l] = true
			}
		}
		served["up"] = map[string]bool{"job": true, "instance": true}
		var missing []string
		for _, e := range expressions {
			for _, u := range e.uses(t) {
				missing = append(missing, u.missing(e.where, served, recorded)...)
			}
		}
		return len(missing) == 0, strings.Join(missing, "\n")
	})
}

// missing says what of a use is not served. Recorded series have their labels in
// their names.
func (u use) missing(where string, served map[string]map[string]bool, recorded map[string]bool) (missing []string) {
	if recorded[u.metric] {
		return nil
	}
	labels, there := served[u.metric]
	if !there {
		return []string{fmt.Sprintf("%s: no metric %s", where, u.metric)}
	}
	for _, label := range u.labels {
		if !labels[label] {
			missing = append(missing, fmt.Sprintf("%s: metric %s has no label %s", where, u.metric, label))
		}
	}
	return missing
}

// TestDashboards checks what Grafana would not complain about but show wrongly.
func TestDashboards(t *testing.T) {
	uids := map[string]string{}
	for name, d := range dashboards(t) {
		if d.UID == "" || d.Title == "" || d.SchemaVersion == 0 || uids[d.UID] != "" {
			t.Errorf("%s: uid %q (also of %q), title %q, schema version %d", name, d.UID, uids[d.UID], d.Title, d.SchemaVersion)
		}
		uids[d.UID] = name
		taken := map[[2]int]string{}
		for _, panel := range d.Panels {
			if panel.Type != "row" && (len(panel.Targets) == 0 || panel.Datasource.UID != "${datasource}") {
				t.Errorf("%s: panel %q has %d targets and data source %q", name, panel.Title, len(panel.Targets), panel.Datasource.UID)
			}
			for x := range panel.GridPos.W {
				for y := range panel.GridPos.H {
					place := [2]int{panel.GridPos.X + x, panel.GridPos.Y + y}
					if other := taken[place]; other != "" || place[0] >= 24 {
						t.Errorf("%s: panel %q lies on %q or beyond the edge at %v", name, panel.Title, other, place)
					}
					taken[place] = panel.Title
				}
			}
		}
	}
}

// runbook is the page that annotations of alerts lead to.
const runbook = "https://github.com/metertree/metertree/blob/main/docs/troubleshooting.md#"

// alertRule is what of an alert is for whom it wakes.
type alertRule struct {
	Alert               string
	Labels, Annotations map[string]string
}

// rulesOf are the alerts of a file.
func rulesOf(t *testing.T, name string) (found []alertRule) {
	t.Helper()
	var file ruleFile
	if err := yaml.Unmarshal(read(t, "prometheus", name), &file); err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	for _, group := range file.Groups {
		for _, rule := range group.Rules {
			found = append(found, alertRule{rule.Alert, rule.Labels, rule.Annotations})
		}
	}
	return found
}

// anchors are those of the headings of a page, as a forge makes them.
func anchors(page string) map[string]bool {
	found := map[string]bool{}
	for _, heading := range regexp.MustCompile(`(?m)^##+ (.+)$`).FindAllStringSubmatch(page, -1) {
		words := regexp.MustCompile(`[^a-z0-9 -]`).ReplaceAllString(strings.ToLower(heading[1]), "")
		found[strings.ReplaceAll(words, " ", "-")] = true
	}
	return found
}

// TestAlertsSayWhatToDo keeps each alert routable, and of use to whom it wakes.
func TestAlertsSayWhatToDo(t *testing.T) {
	sections := anchors(string(read(t, "..", "docs", "troubleshooting.md")))
	seen := map[string]bool{}
	for _, rule := range slices.Concat(rulesOf(t, "alerts.yaml"), rulesOf(t, "server-alerts.yaml")) {
		if severity := rule.Labels["severity"]; severity != "page" && severity != "ticket" {
			t.Errorf("%s has severity %q; want page or ticket", rule.Alert, severity)
		}
		if rule.Annotations["summary"] == "" || rule.Annotations["description"] == "" {
			t.Errorf("%s lacks a summary or a description", rule.Alert)
		}
		url := rule.Annotations["runbook_url"]
		if section, ours := strings.CutPrefix(url, runbook); !ours || !sections[section] {
			t.Errorf("%s leads to %q; want a section of %s", rule.Alert, url, runbook)
		}
		if seen[rule.Alert] {
			t.Errorf("%s is there twice", rule.Alert)
		}
		seen[rule.Alert] = true
	}
	if len(seen) < 40 {
		t.Errorf("%d alerts were found", len(seen))
	}
}

func promtool(t *testing.T, args ...string) {
	t.Helper()
	command := exec.Command(realserver.Find(t, "promtool"), args...)
	command.Dir = filepath.Join(deploy, "prometheus")
	if output, err := command.CombinedOutput(); err != nil {
		t.Errorf("promtool %s: %v\n%s", strings.Join(args, " "), err, output)
	}
}

func TestPromtoolTakesTheRules(t *testing.T) {
	promtool(t, append([]string{"check", "rules", "--lint-fatal"}, ruleFiles...)...)
}

func TestPromtoolRunsTheTestsOfTheRules(t *testing.T) {
	promtool(t, "test", "rules", "alerts_test.yaml")
}

// TestAlertsFireInAnIncident lets a shard fail, and waits for a real Prometheus to
// find out.
func TestAlertsFireInAnIncident(t *testing.T) {
	at := startDemo(t, demo.Config{Rate: 300, Incidents: incident.Schedule{Every: 2 * time.Minute, Lasting: time.Minute}})
	directory, err := filepath.Abs(filepath.Join(deploy, "prometheus"))
	if err != nil {
		t.Fatal(err)
	}
	prometheus := realserver.Prometheus(t, fmt.Sprintf(`
global: {scrape_interval: 1s, scrape_timeout: 1s, evaluation_interval: 1s}
rule_files: [%q, %q]
scrape_configs:
- job_name: contextd
  static_configs: [{targets: [%q]}]
`, filepath.Join(directory, "recording.yaml"), filepath.Join(directory, "alerts.yaml"), strings.TrimPrefix(at.Metrics, "http://")))
	client := apitest.Client{URL: prometheus.URL}
	apitest.Eventually(t, 50*time.Second, func() (bool, string) {
		var active struct{ Alerts []alert }
		client.Get(t, "alerts", nil, &active)
		fires := slices.ContainsFunc(active.Alerts, func(a alert) bool {
			return a.State == "firing" && a.Labels["alertname"] == "ContextdProbeFails" && a.Labels["component"] == "storage"
		})
		return fires, fmt.Sprintf("active: %v", active.Alerts)
	})
}

type alert struct {
	State  string
	Labels map[string]string
}
