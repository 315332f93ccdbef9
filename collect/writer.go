package collect

import (
	"slices"

	"github.com/metertree/metertree/meter"
)

// Gauges takes the values of one reading. The label values are those of the
// instrument's keys in their order, and are copied. It is not for concurrent
// use.
type Gauges struct{ points []point }

// Set sets the series of the given label values; of several values for one
// series the last is taken. A value that is not finite is dropped and counted,
// and leaves the series as it was; one that is new does not begin with it.
func (g *Gauges) Set(gauge meter.Gauge, v float64, values ...string) {
	g.points = append(g.points, point{kind: setGauge, gauge: gauge, float: v, values: slices.Clone(values)})
}

// Totals takes the values of one reading, totals and gauges.
//
// A counter grows by as much as the total did since the reading before, and by
// all of it at the first. A total that went backwards has started again from
// zero: the counter then grows by all of it, and the reset is counted. Totals
// that are given for one series in one reading add up. A total that is negative
// or not finite is dropped and counted; its series goes on at the next reading.
//
// A total that a source leaves out may come back and go on, so its series ends
// only when it was left out for ten readings. A gauge ends at once.
type Totals struct{ Gauges }

// Total gives the total of a series so far.
func (t *Totals) Total(counter meter.Counter, total int64, values ...string) {
	t.points = append(t.points, point{kind: countTotal, counter: counter, integer: total, values: slices.Clone(values)})
}

// FloatTotal gives the total of a series so far.
func (t *Totals) FloatTotal(counter meter.FloatCounter, total float64, values ...string) {
	t.points = append(t.points, point{kind: countFloatTotal, floatCounter: counter, float: total, values: slices.Clone(values)})
}

// Updates takes the updates that an event makes. After its collector was
// released it does nothing. It is for concurrent use.
//
// To end a collector's series it remembers them, up to as many as a metric has
// by default; those beyond are not ended with the collector.
type Updates struct{ ledger *ledger }

// Add adds v, which may be 0, to a counter.
func (u *Updates) Add(counter meter.Counter, v int64, values ...string) {
	u.ledger.update(counter, values, func() { counter.Add(v, values...) })
}

// AddFloat adds v, which may be 0, to a counter.
func (u *Updates) AddFloat(counter meter.FloatCounter, v float64, values ...string) {
	u.ledger.update(counter, values, func() { counter.Add(v, values...) })
}

// Observe records v in a histogram.
func (u *Updates) Observe(histogram meter.Histogram, v float64, values ...string) {
	u.ledger.update(histogram, values, func() { histogram.Observe(v, values...) })
}
