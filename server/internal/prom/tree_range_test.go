package prom

import (
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/metertree/metertree/tree"
	"github.com/metertree/metertree/tree/treetest"
)

// TestRangeIsAFoldAtEachInstant: a plot shows at each instant what the tree shows
// of that moment, for the whole and its branches, whatever is selected.
func TestRangeIsAFoldAtEachInstant(t *testing.T) {
	s := openEmbedded(t, treetest.RandomHistory(rand.New(rand.NewPCG(5, 5))))
	window := tree.Window{Start: treetest.Now.Add(-4 * time.Minute), End: treetest.Now, Step: time.Minute}
	listed, err := s.Families(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range listed {
		q := tree.Query{Family: f, Selector: tree.Selector{Metric: f.Name}, By: "host", Limit: -1, Except: &tree.Exclusion{Label: "zone", Values: []string{"", "a"}}}
		if f.Increases() {
			q.As = tree.MeaningRate
		}
		plotted, err := s.Range(t.Context(), q, window)
		if err != nil {
			t.Fatal(err)
		}
		for i, at := range plotted.Times {
			q.Moment = tree.Moment{End: at}
			folded, err := s.Fold(t.Context(), []tree.Query{q})
			if err != nil || folded[0].Err != nil {
				t.Fatal(err, folded[0].Err)
			}
			if got, want := plotted.Total[i], folded[0].Total.Reading.Value; !alike(got, want) {
				t.Errorf("%s at %v: plotted %v, folded %v", f.Name, at, got, want)
			}
			values := make(map[string]tree.Number)
			for _, g := range folded[0].Groups {
				values[g.Value] = g.Reading.Value
			}
			for _, line := range plotted.Lines {
				want, ok := values[line.Value]
				if !ok {
					want = tree.NoData
				}
				if got := line.Points[i]; !alike(got, want) {
					t.Errorf("%s of host %q at %v: plotted %v, folded %v", f.Name, line.Value, at, got, want)
				}
			}
		}
	}
}

func alike(a, b tree.Number) bool {
	return a.IsNaN() && b.IsNaN() || math.Abs(float64(a-b)) <= 1e-9*math.Abs(float64(b))
}
