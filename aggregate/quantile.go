package aggregate

import "math"

// nearestRank returns which of n values in increasing order, counted from 1,
// is the q-quantile: the least rank at or above q·n, and at least 1.
//
// A product within rounding of a whole number counts as that number: the
// 0.07-quantile of 100 values is the 7th, although 0.07·100 is a bit above 7 in
// float64.
func nearestRank(q float64, n uint64) uint64 {
	product := q * float64(n)
	whole := math.Round(product)
	if math.Abs(product-whole) > whole*0x1p-50 {
		whole = math.Ceil(product)
	}
	return min(max(uint64(whole), 1), n)
}

// outOfRange returns, for a q outside of 0 to 1 or without values, what PromQL's
// histogram_quantile returns: infinities beyond the ends, and else NaN.
func outOfRange(q float64, n uint64) (float64, bool) {
	switch {
	case q < 0:
		return math.Inf(-1), true
	case q > 1:
		return math.Inf(1), true
	case n == 0 || math.IsNaN(q):
		return math.NaN(), true
	}
	return 0, false
}
