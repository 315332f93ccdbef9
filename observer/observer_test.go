package observer

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

func add(t *testing.T, r *Registry, name string, observe func(context.Context) Status) (remove func()) {
	t.Helper()
	remove, err := r.Add(name, observe)
	if err != nil {
		t.Fatal(err)
	}
	return remove
}

func TestAddRefuses(t *testing.T) {
	r := New(Options{})
	var up Reported
	add(t, r, "store", up.Observe)
	for name, tt := range map[string]struct {
		component string
		observe   func(context.Context) Status
		want      string
	}{
		"empty name":  {"", up.Observe, "name is empty"},
		"twice":       {"store", up.Observe, `"store" is registered already`},
		"no function": {"cache", nil, `"cache" has no function`},
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := r.Add(tt.component, tt.observe); err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("err = %v, want one with %q", err, tt.want)
			}
		})
	}
}

func TestHealthAndItsHistory(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := New(Options{})
		var store Reported
		add(t, r, "store", store.Observe)
		added := time.Now()
		look := func(health Health, state, lastError string, since, lastErrorAt time.Time) {
			t.Helper()
			got := r.Components(t.Context())[0]
			if got.Health != health || got.State != state || got.LastError != lastError || !got.Since.Equal(since) {
				t.Errorf("got %+v", got)
			}
			if lastError != "" && !got.LastErrorAt.Equal(lastErrorAt) {
				t.Errorf("last error at %v, want %v", got.LastErrorAt, lastErrorAt)
			}
		}
		look(Unknown, "", "", added, time.Time{})

		time.Sleep(time.Minute)
		store.Set(Healthy("open"))
		opened := time.Now()
		look(Up, "open", "", opened, time.Time{})

		time.Sleep(time.Minute)
		look(Up, "open", "", opened, time.Time{})

		store.Set(Failing(errors.New("disk full")))
		failed := time.Now()
		look(Down, "", "disk full", failed, failed)

		time.Sleep(time.Minute)
		store.Set(Healthy("open again"))
		look(Up, "open again", "disk full", time.Now(), failed)
	})
}

func TestASlowComponentDelaysNobodyForLong(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := New(Options{Timeout: time.Second})
		release := make(chan struct{})
		var calls atomic.Int32
		add(t, r, "slow", func(context.Context) Status {
			calls.Add(1)
			<-release
			return Healthy("at last")
		})
		add(t, r, "quick", func(context.Context) Status { return Healthy("now") })
		for range 3 {
			start := time.Now()
			got := r.Components(t.Context())
			if took := time.Since(start); took != time.Second {
				t.Errorf("looking took %v, want the timeout of 1s", took)
			}
			if got[0].Name != "quick" || got[0].Health != Up {
				t.Errorf("got %+v", got[0])
			}
			if got[1].Health != Unknown || got[1].State != "no answer within 1s" {
				t.Errorf("got %+v", got[1])
			}
		}
		if n := calls.Load(); n != 1 {
			t.Errorf("observed %d times at once", n)
		}
		close(release)
		synctest.Wait()
		if got := r.Components(t.Context())[1]; got.Health != Up || got.State != "at last" {
			t.Errorf("after it answered: %+v", got)
		}
	})
}

func TestAPanicIsAFailure(t *testing.T) {
	r := New(Options{})
	add(t, r, "store", func(context.Context) Status { panic("no such shard") })
	got := r.Components(t.Context())[0]
	if got.Health != Down || !strings.Contains(got.LastError, "no such shard") {
		t.Errorf("got %+v", got)
	}
}

func TestRemove(t *testing.T) {
	r := New(Options{})
	var c Reported
	remove := add(t, r, "store", c.Observe)
	remove()
	if got := r.Components(t.Context()); len(got) != 0 {
		t.Errorf("still there: %+v", got)
	}
	add(t, r, "store", c.Observe)
	remove()
	if got := r.Components(t.Context()); len(got) != 1 {
		t.Errorf("removing twice took out its successor: %+v", got)
	}
}

