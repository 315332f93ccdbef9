package live

import (
	"math"
	"slices"

	"github.com/metertree/metertree/metric"
	"github.com/metertree/metertree/tree"
)

// histogram is what a stream observed, in buckets of one kind or the other. The
// zero value has none.
type histogram struct {
	bounds []float64
	counts []float64 // cumulative, of bounds and last of +Inf

	// Of one whose bounds adapt there are buckets, cumulative too. The bounds of a
	// scale are among those of the next finer, which is the next higher number.
	scale   int
	buckets []tree.Bucket
}

// like reports whether both have buckets of the same kind.
func (h histogram) like(other histogram) bool {
	return (h.buckets == nil) == (other.buckets == nil) && (h.counts == nil) == (other.counts == nil) && slices.Equal(h.bounds, other.bounds)
}

// bytes is its size, roughly.
func (h histogram) bytes() int { return 80 + 8*(len(h.bounds)+len(h.counts)) + 16*len(h.buckets) }

// cumulate appends the counts of buckets, each with those of the buckets below.
func cumulate(to []float64, counts []uint64) []float64 {
	total := 0.0
	for _, n := range counts {
		total += float64(n)
		to = append(to, total)
	}
	return to
}

func bucketsOf(bounds, counts []float64) []tree.Bucket {
	buckets := make([]tree.Bucket, len(counts))
	for i, n := range counts {
		buckets[i] = tree.Bucket{UpperBound: math.Inf(1), Count: n}
		if i < len(bounds) {
			buckets[i].UpperBound = bounds[i]
		}
	}
	return buckets
}

// exponential gives the cumulative buckets at the histogram's own resolution.
// Every bound of a coarser scale is one of a finer, so that differences stay exact
// when the scale changes.
func exponential(p *metric.ExponentialPoint) []tree.Bucket {
	buckets := make([]tree.Bucket, 0, len(p.Negative)+len(p.Positive)+4)
	total := 0.0
	put := func(bound float64, n uint64) {
		total += float64(n)
		buckets = append(buckets, tree.Bucket{UpperBound: bound, Count: total})
	}
	// Empty buckets tell where the outermost full ones end.
	if n := len(p.Negative); n > 0 {
		put(-boundOf(p.Scale, p.NegativeFirst+n), 0)
	}
	for i := len(p.Negative) - 1; i >= 0; i-- {
		put(-boundOf(p.Scale, p.NegativeFirst+i), p.Negative[i])
	}
	put(p.ZeroThreshold, p.Zero)
	if len(p.Positive) > 0 {
		put(max(boundOf(p.Scale, p.PositiveFirst), p.ZeroThreshold), 0)
	}
	for i, n := range p.Positive {
		put(boundOf(p.Scale, p.PositiveFirst+i+1), n)
	}
	if math.IsInf(buckets[len(buckets)-1].UpperBound, 1) {
		return buckets
	}
	return append(buckets, tree.Bucket{UpperBound: math.Inf(1), Count: total})
}

// boundOf is base^index for base = 2^(2^-scale). The power of two is taken apart,
// so that the same bound comes out the same at every scale.
func boundOf(scale, index int) float64 {
	if scale <= 0 {
		return math.Ldexp(1, index<<-scale)
	}
	whole := index >> scale
	rest := index - whole<<scale
	for rest != 0 && rest&1 == 0 {
		rest, scale = rest>>1, scale-1
	}
	return math.Ldexp(math.Exp2(float64(rest)/float64(int(1)<<scale)), whole)
}
