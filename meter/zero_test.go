package meter_test

import (
	"testing"

	"github.com/metertree/metertree/meter"
)

// These hold whether or not metrics are compiled in.

func TestZeroValuesDoNothing(t *testing.T) {
	type labels struct{ A string }
	var s meter.Scope
	if s.Enabled() || s.Scope("x").With("a", "b").Enabled() {
		t.Error("the zero scope says it is enabled")
	}
	c := s.Counter("bad name")
	if c.Enabled() {
		t.Error("a counter of the zero scope says it is enabled")
	}
	c.Add(1, "x")
	c.Inc()
	c.Bind("x").Add(1)
	c.Delete("x")
	c.Close()
	s.FloatCounter("").Add(1)
	s.UpDownCounter("").Bind().Add(1)
	s.Gauge("").Set(1)
	s.Gauge("").Bind().Add(1)
	s.Histogram("").Observe(1)
	s.Histogram("").Bind().Observe(1)
	meter.MustCounter[labels](s, "").Add(1, labels{})
	meter.MustFloatCounter[labels](s, "").Add(1, labels{})
	meter.MustUpDownCounter[labels](s, "").With(labels{}).Add(-1)
	meter.MustGauge[labels](s, "").With(labels{}).Set(1)
	meter.MustHistogram[labels](s, "").Observe(1, labels{})
	meter.CounterOf[labels]{}.With(labels{}).Inc()
	meter.BoundCounter{}.Unpin()
	if err := s.GaugeFunc("", nil); err != nil {
		t.Errorf("a callback on the zero scope: %v", err)
	}
	var b meter.Batch
	b.Add(meter.BoundCounter{}, 1)
	b.Set(meter.BoundGauge{}, 1)
	b.Apply()
}

func TestTypedLabelsMustBeStrings(t *testing.T) {
	s, _ := newScope()
	if _, err := meter.NewCounter[struct{ N int }](s, "a_total"); err == nil {
		t.Error("a label of type int was accepted")
	}
	if _, err := meter.NewGauge[string](s, "b"); err == nil {
		t.Error("a label set that is no struct was accepted")
	}
	if _, err := meter.NewHistogram[struct {
		A string
		B string `label:"a"`
	}](s, "c"); err == nil {
		t.Error("two fields with one name were accepted")
	}
	if _, err := meter.NewFloatCounter[[]string](s, "d_total"); err == nil {
		t.Error("a slice of labels was accepted")
	}
	if _, err := meter.NewUpDownCounter[struct{ A *string }](s, "e"); err == nil {
		t.Error("a label of type *string was accepted")
	}
	defer func() {
		if recover() == nil {
			t.Error("MustCounter did not panic")
		}
	}()
	meter.MustCounter[struct{ B bool }](s, "f_total")
}
