package push_test

import (
	"testing"

	"github.com/metertree/metertree/integrations/internal/push"
	"github.com/metertree/metertree/integrations/internal/pushtest"
	"github.com/metertree/metertree/meter"
	"github.com/metertree/metertree/registry"
)

func TestInstrument(t *testing.T) {
	var c push.Counts
	r := registry.New(registry.Options{})
	scope := meter.New(r).Scope("x")
	for range 2 {
		err, other := push.InstrumentItems(scope, push.Only(&c), "points_total", "Points."), push.InstrumentRequests(scope, push.Only(&c))
		if again := c.Delivered.Load() > 0; (err != nil) != again || (other != nil) != again {
			t.Errorf("defining the metrics, again %t: %v, %v", again, err, other)
		}
		c.Delivered.Store(1)
	}
	c.Rejected.Store(2)
	c.Attempts.Store(3)
	c.Retries.Store(4)
	c.Failures.Store(5)
	c.Split.Store(6)
	got := pushtest.Collected(t, r)
	for id, want := range map[string]float64{
		`x_points_total{outcome="delivered"}`: 1, `x_points_total{outcome="rejected"}`: 2,
		`x_requests_total{outcome="attempted"}`: 3, `x_requests_total{outcome="retried"}`: 4,
		`x_requests_total{outcome="failed"}`: 5, `x_requests_total{outcome="split"}`: 6,
	} {
		if got[id] != want {
			t.Errorf("%s is %v, want %v", id, got[id], want)
		}
	}
}

// Several exporters show the same metrics, by their targets.
func TestInstrumentSeveral(t *testing.T) {
	var a, b push.Counts
	r := registry.New(registry.Options{})
	if err := push.InstrumentItems(meter.New(r), push.Targets[*push.Counts]{"a": &a, "b": &b}, "points_total", "Points."); err != nil {
		t.Fatal(err)
	}
	a.Delivered.Store(1)
	b.Delivered.Store(2)
	got := pushtest.Collected(t, r)
	for id, want := range map[string]float64{
		`points_total{outcome="delivered",target="a"}`: 1, `points_total{outcome="delivered",target="b"}`: 2,
	} {
		if got[id] != want {
			t.Errorf("%s is %v, want %v of %v", id, got[id], want, got)
		}
	}
}
