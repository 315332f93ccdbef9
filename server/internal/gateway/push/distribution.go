package push

import (
	"fmt"
	"math"

	"github.com/metertree/metertree/aggregate"
	"github.com/metertree/metertree/metric"
)

const (
	// SketchSize is how many buckets of each sign exponential histograms are
	// merged into.
	SketchSize = aggregate.DefaultSketchSize
	// maxScale and minScale are the scales that OTLP allows in practice.
	maxScale, minScale = 20, -10
	// minExponent and maxExponent are the powers of two between which every
	// float64 lies.
	minExponent, maxExponent = -1075, 1025
	// maxCount keeps totals of totals below the range of a counter.
	maxCount = math.MaxInt64 / 2
)

// checkDistribution reports a distribution that contradicts itself. It makes
// exponential buckets as coarse as they are merged.
func checkDistribution(name string, d *Distribution, count uint64, limits Limits) (Refusal, bool) {
	err := checkBuckets(d, limits)
	sum := d.Sum()
	switch {
	case err != nil:
		return Refusal{name, Malformed, err.Error()}, false
	case math.IsNaN(sum) || math.IsInf(sum, 0):
		return Refusal{name, NotFinite, fmt.Sprintf("the sum is %v: send finite numbers", sum)}, false
	case d.Count() != count:
		return Refusal{name, Malformed, fmt.Sprintf("the count is %d, and the buckets hold %d: they must agree", count, d.Count())}, false
	}
	return Refusal{}, true
}

func checkBuckets(d *Distribution, limits Limits) error {
	if d.Exponential != nil {
		return checkExponential(d.Exponential, limits)
	}
	e := &d.Explicit
	if n := len(e.Bounds); n > 0 && math.IsInf(e.Bounds[n-1], 1) && len(e.Counts) == n+1 {
		// The last bound says what goes without saying.
		e.Counts[n-1] += e.Counts[n]
		e.Bounds, e.Counts = e.Bounds[:n-1], e.Counts[:n]
	}
	switch {
	case len(e.Counts) != len(e.Bounds)+1:
		return fmt.Errorf("%d bounds and %d buckets: there is one bucket more than bounds", len(e.Bounds), len(e.Counts))
	case len(e.Counts) > limits.Buckets:
		return fmt.Errorf("%d buckets, at most %d are taken: declare fewer", len(e.Counts), limits.Buckets)
	}
	if err := checkCounts(e.Counts); err != nil {
		return err
	}
	return metric.ValidateBounds(e.Bounds)
}

func checkExponential(s *aggregate.SketchState, limits Limits) error {
	if s.Scale < minScale || s.Scale > maxScale {
		return fmt.Errorf("scale %d is not from %d to %d", s.Scale, minScale, maxScale)
	}
	if !(s.ZeroThreshold >= 0) || math.IsInf(s.ZeroThreshold, 0) {
		return fmt.Errorf("zero threshold %v is not a finite magnitude", s.ZeroThreshold)
	}
	for _, side := range []aggregate.SketchBuckets{s.Positive, s.Negative} {
		if len(side.Counts) > limits.Buckets {
			return fmt.Errorf("%d buckets of one sign, at most %d are taken: declare fewer", len(side.Counts), limits.Buckets)
		}
		low, high := exponentOf(side.First, s.Scale), exponentOf(side.First+len(side.Counts), s.Scale)
		if len(side.Counts) > 0 && (low < minExponent || high > maxExponent) {
			return fmt.Errorf("buckets from index %d at scale %d lie outside of what a number can be", side.First, s.Scale)
		}
		if err := checkCounts(side.Counts); err != nil {
			return err
		}
	}
	if s.Zero > maxCount {
		return fmt.Errorf("a zero count of %d is beyond what can be added up", s.Zero)
	}
	s.Coarsen(aggregate.MaxScale)
	return nil
}

// exponentOf returns the power of two below a bucket.
func exponentOf(index, scale int) int {
	if scale >= 0 {
		return index >> scale
	}
	return index << -scale
}

func checkCounts(counts []uint64) error {
	total := uint64(0)
	for _, n := range counts {
		if n > maxCount || total > maxCount-n {
			return fmt.Errorf("a bucket count of %d is beyond what can be added up", n)
		}
		total += n
	}
	return nil
}
