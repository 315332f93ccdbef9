package integrate

import (
	"fmt"
	"math"
	"slices"

	"github.com/metertree/metertree/aggregate"
	"github.com/metertree/metertree/metric"
)

// decideKept sets what is kept of the values at a definition.
func (s *settings) decideKept(d *metric.Descriptor) {
	if s.aggregation == metric.Drop {
		d.Aggregation, d.Bounds, d.Exponential = metric.Drop, nil, metric.ExponentialLayout{}
		return
	}
	if d.Kind != metric.Histogram || s.aggregation == metric.AggregationDefault {
		return
	}
	layout := d.Exponential
	bounds := d.Bounds
	d.Aggregation, d.Bounds, d.Exponential = s.aggregation, nil, metric.ExponentialLayout{}
	switch s.aggregation {
	case metric.ExplicitBuckets:
		d.Bounds = bounds
		if s.buckets != nil {
			d.Bounds = s.buckets
		} else if len(bounds) == 0 {
			d.Bounds = metric.DefaultLatencyBounds()
		}
	case metric.ExponentialBuckets:
		d.Exponential = s.layout(layout)
	}
}

// layout returns the layout asked for, in which the given one fills the gaps.
func (s *settings) layout(given metric.ExponentialLayout) metric.ExponentialLayout {
	if given.Size == 0 {
		given = metric.ExponentialLayout{Size: aggregate.DefaultSketchSize, ZeroThreshold: aggregate.DefaultZeroThreshold}
	}
	if s.size != 0 {
		given.Size = s.size
	}
	return given
}

// derive returns the descriptor of what is asked for, made from what is kept.
func (s *settings) derive(d metric.Descriptor) (metric.Descriptor, error) {
	if d.Kind == metric.Gauge && s.fold != metric.FoldNone {
		d.Fold = s.fold
	}
	if d.Kind != metric.Histogram || s.aggregation == metric.AggregationDefault {
		return d, nil
	}
	out := d
	out.Aggregation, out.Bounds, out.Exponential = s.aggregation, nil, metric.ExponentialLayout{}
	kept := d.Kept()
	possible := kept == s.aggregation || kept == metric.Exact
	switch s.aggregation {
	case metric.SumAggregation:
		possible = true
	case metric.ExplicitBuckets:
		if s.buckets == nil && kept == metric.ExplicitBuckets {
			return d, nil
		}
		out.Bounds = s.buckets
		possible = s.buckets != nil && hasBounds(&d, s.buckets)
	case metric.ExponentialBuckets:
		out.Exponential = s.layout(d.Exponential)
		if kept == metric.ExponentialBuckets {
			possible = out.Exponential.Size <= d.Exponential.Size
		}
	}
	if !possible {
		return d, s.impossible(&d)
	}
	return out, nil
}

// impossible names what is asked for, what is kept, and the remedy.
func (s *settings) impossible(d *metric.Descriptor) error {
	asked := s.aggregation.String()
	switch {
	case s.buckets != nil:
		asked = fmt.Sprintf("%s %v", asked, s.buckets)
	case s.size != 0:
		asked = fmt.Sprintf("%s of size %d", asked, s.size)
	case s.aggregation == metric.ExplicitBuckets:
		asked += " without given bounds"
	}
	kept := d.Kept().String()
	switch d.Kept() {
	case metric.ExplicitBuckets:
		kept = fmt.Sprintf("%s %v", kept, d.Bounds)
	case metric.ExponentialBuckets:
		kept = fmt.Sprintf("%s of size %d", kept, d.Exponential.Size)
	}
	return fmt.Errorf("metric %s keeps %s, of which %s cannot be made: declare it at the definition, install the views with Views.Define before the definition, or ask for what can be made",
		d.Name, kept, asked)
}

// hasBounds reports whether explicit buckets of the given bounds can be made,
// exactly, from what is kept.
func hasBounds(d *metric.Descriptor, bounds []float64) bool {
	switch d.Kept() {
	case metric.Exact:
		return true
	case metric.ExplicitBuckets:
		return !slices.ContainsFunc(bounds, func(b float64) bool {
			_, found := slices.BinarySearch(d.Bounds, b)
			return !found
		})
	case metric.ExponentialBuckets:
		return !slices.ContainsFunc(bounds, func(b float64) bool { return !powerOfTwo(b, d.Exponential.ZeroThreshold) })
	}
	return false
}

// powerOfTwo reports whether a bound is zero, or a power of two of either sign
// that is not taken for zero.
func powerOfTwo(bound, zero float64) bool {
	if bound == 0 {
		return true
	}
	fraction, _ := math.Frexp(math.Abs(bound))
	return fraction == 0.5 && math.Abs(bound) >= zero
}

// sameValues reports whether two descriptors say the same about the form of
// values.
func sameValues(a, b *metric.Descriptor) bool {
	return a.Kept() == b.Kept() && slices.Equal(a.Bounds, b.Bounds) && a.Exponential == b.Exponential
}