func TestTheWholeIsAsItsWorstPart(t *testing.T) {
	for _, tt := range []struct {
		parts []Health
		want  Health
	}{
		{nil, Up}, {[]Health{Up}, Up}, {[]Health{Up, Unknown}, Unknown},
		{[]Health{Degraded, Unknown}, Degraded}, {[]Health{Degraded, Down, Up}, Down},
	} {
		var reports []Report
		for _, h := range tt.parts {
			reports = append(reports, Report{Health: h})
		}
		if got := worst(reports); got != tt.want {
			t.Errorf("worst of %v = %s, want %s", tt.parts, got, tt.want)
		}
	}
}

func get(r *Registry, path, accept string) *httptest.ResponseRecorder {
	request := httptest.NewRequest(http.MethodGet, path, nil)
	request.Header.Set("Accept", accept)
	recorder := httptest.NewRecorder()
	r.Handler().ServeHTTP(recorder, request)
	return recorder
}

func TestHandlerJSON(t *testing.T) {
	r := New(Options{Service: "checkout"})
	add(t, r, "store", func(context.Context) Status { return Failing(errors.New("disk full")) })
	got := get(r, "/", "*/*")
	var document Document
	if err := json.Unmarshal(got.Body.Bytes(), &document); err != nil {
		t.Fatalf("%v in %s", err, got.Body)
	}
	if got.Code != http.StatusOK || got.Header().Get("Content-Type") != "application/json" {
		t.Errorf("got %d %v", got.Code, got.Header())
	}
	if document.Service != "checkout" || document.Health != Down || document.Process.PID == 0 ||
		document.Runtime.Goroutines == 0 || document.Runtime.HeapBytes == 0 || document.Build.GoVersion == "" {
		t.Errorf("document %+v", document)
	}
	if len(document.Components) != 1 || document.Components[0].LastError != "disk full" {
		t.Errorf("components %+v", document.Components)
	}
}

func TestHandlerText(t *testing.T) {
	r := New(Options{Service: "checkout"})
	add(t, r, "store", func(context.Context) Status { return Healthy("3\tshards\nopen") })
	for path, wants := range map[string][]string{
		"/":           {"service  checkout", "COMPONENTS", "3 shards open"},
		"/components": {"NAME", "store", "up", "3 shards open"},
		"/runtime":    {"goroutines"},
		"/process":    {"pid"},
		"/build":      {"go1."},
	} {
		got := get(r, path, "text/plain")
		if got.Code != http.StatusOK || !strings.HasPrefix(got.Header().Get("Content-Type"), "text/plain") {
			t.Errorf("%s: got %d %v", path, got.Code, got.Header())
		}
		for _, want := range wants {
			if !strings.Contains(got.Body.String(), want) {
				t.Errorf("%s: no %q in:\n%s", path, want, got.Body)
			}
		}
	}
	if got := get(r, "/components", "text/plain"); strings.Contains(got.Body.String(), "goroutines") {
		t.Errorf("a section holds another:\n%s", got.Body)
	}
}

func TestHandlerNegotiates(t *testing.T) {
	r := New(Options{})
	for _, tt := range []struct {
		path, accept string
		text         bool
	}{
		{"/", "", false}, {"/", "text/html,*/*", false}, {"/", "text/plain", true}, {"/", "Text/Plain;q=1", true},
		{"/", "application/json, text/plain", false}, {"/", "text/plain, application/json", true},
		{"/?format=text", "", true}, {"/?format=json", "text/plain", false},
	} {
		got := get(r, tt.path, tt.accept)
		if text := strings.HasPrefix(got.Header().Get("Content-Type"), "text/plain"); text != tt.text {
			t.Errorf("%s, Accept %q: text = %v, want %v", tt.path, tt.accept, text, tt.text)
		}
	}
}

func TestHandlerRefuses(t *testing.T) {
	r := New(Options{})
	if got := get(r, "/nothing", "*/*"); got.Code != http.StatusNotFound || !strings.Contains(got.Body.String(), `"nothing"`) {
		t.Errorf("unknown section: got %d %q", got.Code, got.Body)
	}
	recorder := httptest.NewRecorder()
	r.Handler().ServeHTTP(recorder, httptest.NewRequest(http.MethodPost, "/", nil))
	if recorder.Code != http.StatusMethodNotAllowed {
		t.Errorf("POST: got %d", recorder.Code)
	}
}
