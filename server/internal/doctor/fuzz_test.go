package doctor

import (
	"context"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"
)

// answers is a transport that answers with what it has for a path.
type answers func(path string) (status int, body string)

// RoundTrip implements http.RoundTripper.
func (a answers) RoundTrip(r *http.Request) (*http.Response, error) {
	status, body := a(r.URL.Path)
	return &http.Response{StatusCode: status, Request: r, Body: io.NopCloser(strings.NewReader(body)), Header: http.Header{}}, nil
}

// FuzzAnswers has a server answer anything at one place. Every finding says what is
// wrong and what to do, and nothing but 200 is ready.
func FuzzAnswers(f *testing.F) {
	paths := []string{"/-/ready", "/api/v1/status/runtimeinfo", "/api/v1/status/flags", "/api/v1/status/tsdb", "/api/v1/targets", "/metrics", "/api/v1/query"}
	site := healthy()
	for i, path := range paths {
		f.Add(uint8(i), 200, site[path])
		f.Add(uint8(i), 503, "starting \x1b[31m up")
		f.Add(uint8(i), 200, strings.NewReplacer("up", "down", "1000", "1e300", "10s", "x", "api", "a\u202e\x1b]0;").Replace(site[path]))
	}
	f.Add(uint8(5), 200, "# TYPE a counter\n{}")
	f.Add(uint8(6), 200, `{"data":{"result":[{"metric":{"a":"b"},"value":[1,"NaN"]},null]}}`)
	f.Add(uint8(4), 200, `{"data":{"activeTargets":[{"health":"down","lastError":"x\ny\u001b[2J","lastScrapeDuration":1e308}]}}`)
	alerts := []Alert{{Name: "Broken", Expr: "up == 0", Severity: "critical", Description: "{{ $labels.job }} is down: start it."}}
	f.Fuzz(func(t *testing.T, place uint8, status int, body string) {
		if status < 100 || status > 999 {
			return // no answer
		}
		at := paths[int(place)%len(paths)]
		report, err := Examine(context.Background(), Options{
			URL: "http://127.0.0.1:1", Version: "v1", Local: local(), Alerts: alerts, Now: func() time.Time { return noon },
			Client: &http.Client{Transport: answers(func(path string) (int, string) {
				if path == at {
					return status, body
				}
				return 200, site[path]
			})},
		})
		if err != nil {
			t.Fatal(err)
		}
		for _, finding := range report.Findings {
			if finding.Check == "" || finding.Message == "" || finding.Remedy == "" || strings.Contains(finding.Message, "%!") {
				t.Fatalf("%s answers %q: %+v", at, body, finding)
			}
		}
		if at == "/-/ready" && (status == 200) != (len(report.Examined) > 1) {
			t.Fatalf("%d is taken for ready: %+v", status, report)
		}
	})
}
