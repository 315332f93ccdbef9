package prom

import (
	"fmt"
	"net/url"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/metertree/metertree/server/internal/redact"
	config_util "github.com/prometheus/common/config"
	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/config"
)

// ConfigFromURLs makes a configuration that scrapes each URL as one target. The
// job is named after the URL's host and port (and its path, when another URL has
// the same host and port). A missing scheme means http, a missing path
// /metrics; a query becomes the job's parameters and user:password its basic
// authentication.
func ConfigFromURLs(targets []string, defaults ScrapeDefaults) (*Config, error) {
	c := emptyConfig()
	global := &c.inner.GlobalConfig
	if defaults.Interval <= 0 {
		return nil, fmt.Errorf("scrape interval %v is not positive: give one such as --scrape.interval=5s", defaults.Interval)
	}
	global.ScrapeInterval = model.Duration(defaults.Interval)
	global.ScrapeTimeout = min(global.ScrapeTimeout, global.ScrapeInterval)
	given := make(map[string]bool, len(targets))
	for _, target := range targets {
		job, err := jobFromURL(target)
		if err != nil {
			return nil, err
		}
		// The job still has the URL's host and port for a name.
		same := job.Scheme + "://" + job.JobName + job.MetricsPath + "?" + job.Params.Encode()
		if given[same] {
			return nil, fmt.Errorf("--scrape %q is given more than once: give each target once", redactURL(target))
		}
		given[same] = true
		if err := c.addJob(job); err != nil {
			return nil, fmt.Errorf("--scrape %q: %w", redactURL(target), err)
		}
	}
	if err := c.complete(defaults); err != nil {
		return nil, err
	}
	return c, nil
}

// addJob appends a job under a name that no other job has.
func (c *Config) addJob(job *config.ScrapeConfig) error {
	taken := make(map[string]bool, len(c.inner.ScrapeConfigs))
	for _, other := range c.inner.ScrapeConfigs {
		taken[other.JobName] = true
	}
	for _, suffix := range []string{job.MetricsPath, redact.Text("?" + job.Params.Encode()), " " + job.Scheme} {
		if taken[job.JobName] {
			job.JobName += suffix
		}
	}
	// What tells them apart may be a secret.
	for name, n := job.JobName, 2; taken[job.JobName]; n++ {
		job.JobName = fmt.Sprintf("%s (%d)", name, n)
	}
	if err := job.Validate(c.inner.GlobalConfig); err != nil {
		return err
	}
	c.inner.ScrapeConfigs = append(c.inner.ScrapeConfigs, job)
	return nil
}

func jobFromURL(target string) (*config.ScrapeConfig, error) {
	full := target
	if !strings.Contains(target, "://") {
		full = "http://" + target
	}
	u, err := url.Parse(full)
	switch {
	case err != nil:
		return nil, fmt.Errorf("--scrape %q is not a URL: give one such as http://127.0.0.1:9100/metrics", redactURL(target))
	case u.Scheme != "http" && u.Scheme != "https":
		return nil, fmt.Errorf("--scrape %q has the scheme %q: use http or https", redactURL(full), u.Scheme)
	case u.Hostname() == "":
		return nil, fmt.Errorf("--scrape %q has no host: give one such as http://127.0.0.1:9100/metrics", redactURL(full))
	case !validPort(u):
		return nil, fmt.Errorf("--scrape %q has the port %q: use one from 1 to 65535", redactURL(full), u.Port())
	case !utf8.ValidString(u.Host + u.Path + fmt.Sprint(u.Query())):
		return nil, fmt.Errorf("--scrape %q is not UTF-8, which labels must be: correct its encoding", redactURL(full))
	case u.Fragment != "":
		return nil, fmt.Errorf("--scrape %q has a fragment: remove %q", redactURL(full), "#"+u.Fragment)
	}
	job := staticJob(u.Host, u.Host)
	job.Scheme = u.Scheme
	if u.Path != "" && u.Path != "/" {
		job.MetricsPath = u.Path
	}
	if u.RawQuery != "" {
		job.Params = u.Query()
	}
	if u.User != nil {
		password, _ := u.User.Password()
		job.HTTPClientConfig.BasicAuth = &config_util.BasicAuth{
			Username: u.User.Username(),
			Password: config_util.Secret(password),
		}
	}
	return job, nil
}

// validPort reports whether the URL has a port that exists, or none and no colon.
func validPort(u *url.URL) bool {
	if u.Port() == "" {
		return !strings.HasSuffix(u.Host, ":")
	}
	number, err := strconv.ParseUint(u.Port(), 10, 16)
	return err == nil && number > 0
}

// redactURL hides the user, the password and the secret parameters of a URL for
// use in messages. What is not a URL is cut at an @, since the part before it may
// be a password.
func redactURL(raw string) string {
	if u, err := url.Parse(raw); err == nil && u.Host != "" {
		if u.User != nil {
			u.User = url.User("redacted")
		}
		return redact.Text(u.String())
	}
	if _, after, found := strings.Cut(raw, "@"); found {
		return "…@" + redact.Text(after)
	}
	return redact.Text(raw)
}
