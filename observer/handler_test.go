package observer

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

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
	if got.Code != http.StatusServiceUnavailable || got.Header().Get("Content-Type") != "application/json" {
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
		"/store":      {"component", "up", "3 shards open"},
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

const browser = "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,*/*;q=0.8"

func TestHandlerNegotiates(t *testing.T) {
	const text, page, structured = "text/plain; charset=utf-8", "text/html; charset=utf-8", "application/json"
	r := New(Options{})
	for _, tt := range []struct{ path, accept, want string }{
		{"/", "", structured}, {"/", "*/*", structured}, {"/", "image/png", structured},
		{"/", "text/plain", text}, {"/", "Text/Plain;q=1", text}, {"/", "text/*", text},
		{"/", "application/json, text/plain", structured}, {"/", "text/plain, application/json", text},
		{"/", "text/plain;q=0.5, application/json", structured}, {"/", "text/plain;q=0.5, */*;q=0.1", text},
		{"/", "text/plain;q=0, */*;q=0", structured}, {"/", "text/html;q=x", page},
		{"/", browser, page}, {"/", "text/html,*/*", page}, {"/", "*/*,text/html", structured},
		{"/?format=text", "", text}, {"/?format=json", "text/plain", structured}, {"/?format=html", "", page},
		{"/?format=text", browser, text}, {"/nothing", "text/plain", text}, {"/nothing", browser, page},
	} {
		got := get(r, tt.path, tt.accept).Header()
		if got.Get("Content-Type") != tt.want || got.Get("Vary") != "Accept" {
			t.Errorf("%s, Accept %q: got %v, want %s", tt.path, tt.accept, got, tt.want)
		}
	}
	if got := get(r, "/?format=xml", ""); got.Code != http.StatusBadRequest || !strings.Contains(got.Body.String(), `\"xml\" is unknown: use json`) {
		t.Errorf("unknown format: %d %s", got.Code, got.Body)
	}
}

// Only what is down is not OK, and only where health is what was asked for.
func TestStatusTellsHealth(t *testing.T) {
	r := New(Options{})
	var ok, sick Reported
	ok.Set(Healthy(""))
	add(t, r, "fine", ok.Observe)
	add(t, r, "sick", sick.Observe)
	for _, tt := range []struct {
		health Health
		code   int
	}{{Up, 200}, {Unknown, 200}, {Degraded, 200}, {Down, 503}} {
		sick.Set(Status{Health: tt.health})
		for path, want := range map[string]int{
			"/": tt.code, "/components": tt.code, "/sick": tt.code, "/fine": 200, "/build": 200, "/process": 200, "/runtime": 200,
		} {
			for _, accept := range []string{"*/*", "text/plain", browser} {
				if got := get(r, path, accept); got.Code != want {
					t.Errorf("%s when %s: got %d, want %d", path, tt.health, got.Code, want)
				}
			}
		}
	}
}

func TestHandlerAsksOneComponent(t *testing.T) {
	r := New(Options{})
	add(t, r, "a/b c", func(context.Context) Status { return Healthy("here") })
	add(t, r, "other", func(context.Context) Status {
		t.Error("asked for another")
		return Status{}
	})
	var report Report
	got := get(r, "/a%2Fb%20c", "")
	if err := json.Unmarshal(got.Body.Bytes(), &report); err != nil || report.Name != "a/b c" || report.State != "here" {
		t.Errorf("%v: %s", err, got.Body)
	}
}

func TestUnknownComponentNamesTheKnown(t *testing.T) {
	r := New(Options{})
	add(t, r, "store", new(Reported).Observe)
	add(t, r, "cache", new(Reported).Observe)
	if got := get(r, "/nothing", ""); got.Code != http.StatusNotFound ||
		!strings.Contains(got.Body.String(), `there is no component \"nothing\": ask for cache, store"`) {
		t.Errorf("got %d %s", got.Code, got.Body)
	}
	for i := range maxNamed {
		add(t, r, fmt.Sprintf("part-%02d", i), new(Reported).Observe)
	}
	if got := get(r, "/nothing", "text/plain"); !strings.HasSuffix(got.Body.String(), " or one of 2 more\n") {
		t.Errorf("got %s", got.Body)
	}
}

func TestHandlerRefuses(t *testing.T) {
	r := New(Options{})
	if got := get(r, "/nothing", "*/*"); got.Code != http.StatusNotFound || !strings.Contains(got.Body.String(), "there is none") {
		t.Errorf("unknown section: got %d %q", got.Code, got.Body)
	}
	recorder := httptest.NewRecorder()
	r.Handler().ServeHTTP(recorder, httptest.NewRequest(http.MethodPost, "/", nil))
	if recorder.Code != http.StatusMethodNotAllowed {
		t.Errorf("POST: got %d", recorder.Code)
	}
}
