// Package saturate keeps sums within the range of their kind of number: what would
// be beyond is the end of the range.
package saturate

import "math"

// Float returns the finite number nearest to a sum of finite ones. A sum that became
// infinite would stay so whatever is added, and its increase would be no number.
func Float(sum float64) float64 {
	if math.IsInf(sum, 0) {
		return math.Copysign(math.MaxFloat64, sum)
	}
	return sum
}

// Add returns the integer nearest to the sum of two, which does not wrap around.
func Add(a, b int64) int64 {
	sum := a + b
	switch {
	case a > 0 && b > 0 && sum < 0:
		return math.MaxInt64
	case a < 0 && b < 0 && sum >= 0:
		return math.MinInt64
	}
	return sum
}
