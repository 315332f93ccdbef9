package prom

import (
	"slices"
	"strings"
	"testing"
	"time"
)

func TestConfigFromURLs(t *testing.T) {
	config, err := ConfigFromURLs([]string{
		"http://127.0.0.1:9100/metrics",
		"localhost:8080",
		"localhost:8080/other",
		"localhost:8080/other?shard=2",
		"https://me:hush@[::1]:9443/app?module=a&module=b",
	}, ScrapeDefaults{Interval: 3 * time.Second, BodySizeLimit: 1 << 20, SelfAddress: "127.0.0.1:2122"})
	if err != nil {
		t.Fatal(err)
	}
	type job struct{ name, scheme, path, params, user string }
	want := []job{
		{"127.0.0.1:9100", "http", "/metrics", "", ""},
		{"localhost:8080", "http", "/metrics", "", ""},
		{"localhost:8080/other", "http", "/other", "", ""},
		{"localhost:8080/other?shard=2", "http", "/other", "shard=2", ""},
		{"[::1]:9443", "https", "/app", "module=a&module=b", "me"},
		{"metertree", "http", "/metrics", "", ""},
	}
	var got []job
	for _, c := range config.inner.ScrapeConfigs {
		j := job{c.JobName, c.Scheme, c.MetricsPath, c.Params.Encode(), ""}
		if auth := c.HTTPClientConfig.BasicAuth; auth != nil {
			j.user = auth.Username
		}
		got = append(got, j)
		if c.BodySizeLimit != 1<<20 || time.Duration(c.ScrapeInterval) != 3*time.Second || c.ScrapeTimeout > c.ScrapeInterval {
			t.Errorf("%s: body limit %v, interval %v, timeout %v", c.JobName, c.BodySizeLimit, c.ScrapeInterval, c.ScrapeTimeout)
		}
	}
	if !slices.Equal(got, want) {
		t.Errorf("got  %v\nwant %v", got, want)
	}
	if shown := config.redacted(); strings.Contains(shown.String(), "hush") {
		t.Error("the password is shown")
	}
}

func TestConfigFromURLsRefuses(t *testing.T) {
	tests := []struct {
		name     string
		targets  []string
		interval time.Duration
		want     string
	}{
		{"other scheme", []string{"ftp://h/metrics"}, time.Second, `has the scheme "ftp": use http or https`},
		{"no host", []string{"http:///metrics"}, time.Second, "has no host"},
		{"empty", []string{""}, time.Second, "has no host"},
		{"huge port", []string{"http://me:hush@h:99999/metrics"}, time.Second, `@h:99999/metrics" has the port "99999": use one from 1 to 65535`},
		{"port 0", []string{"h:0"}, time.Second, `has the port "0"`},
		{"colon without a port", []string{"h:"}, time.Second, `has the port ""`},
		{"fragment", []string{"http://h/m#x"}, time.Second, `remove "#x"`},
		{"not a URL", []string{"http://me:hush@h:port/"}, time.Second, "is not a URL"},
		{"twice", []string{"h:1", "http://h:1/metrics"}, time.Second, "more than once"},
		{"own name", []string{"http://h:1"}, 0, "--scrape.interval"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			_, err := ConfigFromURLs(test.targets, ScrapeDefaults{Interval: test.interval})
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Fatalf("got %v, want %q", err, test.want)
			}
			if strings.Contains(err.Error(), "hush") {
				t.Errorf("%v shows a password", err)
			}
		})
	}
}
