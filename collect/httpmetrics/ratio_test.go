package httpmetrics

import (
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/metertree/metertree/meter"
	"github.com/metertree/metertree/metric"
	"github.com/metertree/metertree/registry"
)

// sums adds up both sides of a ratio over all series.
func sums(t *testing.T, r *registry.Registry, name string) (s metric.RatioSums) {
	t.Helper()
	all := slices.Collect(r.Ratios())
	at := slices.IndexFunc(all, func(ratio metric.Ratio) bool { return ratio.Name == name })
	if at < 0 {
		t.Fatalf("no ratio %s among %v", name, all)
	}
	add := func(to *metric.Amount, selection metric.Selection) {
		for f := range r.Collect(t.Context()) {
			if f.Descriptor.Name != selection.Metric {
				continue
			}
			for p := range f.Points {
				if selected(p.Labels, f.Keys, selection.Matchers) {
					*to = to.Plus(metric.AmountOf(float64(p.Int)))
				}
			}
		}
	}
	add(&s.Numerator, all[at].Numerator)
	add(&s.Denominator, all[at].Denominator)
	return s
}

func selected(labels metric.LabelSet, keys []string, matchers metric.Matchers) bool {
	for name, value := range labels.All(keys) {
		if m, found := matchers.On(name); found && !m.Matches(value) {
			return false
		}
	}
	return true
}

func TestErrorsOfAServerAreARatio(t *testing.T) {
	for _, label := range []StatusLabel{ByClass, ByCode} {
		s, r := newServer(t, ServerOptions{Status: label})
		for _, code := range []int{200, 204, 302, 404, 499, 500, 503, 599} {
			serve(s.Wrap(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(code) })), "GET", "/", "")
		}
		for name, want := range map[string]float64{
			"http_server_request_error_ratio": 3. / 8, "http_server_request_client_error_ratio": 2. / 8,
		} {
			if q := sums(t, r, name).Quotient(); q.Value != want {
				t.Errorf("%s with the label %d is %+v, want %v", name, label, q, want)
			}
		}
	}
}

func TestErrorsOfAClientAreARatio(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
		if strings.HasPrefix(q.URL.Path, "/broken") {
			w.WriteHeader(http.StatusBadGateway)
		}
	}))
	defer server.Close()
	for _, label := range []StatusLabel{ByClass, ByCode} {
		r := registry.New(registry.Options{})
		c, err := NewClient(meter.New(r), ClientOptions{Status: label})
		if err != nil {
			t.Fatal(err)
		}
		client := http.Client{Transport: c.Transport(nil)}
		for _, url := range []string{server.URL + "/", server.URL + "/", server.URL + "/broken", "http://127.0.0.1:0/"} {
			if response, err := client.Get(url); err == nil {
				if err := response.Body.Close(); err != nil {
					t.Error(err)
				}
			}
		}
		if q := sums(t, r, "http_client_request_error_ratio").Quotient(); q.Value != 0.5 {
			t.Errorf("with the label %d: %+v, want 0.5", label, q)
		}
	}
}

func TestGoldenSignals(t *testing.T) {
	r := registry.New(registry.Options{})
	_, server := NewServer(meter.New(r), ServerOptions{})
	_, client := NewClient(meter.New(r), ClientOptions{})
	if server != nil || client != nil {
		t.Fatal(server, client)
	}
	var got []string
	for d := range r.Declarations() {
		if d.Role != metric.RoleNone {
			got = append(got, d.Name+" "+d.Role.String())
		}
	}
	for ratio := range r.Ratios() {
		if ratio.Role != metric.RoleNone {
			got = append(got, ratio.Name+" "+ratio.Role.String())
		}
	}
	want := []string{
		"http_client_request_duration_seconds latency", "http_client_requests_total traffic",
		"http_server_request_duration_seconds latency", "http_server_requests_total traffic",
		"http_client_request_error_ratio errors", "http_server_request_error_ratio errors",
	}
	if !slices.Equal(got, want) {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}
