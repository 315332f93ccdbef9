package explain_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/metertree/metertree/tree/explain"
)

// poisson draws a count of events that come by chance.
func poisson(rng *rand.Rand, mean float64) float64 {
	if mean > 500 {
		return math.Round(mean + math.Sqrt(mean)*rng.NormFloat64())
	}
	n, p := -1.0, 1.0
	for limit := math.Exp(-mean); p > limit; n++ {
		p *= rng.Float64()
	}
	return n
}

// Counts that differ by chance alone blame nobody, however few leaves there are to
// tell noise from change.
func TestCountingNoise(t *testing.T) {
	labels := []string{"route", "region"}
	for _, routes := range []int{3, 12} {
		for _, rate := range []float64{0.001, 0.01} {
			blamed := 0
			const cases = 200
			for seed := range uint64(cases) {
				rng := rand.New(rand.NewPCG(seed, 99))
				var sums []explain.Leaf
				var ratios []explain.RatioLeaf
				for i := range 2 * routes {
					values := []string{fmt.Sprint(i / 2), fmt.Sprint(i % 2)}
					count := func(mean float64) float64 { return poisson(rng, mean) }
					den := 5000 * (1 + float64(i%5))
					l := explain.RatioLeaf{Values: values, NumBefore: count(rate * den), NumAfter: count(rate * den), DenBefore: count(den), DenAfter: count(den)}
					ratios = append(ratios, l)
					sums = append(sums, explain.Leaf{Values: values, Before: l.NumBefore, After: l.NumAfter})
				}
				for _, e := range []*explain.Explanation{
					must(explain.Sum(t.Context(), labels, sums, explain.Options{Event: 1})),
					must(explain.Ratio(t.Context(), labels, ratios, explain.Options{Event: 1})),
				} {
					if e.Verdict == explain.Branches {
						blamed++
					}
				}
			}
			if blamed > cases/20 {
				t.Errorf("%d routes, rate %v: a branch is blamed in %d of %d cases of noise", routes, rate, blamed, 2*cases)
			}
		}
	}
}

func must(e *explain.Explanation, err error) *explain.Explanation {
	if err != nil {
		panic(err)
	}
	return e
}
