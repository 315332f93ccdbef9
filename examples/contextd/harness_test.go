package contextd

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/metertree/metertree/collect"
	"github.com/metertree/metertree/export/prometheus"
	"github.com/metertree/metertree/meter"
	"github.com/metertree/metertree/registry"
)

// harness is a service under test within a synctest bubble: its time is fake, and
// it is called without a network.
type harness struct {
	*Service
	t   *testing.T
	reg *registry.Registry
	// stop ends Run and returns its error.
	stop func() error
}

// instant has no simulated latency and no simulated failures.
func instant() Config { return Config{ModelLatency: -1, ReadLatency: -1} }

// start makes a service and runs it until the test's end.
func start(t *testing.T, config Config) *harness {
	t.Helper()
	h := newHarness(t, config)
	h.run()
	return h
}

// newHarness makes a service that does not run yet.
func newHarness(t *testing.T, config Config) *harness {
	t.Helper()
	h := &harness{t: t, reg: registry.New(registry.Options{})}
	config.Scope = meter.New(h.reg)
	var err error
	if config.Refresher, err = collect.NewRefresher(collect.Options{Scope: config.Scope}); err != nil {
		t.Fatal(err)
	}
	if h.Service, err = New(config); err != nil {
		t.Fatal(err)
	}
	return h
}

func (h *harness) run() {
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- h.Run(ctx) }()
	stopped := false
	h.stop = func() error {
		stopped = true
		cancel()
		return <-ended
	}
	h.t.Cleanup(func() {
		if !stopped {
			if err := h.stop(); err != nil {
				h.t.Error(err)
			}
		}
	})
	synctest.Wait()
}

// settle lets what was accepted be stored.
func (h *harness) settle() {
	time.Sleep(2 * h.config.FlushInterval)
	synctest.Wait()
}

// call makes a request and returns its status and body.
func (h *harness) call(method, path, body string) (int, string) {
	h.t.Helper()
	r := httptest.NewRequest(method, path, strings.NewReader(body))
	w := httptest.NewRecorder()
	h.Handler().ServeHTTP(w, r)
	return w.Code, w.Body.String()
}

// want makes a request, checks its status and returns its decoded body.
func (h *harness) want(status int, method, path, body string) map[string]any {
	h.t.Helper()
	got, answer := h.call(method, path, body)
	if got != status {
		h.t.Errorf("%s %s: status %d with %s; want %d", method, path, got, answer, status)
	}
	var decoded map[string]any
	if err := json.Unmarshal([]byte(answer), &decoded); err != nil && status != http.StatusMethodNotAllowed {
		h.t.Errorf("%s %s: answer %q is not a JSON object: %v", method, path, answer, err)
	}
	return decoded
}

// put puts a document and checks that it is accepted.
func (h *harness) put(account, name, text string) {
	h.t.Helper()
	body, err := json.Marshal(document{Type: "resource", Title: "about " + name, Text: text})
	if err != nil {
		h.t.Fatal(err)
	}
	h.want(http.StatusAccepted, "PUT", documentURL(account, name), string(body))
}

func documentURL(account, name string) string {
	return "/v1/accounts/" + account + "/documents/" + name
}

// text is the text of a document as a client gets it.
func (h *harness) text(account, name string) string {
	h.t.Helper()
	text, _ := h.want(http.StatusOK, "GET", documentURL(account, name), "")["text"].(string)
	return text
}

// exposition is what a scrape of the service's metrics gives.
func (h *harness) exposition() string {
	h.t.Helper()
	var b bytes.Buffer
	if _, err := prometheus.Write(h.t.Context(), &b, h.reg.Collect(h.t.Context())); err != nil {
		h.t.Fatal(err)
	}
	return b.String()
}

// sample is the value of a series, named as the exposition names it.
func (h *harness) sample(series string) string {
	h.t.Helper()
	exposition := h.exposition()
	for line := range strings.Lines(exposition) {
		if value, found := strings.CutPrefix(line, series+" "); found {
			return strings.TrimSpace(value)
		}
	}
	h.t.Errorf("no series %s in the exposition:\n%s", series, exposition)
	return ""
}

// wantSample checks the value of a series.
func (h *harness) wantSample(series, value string) {
	h.t.Helper()
	if got := h.sample(series); got != value {
		h.t.Errorf("%s is %s, want %s", series, got, value)
	}
}
