package registry

import (
	"math"
	"slices"
	"strings"

	"github.com/metertree/metertree/metric"
)

// Callback reads a family's values at a collection and gives each to the
// observer. It must not keep the observer. A panic ends the family's part of
// the collection and is counted as a drop.
type Callback func(*Observer)

// Observer takes the values that a callback reads. The label values are those
// of the descriptor's keys in their order; a label set is given once. Those that
// become one when their values are normalised are merged as the kind and the fold
// say; a gauge without such a fold keeps the first.
type Observer struct {
	family *family
	parts  *Instrument
	points []metric.Point
	// merges is set if label sets may have become one.
	merges bool
	// defined is set if the callback asked whether definitions changed, and repeats
	// if it was told that they did not.
	defined definitions
	repeats *given
}

// Int gives a whole value, which a Float64 family or a gauge keeps as a float64.
func (o *Observer) Int(v int64, values ...string) {
	if o.family.floats() {
		o.add(metric.Point{Float: float64(v)}, values)
		return
	}
	o.add(metric.Point{Int: v}, values)
}

// Float gives the value of a Float64 family or a gauge. An Int64 family takes whole
// numbers; others are dropped and counted.
func (o *Observer) Float(v float64, values ...string) {
	switch {
	case o.family.floats():
		o.add(metric.Point{Float: v}, values)
	case math.Abs(v) < 1<<63 && v == float64(int64(v)):
		o.add(metric.Point{Int: int64(v)}, values)
	default:
		o.family.registry.drop(o.family.Name, Fraction)
	}
}

// floats reports whether points hold their value in Float.
func (f *family) floats() bool { return f.Number == metric.Float64 || f.Kind == metric.Gauge }

// Histogram gives a distribution. Its slices must stay unchanged until the
// collection is over; one without exactly one count more than bounds is dropped
// and counted.
func (o *Observer) Histogram(h metric.HistogramPoint, values ...string) {
	if len(h.Counts) != len(h.Bounds)+1 {
		o.family.registry.drop(o.family.Name, BadBuckets)
		return
	}
	o.add(metric.Point{Histogram: h}, values)
}

// Unchanged gives what the callback gave last and reports true, or does nothing and
// reports false if a metric or a ratio was defined, ended or got another name since.
// It is for callbacks whose values follow from the definitions alone, which then
// give nothing more; to be called first.
func (o *Observer) Unchanged() bool {
	if o.family.normalises {
		return false
	}
	o.defined = o.family.registry.definitions()
	if last := o.family.given.Load(); last != nil && last.under == o.defined {
		o.repeats = last
	}
	return o.repeats != nil
}

// given is what a callback gave under some definitions. It is not written.
type given struct {
	under  definitions
	points []metric.Point
}

func (o *Observer) add(p metric.Point, values []string) {
	if len(values) != o.parts.keys {
		o.family.registry.drop(o.family.Name, WrongArity)
		return
	}
	all := o.parts.allValues(nil, values)
	if o.family.normalises {
		o.family.normalised(all)
	}
	o.merges = o.family.cutLong(all) || o.merges
	p.Labels = metric.EncodeLabels(o.family.keys, all)
	o.points = append(o.points, p)
}

// runCallback returns what the callback gives, sorted by labels, each label set
// once. The points are not to be written.
func (f *family) runCallback() []metric.Point {
	o := &Observer{family: f, parts: f.callbackParts, merges: f.normalises}
	finished := false
	f.registry.protect(f.Name, func() {
		f.read(o)
		finished = true
	})
	if o.repeats != nil {
		return o.repeats.points
	}
	points := o.finish()
	if finished && o.defined != (definitions{}) {
		f.given.Store(&given{under: o.defined, points: points})
	}
	return points
}

// finish sorts the points and makes one of those with the same labels.
func (o *Observer) finish() []metric.Point {
	f := o.family
	slices.SortStableFunc(o.points, func(a, b metric.Point) int {
		return strings.Compare(string(a.Labels), string(b.Labels))
	})
	points := o.points[:0]
	for _, p := range o.points {
		last := len(points) - 1
		switch {
		case last < 0 || points[last].Labels != p.Labels:
			points = append(points, p)
		case o.merges && !f.mergePoint(&points[last], &p):
			f.registry.drop(f.Name, Merged)
		}
	}
	return points
}

// mergePoint adds a point whose labels became those of another when they were
// normalised, and reports whether the two can be one.
func (f *family) mergePoint(to, p *metric.Point) bool {
	switch {
	case f.Kind == metric.Histogram:
		if !slices.Equal(to.Histogram.Bounds, p.Histogram.Bounds) {
			return false
		}
		// The slice is the callback's.
		to.Histogram.Counts = slices.Clone(to.Histogram.Counts)
		for i, n := range p.Histogram.Counts {
			to.Histogram.Counts[i] += n
		}
		to.Histogram.Sum += p.Histogram.Sum
	case f.Kind != metric.Gauge || f.Fold == metric.FoldSum:
		to.Int += p.Int
		to.Float += p.Float
	case f.Fold == metric.FoldMin:
		to.Float = min(to.Float, p.Float)
	case f.Fold == metric.FoldMax:
		to.Float = max(to.Float, p.Float)
	case f.Fold == metric.FoldLast:
		to.Float = p.Float
	default:
		return false
	}
	return true
}
