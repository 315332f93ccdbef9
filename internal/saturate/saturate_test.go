package saturate

import (
	"math"
	"testing"
)

func TestSumsDoNotLeaveTheirRange(t *testing.T) {
	for _, sum := range []struct{ a, b, want int64 }{
		{1, 2, 3}, {-1, -2, -3}, {math.MaxInt64, 1, math.MaxInt64}, {math.MinInt64, -1, math.MinInt64},
		{math.MaxInt64, math.MinInt64, -1}, {math.MinInt64, math.MinInt64, math.MinInt64}, {1 << 62, 1 << 62, math.MaxInt64},
	} {
		if got := Add(sum.a, sum.b); got != sum.want || Add(sum.b, sum.a) != got {
			t.Errorf("%d and %d make %d, want %d", sum.a, sum.b, got, sum.want)
		}
	}
	for sum, want := range map[float64]float64{
		math.Inf(1): math.MaxFloat64, math.Inf(-1): -math.MaxFloat64, 2: 2, -math.MaxFloat64: -math.MaxFloat64,
	} {
		if got := Float(sum); got != want {
			t.Errorf("Float(%v) is %v, want %v", sum, got, want)
		}
	}
}
