package aggregate

import (
	"fmt"
	"math"

	"github.com/metertree/metertree/internal/saturate"
)

// SketchState is what a Sketch held at one moment. The zero value is empty and
// takes the properties of whatever is merged into it.
type SketchState struct {
	// Scale says how fine the buckets are: there are 2^Scale between a power
	// of two and the next.
	Scale int
	// Size is how many buckets there may be for each sign; 0 marks a state that
	// was never filled.
	Size int
	// ZeroThreshold is the greatest magnitude that counts as zero.
	ZeroThreshold float64
	// Zero counts values of magnitudes up to ZeroThreshold.
	Zero               uint64
	Sum                float64
	Positive, Negative SketchBuckets

	// scratch is what checkpoints read into.
	scratch []uint64
}

// reset makes the state an empty one of the given properties, keeping memory.
func (s *SketchState) reset(size int, zero float64) {
	*s = SketchState{
		Scale: MaxScale, Size: size, ZeroThreshold: zero,
		Positive: SketchBuckets{Counts: s.Positive.Counts[:0]},
		Negative: SketchBuckets{Counts: s.Negative.Counts[:0]},
		scratch:  s.scratch,
	}
}

// Count returns how many values were observed.
func (s *SketchState) Count() uint64 {
	return s.Zero + total(s.Positive.Counts) + total(s.Negative.Counts)
}

// CopyFrom makes s a copy of another state, reusing the memory of s.
func (s *SketchState) CopyFrom(other *SketchState) {
	positive, negative, scratch := s.Positive, s.Negative, s.scratch
	positive.copyFrom(other.Positive)
	negative.copyFrom(other.Negative)
	*s = *other
	s.Positive, s.Negative, s.scratch = positive, negative, scratch
}

// Merge adds another state, which may be of another scale or size. The result
// has the smaller size, and the finest scale, no finer than either's, at which
// all fits. Different zero thresholds are an error, which names both, and
// change nothing: what one counts as zero, the other has in buckets.
func (s *SketchState) Merge(other *SketchState) error {
	switch {
	case other.Size == 0:
		return nil
	case s.Size == 0:
		s.CopyFrom(other)
		return nil
	}
	if err := s.sameThreshold(other); err != nil {
		return fmt.Errorf("merge: %w", err)
	}
	s.Size = min(s.Size, other.Size)
	s.absorb(other.Scale, other.Positive, other.Negative)
	s.Positive.trim()
	s.Negative.trim()
	s.Zero += other.Zero
	s.Sum = saturate.Float(s.Sum + other.Sum)
	return nil
}

func (s *SketchState) sameThreshold(other *SketchState) error {
	if s.ZeroThreshold != other.ZeroThreshold {
		return fmt.Errorf("sketches have different zero thresholds %v and %v: make both with the same",
			s.ZeroThreshold, other.ZeroThreshold)
	}
	return nil
}

// absorb adds buckets of the given scale, making the state coarser as needed.
func (s *SketchState) absorb(scale int, positive, negative SketchBuckets) {
	target := min(s.Scale, scale)
	p, n := positive.used(), negative.used()
	allPositive := s.Positive.used().coarser(s.Scale - target).union(p.coarser(scale - target))
	allNegative := s.Negative.used().coarser(s.Scale - target).union(n.coarser(scale - target))
	for max(allPositive.width(), allNegative.width()) > s.Size && target > MinScale {
		target--
		allPositive, allNegative = allPositive.coarser(1), allNegative.coarser(1)
	}
	s.coarsen(s.Scale - target)
	s.Positive.cover(p.coarser(scale - target))
	s.Negative.cover(n.coarser(scale - target))
	s.Positive.add(positive, scale-target)
	s.Negative.add(negative, scale-target)
}

func (s *SketchState) coarsen(shift int) {
	s.Positive.coarsen(shift)
	s.Negative.coarsen(shift)
	s.Scale -= shift
}

// Coarsen makes the state as coarse as the given scale, if it is finer. Nothing
// is lost but resolution.
func (s *SketchState) Coarsen(scale int) {
	if scale = max(scale, MinScale); scale < s.Scale {
		s.coarsen(s.Scale - scale)
	}
}

