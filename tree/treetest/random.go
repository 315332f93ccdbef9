package treetest

import (
	"context"
	"fmt"
	"maps"
	"math"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/metertree/metertree/tree"
)

// RunRandom checks every source with generated data of one instant, as many
// times: that it has no Faults, and that every node one and two labels deep has
// the value that follows from the loaded series alone.
func RunRandom(t *testing.T, times int, sources ...Source) {
	t.Helper()
	for _, source := range sources {
		t.Run(source.Name, func(t *testing.T) {
			for seed := range uint64(times) {
				data := Random(rand.New(rand.NewPCG(seed, 1)))
				opened := source.Open(t, data)
				if opened == nil {
					t.Fatalf("the source holds no single instant: leave it out")
				}
				faults, err := Faults(t.Context(), opened)
				if err == nil {
					var wrong []string
					wrong, err = data.wrongs(t.Context(), opened)
					faults = append(faults, wrong...)
				}
				for _, fault := range faults {
					t.Errorf("seed %d: %s", seed, fault)
				}
				if err != nil {
					t.Errorf("seed %d: %v", seed, err)
				}
			}
		})
	}
}

// Random makes metrics of every kind whose series carry some of three labels,
// some of whose values look like something else. Values are whole numbers, so
// that sums are exact.
func Random(rng *rand.Rand) Data {
	d := Data{Instants: 1}
	for name, md := range randomMetrics {
		d.declare(name, func(to *tree.Metadata) { *to = md })
	}
	for _, name := range slices.Sorted(maps.Keys(randomMetrics)) {
		var seen [][]tree.Label
		for range 1 + rng.IntN(30) {
			labels := randomLabels(rng)
			if slices.ContainsFunc(seen, func(l []tree.Label) bool { return reflect.DeepEqual(l, labels) }) {
				continue
			}
			seen = append(seen, labels)
			if randomMetrics[name].Kind == tree.KindHistogram {
				d.addHistogram(rng, name, labels)
			} else {
				d.add(name, labels, float64(rng.IntN(1000)-200))
			}
		}
	}
	return d
}

var randomMetrics = map[string]tree.Metadata{
	"a_total":   {Kind: tree.KindCounter},
	"a_sum":     {Kind: tree.KindGauge, Fold: tree.FoldSum},
	"a_least":   {Kind: tree.KindGauge, Fold: tree.FoldMin},
	"a_most":    {Kind: tree.KindGauge, Fold: tree.FoldMax},
	"a_mean":    {Kind: tree.KindGauge, Fold: tree.FoldAvg},
	"a_version": {Kind: tree.KindGauge, Fold: tree.FoldNone},
	"a_seconds": {Kind: tree.KindHistogram},
}

var (
	randomValues = []string{"a", "b", "größe", tree.Unset, "other (2)", `"}`, ".*"}
	randomBounds = []string{"0.1", "0.5", "1", "5", "+Inf"}
)

func randomLabels(rng *rand.Rand) []tree.Label {
	var labels []tree.Label
	for _, name := range []string{"host", "method", "zone"} { // sorted
		if rng.IntN(4) > 0 {
			labels = append(labels, tree.Label{Name: name, Value: randomValues[rng.IntN(len(randomValues))]})
		}
	}
	return labels
}

func (d *Data) add(name string, labels []tree.Label, value float64) {
	d.Series = append(d.Series, Series{Name: name, Labels: labels, Points: []Point{{Value: value}}})
}

func (d *Data) addHistogram(rng *rand.Rand, name string, labels []tree.Label) {
	observed := 0.0
	for _, bound := range randomBounds {
		observed += float64(rng.IntN(10))
		with := append(slices.Clone(labels), tree.Label{Name: "le", Value: bound})
		slices.SortFunc(with, func(a, b tree.Label) int { return strings.Compare(a.Name, b.Name) })
		d.add(name+"_bucket", with, observed)
	}
	d.add(name+"_count", labels, observed)
	d.add(name+"_sum", labels, observed)
}

// wrongs compares the nodes of the source with what the data say.
func (d Data) wrongs(ctx context.Context, source tree.Source) (wrong []string, err error) {
	families, err := source.Families(ctx)
	if err != nil {
		return nil, err
	}
	for _, f := range families {
		selectors := []tree.Selector{{Metric: f.Name}}
		for _, host := range append(randomValues[:2:2], "") {
			sel := selectors[0].With("host", host)
			selectors = append(selectors, sel)
			for _, zone := range append(randomValues[2:4:4], "") {
				selectors = append(selectors, sel.With("zone", zone))
			}
		}
		for _, sel := range selectors {
			results, err := source.Fold(ctx, []tree.Query{{Family: f, Selector: sel}})
			if err == nil {
				err = results[0].Err
			}
			if err != nil {
				return wrong, err
			}
			got, want := results[0].Total.Reading, d.fold(f, sel)
			same := same(float64(got.Value), float64(want.Value)) && len(got.Quantiles) == len(want.Quantiles)
			for i := range want.Quantiles {
				same = same && reflect.DeepEqual(round(got.Quantiles[i]), round(want.Quantiles[i]))
			}
			if !same {
				wrong = append(wrong, fmt.Sprintf("%s is %v %v, the series say %v %v", sel, got.Value, got.Quantiles, want.Value, want.Quantiles))
			}
		}
	}
	return wrong, nil
}

// round gives texts, in which absence is equal to absence.
func round(q tree.Quantile) [2]string {
	return [2]string{number(q.Q), number(float64(q.Value))}
}

// fold reads a node from the series, one by one.
func (d Data) fold(f tree.Family, sel tree.Selector) tree.Reading {
	var values []float64
	buckets := map[float64]float64{}
	for _, s := range d.Series {
		if !s.selected(sel) {
			continue
		}
		switch s.Name {
		case f.Name, f.Name + "_count":
			values = append(values, s.Points[0].Value)
		case f.Name + "_bucket":
			buckets[s.bound()] += s.Points[0].Value
		}
	}
	r := tree.Reading{Value: tree.Number(foldAll(f.Fold, values))}
	if len(buckets) == 0 {
		return r
	}
	merged := make([]tree.Bucket, 0, len(buckets))
	for _, bound := range slices.Sorted(maps.Keys(buckets)) {
		merged = append(merged, tree.Bucket{UpperBound: bound, Count: buckets[bound]})
	}
	for _, q := range tree.ReadingQuantiles() {
		r.Quantiles = append(r.Quantiles, tree.Quantile{Q: q, Value: tree.Number(tree.BucketQuantile(q, merged))})
	}
	return r
}

func foldAll(fold tree.Fold, values []float64) float64 {
	sum := 0.0
	for _, v := range values {
		sum += v
	}
	switch {
	case len(values) == 0 || fold == tree.FoldNone && len(values) > 1:
		return math.NaN()
	case fold == tree.FoldMin:
		return slices.Min(values)
	case fold == tree.FoldMax:
		return slices.Max(values)
	case fold == tree.FoldAvg:
		return sum / float64(len(values))
	default:
		return sum
	}
}
