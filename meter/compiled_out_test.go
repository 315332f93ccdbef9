//go:build metertree_off

package meter_test

import (
	"bytes"
	"context"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/metertree/metertree/meter"
	"github.com/metertree/metertree/registry"
)

func TestNothingIsRecorded(t *testing.T) {
	s, r := newScope()
	c, g := s.Counter("c_total"), s.Gauge("g", meter.Keys("a"))
	h := meter.MustHistogram[struct{ A string }](s, "h")
	for name, enabled := range map[string]bool{
		"scope": s.Enabled(), "counter": c.Enabled(), "gauge": g.Enabled(), "typed histogram": h.Enabled(),
	} {
		if enabled {
			t.Errorf("a %s says it is enabled", name)
		}
	}
	c.Inc()
	c.Bind().Add(2)
	g.Set(1, "x")
	g.Bind("x", "too many").Add(1)
	h.Observe(1, struct{ A string }{"x"})
	var b meter.Batch
	b.Add(c.Bind(), 1)
	if b.Len() != 0 {
		t.Errorf("a batch holds %d updates, want 0", b.Len())
	}
	b.Apply()
	if c.Delete() {
		t.Error("Delete found a series")
	}
	c.Close()
	expect(t, r)
}

func TestNothingIsCalledBack(t *testing.T) {
	s, r := newScope()
	called := func(*meter.Observer) { t.Error("a callback has run") }
	for _, define := range []func(string, func(*meter.Observer), ...meter.Option) error{
		s.CounterFunc, s.GaugeFunc, s.HistogramFunc,
	} {
		if err := define("read_total", called); err != nil {
			t.Error(err)
		}
	}
	remove := s.OnCollect(func(context.Context) { t.Error("a hook has run") })
	expect(t, r)
	remove()
	remove()
}

// TestDefinitionsAreStillChecked: a mistake is found in either build, unless it
// takes two definitions to make it.
func TestDefinitionsAreStillChecked(t *testing.T) {
	var log bytes.Buffer
	r := registry.New(registry.Options{Logger: slog.New(slog.NewTextHandler(&log, nil))})
	s := meter.New(r)
	s.Counter("bad name").Add(1)
	if !strings.Contains(log.String(), "bad name") {
		t.Errorf("the rejected definition was not logged:\n%s", &log)
	}
	_, badSegment := s.Scope("a-b").NewGauge("level")
	_, badLabel := s.With("a-b", "").NewFloatCounter("f_total")
	_, badBounds := s.NewHistogram("h", meter.Buckets(2, 1))
	_, badType := meter.NewUpDownCounter[struct{ N int }](s, "u")
	badCallback := s.GaugeFunc("bad name", nil)
	for name, err := range map[string]error{
		"segment": badSegment, "label": badLabel, "bounds": badBounds, "label set": badType, "callback": badCallback,
	} {
		if err == nil {
			t.Errorf("a bad %s was accepted", name)
		}
	}
	for range 2 {
		if _, err := s.NewCounter("twice"); err != nil {
			t.Error(err)
		}
		if err := s.GaugeFunc("twice", func(*meter.Observer) {}); err != nil {
			t.Error(err)
		}
	}
}

func TestUpdatesWithVaryingValuesDoNotAllocate(t *testing.T) {
	type labels struct{ A, B string }
	s, _ := newScope()
	keys := meter.Keys("a", "b")
	c, h := s.Counter("c_total", keys), s.Histogram("h", keys)
	typed := meter.MustGauge[labels](s, "g")
	values := strings.Split("a b c d e f g h", " ")
	start, n := time.Now(), 0
	var b meter.Batch
	allocations := testing.AllocsPerRun(1000, func() {
		n++
		x, y := values[n%8], values[n/8%8]
		c.Add(1, x, y)
		c.Inc(values...)
		c.Bind(x, y).Inc()
		h.ObserveSince(start, x, y)
		h.ObserveExemplar(1, x, y, x, y)
		typed.Set(1, labels{x, y})
		b.Add(c.Bind(x, y), 1)
		b.Apply()
	})
	if allocations != 0 {
		t.Errorf("updates allocate %v times, want 0", allocations)
	}
}