// Sub leaves what was observed since an earlier state of the same sketch. A
// state that is not an earlier one is an error, and changes nothing; take it as
// a reset, after which all that s holds is new.
func (s *SketchState) Sub(earlier *SketchState) error {
	if earlier.Size == 0 {
		return nil
	}
	if err := s.subtractable(earlier); err != nil {
		return fmt.Errorf("subtract: %w", err)
	}
	s.Zero -= earlier.Zero
	s.Sum -= earlier.Sum
	shift := earlier.Scale - s.Scale
	s.Positive.subtract(earlier.Positive, shift)
	s.Negative.subtract(earlier.Negative, shift)
	s.Positive.trim()
	s.Negative.trim()
	return nil
}

const notEarlier = "the state is not an earlier one of this sketch; take it as a reset"

func (s *SketchState) subtractable(earlier *SketchState) error {
	if err := s.sameThreshold(earlier); err != nil {
		return err
	}
	shift := earlier.Scale - s.Scale
	if shift < 0 {
		return fmt.Errorf("scale rose from %d to %d: %s", earlier.Scale, s.Scale, notEarlier)
	}
	if s.Zero < earlier.Zero {
		return fmt.Errorf("zero count fell from %d to %d: %s", earlier.Zero, s.Zero, notEarlier)
	}
	if i, ok := s.Positive.holds(earlier.Positive, shift); !ok {
		return fmt.Errorf("positive bucket %d at scale %d fell to %d: %s", i, s.Scale, s.Positive.at(i), notEarlier)
	}
	if i, ok := s.Negative.holds(earlier.Negative, shift); !ok {
		return fmt.Errorf("negative bucket %d at scale %d fell to %d: %s", i, s.Scale, s.Negative.at(i), notEarlier)
	}
	return nil
}

// holds reports whether no bucket has less than that of an earlier state at a
// scale finer by shift, and which one has.
func (b SketchBuckets) holds(earlier SketchBuckets, shift int) (index int, ok bool) {
	used := earlier.used().coarser(shift)
	for i := used.low; i <= used.high; i++ {
		if b.at(i) < earlier.coarseCount(i, shift) {
			return i, false
		}
	}
	return 0, true
}

func (b *SketchBuckets) subtract(earlier SketchBuckets, shift int) {
	for i, n := range earlier.Counts {
		if n != 0 {
			b.Counts[(earlier.First+i)>>shift-b.First] -= n
		}
	}
}

// RelativeError bounds by how much a quantile of the state can be off, relative
// to the value itself: (base-1)/(base+1) with base = 2^(2^-Scale), for values
// that do not count as zero. Those are off by at most ZeroThreshold.
func (s *SketchState) RelativeError() float64 {
	// With base = e^x that is (e^x-1)/(e^x+1) = tanh(x/2), which does not
	// overflow.
	return math.Tanh(math.Ln2 * math.Ldexp(1, -s.Scale) / 2)
}

// Quantile estimates the q-quantile by nearest rank: it is within
// RelativeError of the least of the observed values at or above the rank q·n.
// It is NaN without values or for a q that is NaN, and infinite for a q outside
// of 0 to 1.
func (s *SketchState) Quantile(q float64) float64 {
	n := s.Count()
	if v, ok := outOfRange(q, n); ok {
		return v
	}
	rank := nearestRank(q, n)
	for i := len(s.Negative.Counts) - 1; i >= 0; i-- {
		if rank <= s.Negative.Counts[i] {
			return -s.estimate(s.Negative.First + i)
		}
		rank -= s.Negative.Counts[i]
	}
	if rank <= s.Zero {
		return 0
	}
	rank -= s.Zero
	for i, n := range s.Positive.Counts {
		if rank <= n {
			return s.estimate(s.Positive.First + i)
		}
		rank -= n
	}
	return math.NaN()
}

// estimate returns the point of a bucket from which both ends are equally far,
// relative to themselves: 2·low·high/(low+high), which DDSketch takes too.
func (s *SketchState) estimate(index int) float64 {
	width := math.Ldexp(1, -s.Scale)
	// log2(2/(1+1/base)), where base may be infinite.
	up := 1 - math.Log1p(math.Exp2(-width))/math.Ln2
	v := math.Exp2(float64(index)*width + up)
	return min(max(v, math.SmallestNonzeroFloat64), math.MaxFloat64)
}

// SketchBound returns base^index with base = 2^(2^-scale): the lower,
// exclusive, bound of bucket index and the upper, inclusive, one of the bucket
// before it. Beyond what a float64 holds it is zero or infinite.
func SketchBound(scale, index int) float64 {
	return math.Exp2(float64(index) * math.Ldexp(1, -scale))
}
