package integrate

import (
	"fmt"
	"maps"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/metertree/metertree/metric"
	"github.com/metertree/metertree/registry"
)

func define(tb testing.TB, r *registry.Registry, d metric.Descriptor) *registry.Instrument {
	tb.Helper()
	i, err := r.Define(registry.Definition{Descriptor: d})
	if err != nil {
		tb.Fatal(err)
	}
	return i
}

func newIntegrator(tb testing.TB, r *registry.Registry, options Options) *Integrator {
	tb.Helper()
	in, err := New(r, options)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(in.Close)
	return in
}

func newViews(tb testing.TB, list ...View) *Views {
	tb.Helper()
	v, err := NewViews(list...)
	if err != nil {
		tb.Fatal(err)
	}
	return v
}

func take(tb testing.TB, in *Integrator) *Checkpoint {
	tb.Helper()
	c, err := in.Checkpoint(tb.Context())
	if err != nil {
		tb.Fatal(err)
	}
	return c
}

func ack(tb testing.TB, c *Checkpoint) {
	tb.Helper()
	if err := c.Ack(); err != nil {
		tb.Fatal(err)
	}
}

// shown is what a checkpoint shows, one line a point, without the registry's own
// metrics.
func shown(c *Checkpoint) string {
	var lines []string
	for f := range c.Families() {
		if strings.HasPrefix(f.Descriptor.Name, "metertree_") {
			continue
		}
		for p := range f.Points {
			lines = append(lines, fmt.Sprintf("%s{%s} %s", f.Descriptor.Name, p.Labels, value(&f.Descriptor, p)))
		}
	}
	return strings.Join(lines, "\n")
}

// value is a point's value as a text.
func value(d *metric.Descriptor, p *metric.Point) string {
	switch kept := d.Kept(); {
	case d.Kind == metric.Gauge || d.Kind != metric.Histogram && d.Number == metric.Float64:
		return fmt.Sprint(p.Float)
	case d.Kind != metric.Histogram:
		return fmt.Sprint(p.Int)
	case kept == metric.ExponentialBuckets:
		e := p.Exponential
		return fmt.Sprintf("scale %d zero %d %d:%v %d:%v sum %v", e.Scale, e.Zero, e.PositiveFirst, e.Positive, e.NegativeFirst, e.Negative, e.Sum)
	case kept == metric.MinMaxSumCount:
		return fmt.Sprintf("%v to %v sum %v of %d", p.Summary.Min, p.Summary.Max, p.Summary.Sum, p.Summary.Count)
	case kept == metric.Exact:
		return fmt.Sprintf("%v missed %d sum %v", p.Exact.Values, p.Exact.Missed, p.Exact.Sum())
	}
	return fmt.Sprintf("%v %v sum %v", p.Histogram.Bounds, p.Histogram.Counts, p.Histogram.Sum)
}

// lines joins what is expected.
func lines(l ...string) string { return strings.Join(l, "\n") }

// totals adds up what checkpoints show, by exported name and labels; a label
// without a value is none.
type totals map[string]float64

func (t totals) add(c *Checkpoint) {
	for f := range c.Families() {
		for p := range f.Points {
			name := f.Descriptor.Name
			var keys, set []string
			for key, v := range p.Labels.All(f.Keys) {
				if v != "" {
					keys, set = append(keys, key), append(set, v)
				}
			}
			labels := metric.EncodeLabels(keys, set)
			for suffix, v := range values(&f.Descriptor, p) {
				t[name+suffix+"{"+labels.String()+"}"] += v
			}
		}
	}
}

// values are the numbers of a point that add up, by the suffix of their name.
func values(d *metric.Descriptor, p *metric.Point) map[string]float64 {
	switch {
	case d.Kind == metric.Gauge:
		return nil
	case d.Kind != metric.Histogram && d.Number == metric.Float64:
		return map[string]float64{"": p.Float}
	case d.Kind != metric.Histogram:
		return map[string]float64{"": float64(p.Int)}
	case p.Exponential != nil:
		return map[string]float64{"_sum": p.Exponential.Sum, "_count": float64(p.Exponential.Count())}
	case p.Exact != nil:
		return map[string]float64{"_sum": p.Exact.Sum(), "_count": float64(p.Exact.Count())}
	case d.Kept() == metric.MinMaxSumCount:
		return map[string]float64{"_sum": p.Summary.Sum, "_count": float64(p.Summary.Count)}
	}
	all := map[string]float64{"_sum": p.Histogram.Sum, "_count": float64(p.Histogram.Count())}
	for i, n := range p.Histogram.Counts {
		le := "+Inf"
		if i < len(p.Histogram.Bounds) {
			le = fmt.Sprint(p.Histogram.Bounds[i])
		}
		all["_bucket_"+le] = float64(n)
	}
	return all
}

// String lists the totals that are not zero.
func (t totals) String() string {
	var lines []string
	for _, name := range slices.Sorted(maps.Keys(t)) {
		if v := t[name]; v != 0 && !strings.HasPrefix(name, "metertree_") {
			lines = append(lines, fmt.Sprint(name, " ", v))
		}
	}
	return strings.Join(lines, "\n")
}

// collectGarbage lets series that have ended give their last counts: nobody can
// write to them once the collector has run.
func collectGarbage() { runtime.GC() }
