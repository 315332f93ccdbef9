package load

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"
)

func TestTargets(t *testing.T) {
	p := NewPopulation(2, 1)
	targets, err := Serve(p)
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := targets.Close(); err != nil {
			t.Error(err)
		}
	}()
	at := "http://" + targets.address + "/metrics/"
	first, status := fetch(t, at+"1")
	if status != http.StatusOK || first != string(p.AppendText(nil, 1, 1)) {
		t.Errorf("status %d, body %.80q", status, first)
	}
	if second, _ := fetch(t, at+"1"); second == first {
		t.Error("two scrapes bring the same")
	}
	for _, wrong := range []string{"2", "-1", "", "x"} {
		if _, status := fetch(t, at+wrong); status != http.StatusNotFound {
			t.Errorf("status of %q: %d", wrong, status)
		}
	}
	targets.Pause()
	if _, status := fetch(t, at+"1"); status != http.StatusServiceUnavailable {
		t.Errorf("status of a paused target: %d", status)
	}
	targets.Resume()
	if _, status := fetch(t, at+"0"); status != http.StatusOK {
		t.Errorf("status of a target that goes on: %d", status)
	}
	if got := targets.Scrapes(); got != 3 {
		t.Errorf("%d scrapes answered, want 3", got)
	}
	if err := targets.WaitScrapes(t.Context(), 0); err != nil {
		t.Error(err)
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if err := targets.WaitScrapes(ended, 1); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v, want that of the context", err)
	}
}

func fetch(t *testing.T, url string) (body string, status int) {
	t.Helper()
	response, err := http.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	all, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(all), response.StatusCode
}

func TestConfigNamesEveryTarget(t *testing.T) {
	targets := &Targets{population: NewPopulation(3, 1), address: "127.0.0.1:1"}
	config := targets.Config(250 * time.Millisecond)
	if !strings.Contains(config, "scrape_interval: 250ms") || strings.Count(config, "127.0.0.1:1") != 3 || !strings.Contains(config, Instance(2)) {
		t.Errorf("configuration:\n%s", config)
	}
}

// receiver remembers the bodies that come.
type receiver struct {
	mu     sync.Mutex
	bodies map[string]int
	refuse string
}

func (r *receiver) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	body, _ := io.ReadAll(req.Body)
	r.mu.Lock()
	defer r.mu.Unlock()
	r.bodies[string(body)]++
	if string(body) == r.refuse {
		http.Error(w, "out of order", http.StatusBadRequest)
	}
}

func TestSend(t *testing.T) {
	r := &receiver{bodies: map[string]int{}}
	server := httptest.NewServer(r)
	defer server.Close()
	push := Push{{{Body: []byte("a")}, {Body: []byte("b")}}, {{Body: []byte("c")}}}
	took, err := push.Send(t.Context(), server.URL, OTLPHeaders())
	if err != nil || took <= 0 || len(r.bodies) != 3 {
		t.Errorf("error %v after %v, received %v", err, took, r.bodies)
	}
	r.refuse = "a"
	if _, err := push.Send(t.Context(), server.URL, OTLPHeaders()); err == nil || !strings.Contains(err.Error(), "out of order") {
		t.Errorf("error %v, want what the server said", err)
	}
}
