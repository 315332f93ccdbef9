package aggregate

import (
	"fmt"
	"math"
	"slices"

	"github.com/metertree/metertree/internal/saturate"
)

// ExplicitState is what an Explicit held at one moment. The zero value is empty
// and takes the bounds of whatever is merged into it.
type ExplicitState struct {
	// Bounds are the inclusive upper bounds, shared and not to be written.
	Bounds []float64
	// Counts has one entry more than Bounds, for what exceeds the last bound;
	// each counts one bucket, not those below it.
	Counts []uint64
	Sum    float64
}

// Count returns how many values were observed.
func (s *ExplicitState) Count() uint64 { return total(s.Counts) }

func total(counts []uint64) (n uint64) {
	for _, c := range counts {
		n += c
	}
	return n
}

// CopyFrom makes s a copy of another state, reusing the memory of s.
func (s *ExplicitState) CopyFrom(other *ExplicitState) {
	s.Bounds = other.Bounds
	s.Counts = append(s.Counts[:0], other.Counts...)
	s.Sum = other.Sum
}

// empty tells a state that was never filled.
func (s *ExplicitState) empty() bool { return len(s.Counts) == 0 }

// Merge adds another state of the same bounds. Other bounds are an error, which
// names both, and change nothing: counts cannot be split over other buckets
// without guessing.
func (s *ExplicitState) Merge(other *ExplicitState) error {
	switch {
	case other.empty():
		return nil
	case s.empty():
		s.CopyFrom(other)
		return nil
	}
	if err := s.sameBounds(other); err != nil {
		return fmt.Errorf("merge: %w", err)
	}
	for i, n := range other.Counts {
		s.Counts[i] += n
	}
	s.Sum = saturate.Float(s.Sum + other.Sum)
	return nil
}

func (s *ExplicitState) sameBounds(other *ExplicitState) error {
	if !slices.Equal(s.Bounds, other.Bounds) {
		return fmt.Errorf("histograms have different bounds %v and %v: declare the same bounds for both, or use a sketch",
			s.Bounds, other.Bounds)
	}
	if len(s.Counts) != len(s.Bounds)+1 || len(other.Counts) != len(other.Bounds)+1 {
		return fmt.Errorf("histograms of %d bounds have %d and %d counts: give one count more than bounds",
			len(s.Bounds), len(s.Counts), len(other.Counts))
	}
	return nil
}

// Sub leaves what was observed since an earlier state of the same histogram. A
// state that is not an earlier one is an error, and changes nothing; take it as
// a reset, after which all that s holds is new.
func (s *ExplicitState) Sub(earlier *ExplicitState) error {
	if earlier.empty() {
		return nil
	}
	if err := s.sameBounds(earlier); err != nil {
		return fmt.Errorf("subtract: %w", err)
	}
	for i, n := range earlier.Counts {
		if s.Counts[i] < n {
			return fmt.Errorf("subtract: bucket %d fell from %d to %d: the state is not an earlier one of this histogram; take it as a reset",
				i, n, s.Counts[i])
		}
	}
	for i, n := range earlier.Counts {
		s.Counts[i] -= n
	}
	s.Sum -= earlier.Sum
	return nil
}

// Quantile estimates the q-quantile as PromQL's histogram_quantile does:
// linear inside the bucket that holds the rank q·n, in which values are taken
// to be spread evenly. The first bucket is taken to begin at zero, if its bound
// is positive; a rank in a first bucket with another bound gives that bound,
// and one beyond the last bound gives the last bound. The error is at most the
// width of the bucket, for values below the last bound. The result is infinite
// for a q outside of 0 to 1, and NaN for a q that is NaN and without values or
// bounds. A q of zero gives where the first bucket begins, also if that bucket
// is empty.
func (s *ExplicitState) Quantile(q float64) float64 {
	n := s.Count()
	if v, ok := outOfRange(q, n); ok {
		return v
	}
	if len(s.Bounds) == 0 {
		return math.NaN()
	}
	rank := q * float64(n)
	at, below := s.bucketOfRank(rank)
	last := len(s.Bounds) - 1
	switch {
	case at > last:
		return s.Bounds[last]
	case at == 0 && s.Bounds[0] <= 0:
		return s.Bounds[0]
	}
	low := 0.0
	if at > 0 {
		low = s.Bounds[at-1]
	}
	if s.Counts[at] == 0 {
		return low
	}
	return low + (s.Bounds[at]-low)*(rank-float64(below))/float64(s.Counts[at])
}

// bucketOfRank returns the first bucket up to which at least rank values were
// counted, and how many values are below it.
func (s *ExplicitState) bucketOfRank(rank float64) (at int, below uint64) {
	for i, n := range s.Counts {
		if float64(below+n) >= rank {
			return i, below
		}
		below += n
	}
	return len(s.Counts) - 1, below
}
