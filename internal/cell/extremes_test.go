package cell

import (
	"math"
	"testing"
)

func TestOrderKeyKeepsOrder(t *testing.T) {
	values := []float64{
		-math.MaxFloat64, -1, -math.SmallestNonzeroFloat64, math.Copysign(0, -1), 0,
		math.SmallestNonzeroFloat64, 1, math.MaxFloat64,
	}
	var last uint64
	for _, v := range values {
		key := orderKey(v)
		if key <= last || ^key == 0 {
			t.Errorf("key of %v is %#x, want it above %#x and below the end", v, key, last)
		}
		if back := fromOrderKey(key); math.Float64bits(back) != math.Float64bits(v) {
			t.Errorf("key of %v leads back to %v", v, back)
		}
		last = key
	}
}

func TestExtremes(t *testing.T) {
	var e Extremes
	if lowest, highest := e.Words(); lowest != 0 || highest != 0 {
		t.Errorf("words %#x, %#x before the first value, want none", lowest, highest)
	}
	for _, v := range []float64{3, -7, 5} {
		e.Offer(v)
	}
	lowest, highest := e.Words()
	if LowestOf(lowest) != -7 || HighestOf(highest) != 5 {
		t.Errorf("extremes %v and %v, want -7 and 5", LowestOf(lowest), HighestOf(highest))
	}
}
