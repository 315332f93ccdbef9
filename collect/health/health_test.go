package health

import (
	"errors"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/metertree/metertree/collect/internal/collecttest"
	"github.com/metertree/metertree/export/prometheus"
	"github.com/metertree/metertree/meter"
	"github.com/metertree/metertree/registry"
)

func newHealth(t *testing.T) (*Health, *registry.Registry) {
	t.Helper()
	r := registry.New(registry.Options{})
	h, err := New(meter.New(r).Scope("component"))
	if err != nil {
		t.Fatal(err)
	}
	return h, r
}

func TestGolden(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h, r := newHealth(t)
		_ = h.Component("unknown")
		h.Component("queue").Up()
		store := h.Component("store")
		store.Checked(nil)
		time.Sleep(time.Minute)
		store.Checked(errors.New("broken"))
		time.Sleep(time.Minute)
		store.Down()
		collecttest.Golden(t, r, prometheus.Write, "component")
	})
}

func TestStates(t *testing.T) {
	h, r := newHealth(t)
	for i, step := range []struct {
		do              func(*Component)
		up, transitions float64
	}{
		{(*Component).Down, 0, 0},
		{(*Component).Down, 0, 0},
		{(*Component).Up, 1, 1},
		{(*Component).Up, 1, 1},
		{(*Component).Down, 0, 2},
	} {
		if v := collecttest.Values(t, r); i == 0 && len(v) != 0 {
			t.Errorf("values before anything is known: %v", v)
		}
		step.do(h.Component("store"))
		v := collecttest.Values(t, r)
		if got := v[`component_up{component="store"}`]; got != step.up {
			t.Errorf("step %d: up = %v, want %v", i, got, step.up)
		}
		if got := v[`component_transitions_total{component="store"}`]; got != step.transitions {
			t.Errorf("step %d: transitions = %v, want %v", i, got, step.transitions)
		}
		if len(v) != 3 {
			t.Errorf("step %d: the series changed: %v", i, v)
		}
	}
}

// The meters show the state that was reached last, whoever set it.
func TestMetersAgreeWithTheState(t *testing.T) {
	h, r := newHealth(t)
	for range 50 {
		var all sync.WaitGroup
		for range 4 {
			all.Go(h.Component("store").Up)
			all.Go(h.Component("store").Down)
		}
		all.Wait()
		want := 0.0
		if h.Component("store").state.Load() == up {
			want = 1
		}
		if got := collecttest.Values(t, r)[`component_up{component="store"}`]; got != want {
			t.Fatalf("up = %v, want %v", got, want)
		}
	}
}

func TestConflictIsAnError(t *testing.T) {
	scope := meter.New(registry.New(registry.Options{}))
	scope.Counter("up")
	if _, err := New(scope); err == nil {
		t.Error("a counter and a gauge share the name up")
	}
}

func TestUpdatesDoNotAllocate(t *testing.T) {
	h, _ := newHealth(t)
	off, err := New(meter.Scope{})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []*Component{h.Component("store"), off.Component("store")} {
		collecttest.NoAllocs(t, func() {
			c.Up()
			c.Up()
			c.Down()
		})
	}
}
