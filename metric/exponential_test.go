package metric

import (
	"math"
	"slices"
	"testing"
)

func TestExponentialBucketsAsExplicitOnes(t *testing.T) {
	for name, test := range map[string]struct {
		point  ExponentialPoint
		bounds []float64
		counts []uint64
	}{
		"empty": {ExponentialPoint{}, nil, []uint64{0}},
		"scale 1 merges pairs": {
			ExponentialPoint{Scale: 1, PositiveFirst: 1, Positive: []uint64{1, 2, 3, 4}},
			[]float64{2, 4, 8}, []uint64{1, 5, 4, 0}},
		"scale -1 has powers of four": {
			ExponentialPoint{Scale: -1, PositiveFirst: -1, Positive: []uint64{1, 2}},
			[]float64{1, 4}, []uint64{1, 2, 0}},
		"both signs and zero": {
			ExponentialPoint{ZeroThreshold: 0.5, Zero: 7, PositiveFirst: 0, Positive: []uint64{1},
				NegativeFirst: 0, Negative: []uint64{2, 3}},
			[]float64{-2, -1, 0.5, 2}, []uint64{3, 2, 7, 1, 0}},
		"beyond the greatest float": {
			ExponentialPoint{Scale: 0, PositiveFirst: 1022, Positive: []uint64{1, 2}},
			[]float64{math.Ldexp(1, 1023)}, []uint64{1, 2}},
		"the family goes on": {
			ExponentialPoint{Scale: 1, PositiveFirst: 1, Positive: []uint64{1, 2}, Family: positive(-2, 4)},
			[]float64{2, 4, 8, 16}, []uint64{1, 2, 0, 0, 0}},
		"the family has values and the point none": {
			ExponentialPoint{Family: positive(0, 2)}, nil, []uint64{0}},
		"the family goes on above zero": {
			ExponentialPoint{ZeroThreshold: 0.125, Zero: 3, PositiveFirst: 1, Positive: []uint64{5}, Family: positive(-1, 3)},
			[]float64{0.125, 1, 2, 4, 8}, []uint64{3, 0, 0, 5, 0, 0}},
		"the family goes on above negative values": {
			ExponentialPoint{NegativeFirst: 2, Negative: []uint64{7}, Family: &ExponentialRange{Positive: Span{0, 1}, Negative: Span{-1, 3}}},
			[]float64{-4, -2, -1, -0.5, 0, 2}, []uint64{7, 0, 0, 0, 0, 0, 0}},
		"values beyond the family": {
			ExponentialPoint{PositiveFirst: 0, Positive: []uint64{1, 2, 3, 4}, NegativeFirst: -1, Negative: []uint64{5, 6, 7},
				Family: &ExponentialRange{Positive: Span{1, 3}, Negative: Span{0, 1}}},
			[]float64{-2, -1, 0, 4, 8}, []uint64{7, 6, 5, 3, 3, 4}},
		"values below the family alone": {
			ExponentialPoint{PositiveFirst: -3, Positive: []uint64{1, 2}, Family: positive(0, 2)},
			[]float64{2, 4}, []uint64{3, 0, 0}},
		"values above the family alone": {
			ExponentialPoint{PositiveFirst: 3, Positive: []uint64{1, 2}, Family: positive(0, 2)},
			nil, []uint64{3}},
		"a coarser family": {
			ExponentialPoint{Scale: 1, PositiveFirst: 1, Positive: []uint64{1, 2, 3, 4},
				Family: &ExponentialRange{Scale: -1, Positive: Span{0, 6}}},
			[]float64{4, 16, 64}, []uint64{6, 4, 0, 0}},
		"a family up to the greatest float": {
			ExponentialPoint{PositiveFirst: 1022, Positive: []uint64{1}, Family: positive(0, 1024)},
			[]float64{math.Ldexp(1, 1023)}, []uint64{1, 0}},
	} {
		got := test.point.Explicit()
		if !slices.Equal(got.Bounds, test.bounds) || !slices.Equal(got.Counts, test.counts) {
			t.Errorf("%s: bounds %v counts %v, want %v and %v", name, got.Bounds, got.Counts, test.bounds, test.counts)
		}
		if got.Count() != test.point.Count() {
			t.Errorf("%s: count %d, want %d", name, got.Count(), test.point.Count())
		}
	}
}

// positive is a family with values above 2^first and up to 2^end.
func positive(first, end int) *ExponentialRange {
	return &ExponentialRange{Positive: Span{first, end}}
}

func TestRangeOfExponentialBuckets(t *testing.T) {
	fine := ExponentialPoint{Scale: 2, PositiveFirst: -1, Positive: []uint64{1, 0, 2}}
	coarse := ExponentialPoint{Scale: -1, PositiveFirst: 2, Positive: []uint64{3}, NegativeFirst: -1, Negative: []uint64{1, 1}}
	if got, want := fine.Range(), (ExponentialRange{Positive: Span{-1, 1}}); got != want {
		t.Errorf("range %+v of a fine scale, want %+v", got, want)
	}
	want := ExponentialRange{Scale: -1, Positive: Span{-1, 6}, Negative: Span{-2, 2}}
	if got := fine.Range().Union(coarse.Range()); got != want {
		t.Errorf("union %+v, want %+v", got, want)
	}
	if got := want.Union(ExponentialRange{}); got != want {
		t.Errorf("union %+v with nothing, want %+v", got, want)
	}
}
