package aggregate

import (
	"fmt"
	"slices"

	"github.com/metertree/metertree/internal/saturate"
)

// ExactState is what an Exact held at one moment. The zero value is empty.
type ExactState struct {
	// Values are in the order of arrival and, once states were merged, in
	// increasing order, because how the arrivals of several interleave is not
	// known.
	Values []float64
	// Limit is how many values one aggregator keeps; of merged states, the
	// greatest of theirs.
	Limit int
	// Missed counts the values that came after the limit was reached, and
	// MissedSum is their sum.
	Missed    uint64
	MissedSum float64

	sorted []float64
}

// Count returns how many values were observed, kept or not.
func (s *ExactState) Count() uint64 { return uint64(len(s.Values)) + s.Missed }

// Sum returns the sum of all values, kept or not.
func (s *ExactState) Sum() float64 {
	var sum float64
	for _, v := range s.Values {
		sum += v
	}
	return saturate.Float(sum + s.MissedSum)
}

// CopyFrom makes s a copy of another state, reusing the memory of s.
func (s *ExactState) CopyFrom(other *ExactState) {
	s.Values = append(s.Values[:0], other.Values...)
	s.Limit, s.Missed, s.MissedSum = other.Limit, other.Missed, other.MissedSum
}

// Merge takes in the values of another state and puts all in increasing order.
// It keeps all of them: the result holds as many as its parts together.
func (s *ExactState) Merge(other *ExactState) {
	s.Values = append(s.Values, other.Values...)
	slices.Sort(s.Values)
	s.Limit = max(s.Limit, other.Limit)
	s.Missed += other.Missed
	s.MissedSum = saturate.Float(s.MissedSum + other.MissedSum)
}

// Sub leaves the values that came after an earlier state of the same
// aggregator. A state that is not an earlier one is an error, and changes
// nothing; take it as a reset, after which all that s holds is new.
func (s *ExactState) Sub(earlier *ExactState) error {
	n := len(earlier.Values)
	if n > len(s.Values) || !slices.Equal(s.Values[:n], earlier.Values) || earlier.Missed > s.Missed {
		return fmt.Errorf("subtract: %d values and %d missed do not begin with the %d and %d of the other: the state is not an earlier one of this aggregator; take it as a reset",
			len(s.Values), s.Missed, n, earlier.Missed)
	}
	s.Values = append(s.Values[:0], s.Values[n:]...)
	s.Missed -= earlier.Missed
	s.MissedSum -= earlier.MissedSum
	return nil
}

// Quantile returns the q-quantile by nearest rank: the least observed value at
// or above the rank q·n. It is NaN without values or for a q that is NaN, and
// infinite for a q outside of 0 to 1. It sorts a copy of the values; for more
// than one quantile use Quantiles. If values were missed there is no exact
// quantile, which is an error.
func (s *ExactState) Quantile(q float64) (float64, error) {
	var one [1]float64
	quantiles, err := s.Quantiles(one[:0], q)
	if err != nil {
		return 0, err
	}
	return quantiles[0], nil
}

// Quantiles appends a quantile for each q to dst, sorting once.
func (s *ExactState) Quantiles(dst []float64, qs ...float64) ([]float64, error) {
	if s.Missed > 0 {
		return dst, fmt.Errorf("exact quantile: %d of %d values came after the limit of %d and were not kept: raise the limit, or use a sketch",
			s.Missed, s.Count(), s.Limit)
	}
	s.sorted = append(s.sorted[:0], s.Values...)
	slices.Sort(s.sorted)
	n := uint64(len(s.sorted))
	for _, q := range qs {
		v, ok := outOfRange(q, n)
		if !ok {
			v = s.sorted[nearestRank(q, n)-1]
		}
		dst = append(dst, v)
	}
	return dst, nil
}
