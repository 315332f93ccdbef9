package explain_test

import (
	"context"
	"encoding/json"
	"math"
	"testing"

	"github.com/metertree/metertree/tree/explain"
)

// FuzzExplain turns bytes into leaves of two labels, with any floats, and holds
// what is not refused to the sums.
func FuzzExplain(f *testing.F) {
	f.Add([]byte{})
	f.Add([]byte("the same leaf, the same leaf, the same leaf"))
	f.Add([]byte{0, 0, 8, 16, 8, 16, 0, 1, 8, 8, 8, 8, 1, 0, 9, 99, 9, 98, 1, 1, 0, 0, 0, 0})
	f.Add([]byte{1, 2, 255, 254, 253, 252, 3, 4, 250, 249, 0, 1, 5, 6, 7, 251, 9, 248})
	many := make([]byte, 600)
	for i := range many {
		many[i] = byte(i * i * 31)
	}
	f.Add(many)
	f.Fuzz(func(t *testing.T, data []byte) {
		labels := []string{"a", "b"}
		var sums []explain.Leaf
		var ratios []explain.RatioLeaf
		for ; len(data) >= 6 && len(sums) < 300; data = data[6:] {
			values := []string{string('p' + rune(data[0]%7)), string('p' + rune(data[1]%5))}
			v := [4]float64{number(data[2]), number(data[3]), number(data[4]), number(data[5])}
			sums = append(sums, explain.Leaf{Values: values, Before: v[0], After: v[1]})
			ratios = append(ratios, explain.RatioLeaf{Values: values, NumBefore: v[0], DenBefore: v[1], NumAfter: v[2], DenAfter: v[3]})
		}
		if e, err := explain.Sum(context.Background(), labels, sums, explain.Options{}); err == nil {
			checkSum(t, e, e.Before+e.After)
			checkJSON(t, e)
		}
		if e, err := explain.Ratio(context.Background(), labels, ratios, explain.Options{}); err == nil {
			checkSum(t, e, e.Before+e.After+math.Abs(e.RateEffect)+math.Abs(e.MixEffect)+movement(e))
			checkJSON(t, e)
		}
	})
}

// checkJSON fails on numbers that JSON cannot express.
func checkJSON(t *testing.T, e *explain.Explanation) {
	t.Helper()
	if _, err := json.Marshal(e); err != nil {
		t.Errorf("%v\n%v", err, e)
	}
}

// movement is all that rates and mixes did, in either direction.
func movement(e *explain.Explanation) float64 {
	m := e.Up - e.Down + math.Abs(e.Remainder.Rate) + math.Abs(e.Remainder.Mix)
	for _, b := range e.Branches {
		m += math.Abs(b.Rate) + math.Abs(b.Mix)
	}
	return m
}

// number maps a byte to a float: mostly small ones, some that make trouble.
func number(b byte) float64 {
	trouble := []float64{math.NaN(), math.Inf(1), math.Inf(-1), -1, math.MaxFloat64, math.SmallestNonzeroFloat64, 1e300, 1e-300}
	if i := int(b) - 248; i >= 0 {
		return trouble[i]
	}
	return math.Exp2(float64(b/16)) * float64(b%16)
}
