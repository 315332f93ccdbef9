package explain_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/metertree/metertree/tree/explain"
)

// largest is the most leaves, of 5 labels, with more causes than are listed.
func largest() (labels []string, leaves []explain.Leaf) {
	r := rand.New(rand.NewPCG(1, 1))
	for range explain.MaxLeaves {
		values := make([]string, 5)
		for l := range values {
			values[l] = fmt.Sprint(r.IntN(30 + 20*l))
		}
		before := 1000 * r.ExpFloat64()
		after := before * (1 + 0.05*r.NormFloat64())
		if len(values[0]) == 1 {
			after *= 2 + float64(values[0][0]-'0')
		}
		leaves = append(leaves, explain.Leaf{Values: values, Before: before, After: max(after, 0)})
	}
	return []string{"a", "b", "c", "d", "e"}, leaves
}

func BenchmarkSum(b *testing.B) {
	labels, leaves := largest()
	b.ReportAllocs()
	for b.Loop() {
		if _, err := explain.Sum(context.Background(), labels, leaves, explain.Options{MaxBranches: 10}); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkRatio(b *testing.B) {
	labels, sums := largest()
	leaves := make([]explain.RatioLeaf, len(sums))
	for i, l := range sums {
		leaves[i] = explain.RatioLeaf{Values: l.Values, NumBefore: l.Before / 50, DenBefore: l.Before, NumAfter: l.After / 40, DenAfter: l.After}
		if l.Values[1] == "3" || l.Values[2] == "7" {
			leaves[i].NumAfter *= 4
		}
	}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := explain.Ratio(context.Background(), labels, leaves, explain.Options{MaxBranches: 10}); err != nil {
			b.Fatal(err)
		}
	}
}
