// Package updates is compiled by a test, which reads what the compiler made of
// each function. Updates must compile to what Nothing does in a build with the
// tag metertree_off.
package updates

import (
	"time"

	"github.com/metertree/metertree/meter"
)

type call struct{ Operation, Status string }

// Nothing is what the others are compared with.
func Nothing() {}

func Counter(c meter.Counter, v int64, a, b string) {
	c.Add(v, a, b)
	c.Inc(a, b)
	c.Inc()
	c.Bind(a, b).Add(v)
}

func FloatCounter(c meter.FloatCounter, v float64, a, b string) {
	c.Add(v, a, b)
	c.Bind(a, b).Add(v)
}

func UpDownCounter(c meter.UpDownCounter, v int64, a, b string) {
	c.Add(v, a, b)
	c.Bind(a, b).Add(v)
}

func Gauge(g meter.Gauge, v float64, a, b string) {
	g.Set(v, a, b)
	g.Add(v, a, b)
	g.Bind(a, b).Set(v)
}

func Histogram(h meter.Histogram, v float64, start time.Time, a, b string) {
	h.Observe(v, a, b)
	h.ObserveSince(start, a, b)
	h.ObserveExemplar(v, a, b, a, b)
	h.Bind(a, b).Observe(v)
}

func ManyValues(c meter.Counter, values []string) {
	c.Add(1, values...)
	c.Add(1, values[:len(values)/2]...)
}

func Bound(c meter.BoundCounter, f meter.BoundFloatCounter, u meter.BoundUpDownCounter) {
	c.Add(1)
	c.Inc()
	f.Add(1)
	u.Add(-1)
}

func BoundValues(g meter.BoundGauge, h meter.BoundHistogram, start time.Time, a string) {
	g.Set(1)
	g.Add(1)
	h.Observe(1)
	h.ObserveSince(start)
	h.ObserveExemplar(1, a, a)
}

func TypedCounters(c meter.CounterOf[call], f meter.FloatCounterOf[call], u meter.UpDownCounterOf[call], a, b string) {
	c.Add(1, call{a, b})
	c.Inc(call{a, b})
	c.With(call{a, b}).Inc()
	f.Add(1, call{a, b})
	f.With(call{a, b}).Add(1)
	u.Add(1, call{a, b})
	u.With(call{a, b}).Add(1)
}

func TypedValues(g meter.GaugeOf[call], h meter.HistogramOf[call], a, b string) {
	g.Set(1, call{a, b})
	g.Add(1, call{a, b})
	g.With(call{a, b}).Set(1)
	h.Observe(1, call{a, b})
	h.With(call{a, b}).Observe(1)
}

func Batch(b *meter.Batch, c meter.BoundCounter, f meter.BoundFloatCounter, u meter.BoundUpDownCounter) {
	b.Add(c, 1)
	b.AddFloat(f, 1)
	b.AddUpDown(u, 1)
	b.Apply()
}

func BatchValues(b *meter.Batch, g meter.BoundGauge, h meter.BoundHistogram) {
	b.Set(g, 1)
	b.Observe(h, 1)
	b.Apply()
}

// Guarded measures only where that is of use.
func Guarded(s meter.Scope, c meter.Counter, f meter.FloatCounter, u meter.UpDownCounter, measure func() int64) {
	if s.Enabled() || c.Enabled() || f.Enabled() || u.Enabled() {
		c.Add(measure(), "slow")
	}
}

func GuardedValues(g meter.Gauge, h meter.HistogramOf[call], measure func() float64) {
	if g.Enabled() || h.Enabled() {
		g.Set(measure(), "slow")
	}
}
