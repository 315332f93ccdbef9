package otlp

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/metertree/metertree/metric"
)

// A walk is a map of which only what was in the last pass is there.
func TestWalkIsAMapOfTheLastPass(t *testing.T) {
	for seed := range uint64(50) {
		random := rand.New(rand.NewPCG(seed, 1))
		var w walk[int]
		want := map[metric.LabelSet]int{}
		for pass := range 20 {
			var labels []metric.LabelSet
			for range random.IntN(30) {
				labels = append(labels, metric.LabelSet(fmt.Sprintf("l=%q", fmt.Sprint(random.IntN(40)))))
			}
			slices.Sort(labels)
			labels = slices.Compact(labels)
			next := map[metric.LabelSet]int{}
			w.begin()
			for _, l := range labels {
				got, found := w.find(l)
				have, there := want[l]
				if got != have || found != there {
					t.Fatalf("seed %d, pass %d: find(%s) = %d, %v, want %d, %v", seed, pass, l, got, found, have, there)
				}
				if random.IntN(4) > 0 {
					next[l] = pass
					w.keep(l, pass)
				}
			}
			if random.IntN(5) == 0 {
				continue // cut off: what was there stays
			}
			w.end()
			want = next
		}
	}
}
