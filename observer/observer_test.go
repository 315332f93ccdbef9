package observer

import (
	"context"
	"errors"
	"strings"
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
		"a section":   {"runtime", up.Observe, `"runtime" has a meaning`},
		"a page":      {"cardinality", up.Observe, `"cardinality" has a meaning`},
		"a path":      {"..", up.Observe, `".." has a meaning`},
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
