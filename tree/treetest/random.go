package treetest

import (
	"maps"
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
	runGenerated(t, times, func(seed uint64) Data { return Random(rand.New(rand.NewPCG(seed, 1))) }, sources)
}

// RunHistories does what RunRandom does with generated data over time. Of what
// increases it is the totals that are held against the series.
func RunHistories(t *testing.T, times int, sources ...Source) {
	t.Helper()
	runGenerated(t, times, func(seed uint64) Data { return RandomHistory(rand.New(rand.NewPCG(seed, 3))) }, sources)
}

func runGenerated(t *testing.T, times int, generate func(seed uint64) Data, sources []Source) {
	t.Helper()
	for _, source := range sources {
		t.Run(source.Name, func(t *testing.T) {
			for seed := range uint64(times) {
				data := generate(seed)
				opened := source.Open(t, data)
				if opened == nil {
					t.Fatalf("the source does not hold such data: leave it out")
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
				d.addHistogram(rng, name, labels, randomBounds)
			} else {
				d.add(name, labels, float64(rng.IntN(1000)-200))
			}
		}
	}
	d.addOdd(rng)
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

func (d *Data) addHistogram(rng *rand.Rand, name string, labels []tree.Label, bounds []string) {
	observed := 0.0
	for _, bound := range bounds {
		observed += float64(rng.IntN(10))
		d.add(name+"_bucket", withLabel(labels, "le", bound), observed)
	}
	d.add(name+"_count", labels, observed)
	d.add(name+"_sum", labels, observed)
}

// withLabel is the labels and one more, sorted.
func withLabel(labels []tree.Label, name, value string) []tree.Label {
	with := append(slices.Clone(labels), tree.Label{Name: name, Value: value})
	slices.SortFunc(with, func(a, b tree.Label) int { return strings.Compare(a.Name, b.Name) })
	return with
}
