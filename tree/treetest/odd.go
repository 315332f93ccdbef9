package treetest

import (
	"maps"
	"math"
	"math/rand/v2"
	"reflect"
	"slices"
	"time"

	"github.com/metertree/metertree/tree"
)

// oddMetrics have series that are not a number, and histograms of unlike bounds.
var oddMetrics = map[string]tree.Metadata{
	"n_total":   {Kind: tree.KindCounter},
	"n_sum":     {Kind: tree.KindGauge, Fold: tree.FoldSum},
	"n_most":    {Kind: tree.KindGauge, Fold: tree.FoldMax},
	"n_mean":    {Kind: tree.KindGauge, Fold: tree.FoldAvg},
	"n_seconds": {Kind: tree.KindHistogram},
}

// oddBounds are those of a third of the histograms of n_seconds.
var oddBounds = []string{"0.1", "0.25", "2.5", "+Inf"}

func boundsOf(rng *rand.Rand, name string) []string {
	if name == "n_seconds" && rng.IntN(3) == 0 {
		return oddBounds
	}
	return randomBounds
}

// addOdd adds a value for each of the odd metrics' series.
func (d *Data) addOdd(rng *rand.Rand) {
	each(rng, oddMetrics, func(name string, md tree.Metadata, labels []tree.Label) {
		switch {
		case md.Kind == tree.KindHistogram:
			d.addHistogram(rng, name, labels, boundsOf(rng, name))
		case rng.IntN(4) == 0:
			d.add(name, labels, math.NaN())
		default:
			d.add(name, labels, float64(rng.IntN(1000)))
		}
	}, d)
}

// each makes up label sets for the metrics, in an order of its own, and declares
// the metrics.
func each(rng *rand.Rand, metrics map[string]tree.Metadata, add func(name string, md tree.Metadata, labels []tree.Label), d *Data) {
	for _, name := range slices.Sorted(maps.Keys(metrics)) {
		d.declare(name, func(to *tree.Metadata) { *to = metrics[name] })
		var seen [][]tree.Label
		for range 1 + rng.IntN(20) {
			labels := randomLabels(rng)
			if slices.ContainsFunc(seen, func(l []tree.Label) bool { return reflect.DeepEqual(l, labels) }) {
				continue
			}
			seen = append(seen, labels)
			add(name, metrics[name], labels)
		}
	}
}

const (
	historyInstants = 41
	historyEvery    = 15 * time.Second
)

// RandomHistory makes metrics of every kind over ten minutes. Counters grow
// unevenly and are reset; series begin late, end, with a word or without, come
// back, and miss samples; some values are not a number, and some histograms have
// bounds unlike the others'.
func RandomHistory(rng *rand.Rand) Data {
	d := Data{Instants: historyInstants, Every: historyEvery}
	for _, metrics := range []map[string]tree.Metadata{randomMetrics, oddMetrics} {
		each(rng, metrics, func(name string, md tree.Metadata, labels []tree.Label) {
			d.addHistory(rng, name, md.Kind, labels)
		}, &d)
	}
	return d
}

func (d *Data) addHistory(rng *rand.Rand, name string, kind tree.Kind, labels []tree.Label) {
	life := newLife(rng)
	odd := oddMetrics[name].Kind != tree.KindUnknown && rng.IntN(4) == 0
	switch kind {
	case tree.KindHistogram:
		d.addHistogramHistory(rng, name, labels, life)
	case tree.KindCounter:
		step := 1 + rng.IntN(50)
		total := float64(rng.IntN(1000))
		d.addLife(name, labels, life, func(instant int) float64 {
			total += float64(rng.IntN(step))
			if instant == life.reset {
				total = float64(rng.IntN(3))
			}
			return oddly(odd && rng.IntN(30) == 0, total)
		})
	default:
		level := rng.IntN(1000) - 200
		d.addLife(name, labels, life, func(int) float64 {
			return oddly(odd && rng.IntN(4) == 0, float64(level+rng.IntN(100)))
		})
	}
}

func oddly(odd bool, v float64) float64 {
	if odd {
		return math.NaN()
	}
	return v
}

// addHistogramHistory adds buckets that count alike, sample by sample.
func (d *Data) addHistogramHistory(rng *rand.Rand, name string, labels []tree.Label, life life) {
	bounds := boundsOf(rng, name)
	counts := make([][]float64, len(bounds)) // of each instant
	for instant := range historyInstants {
		observed := 0.0
		for i := range bounds {
			observed += float64(rng.IntN(4))
			before := 0.0
			if instant > 0 && instant != life.reset {
				before = counts[i][instant-1]
			}
			counts[i] = append(counts[i], before+observed)
		}
	}
	last := counts[len(counts)-1]
	for i, bound := range bounds {
		d.addLife(name+"_bucket", withLabel(labels, "le", bound), life, func(instant int) float64 { return counts[i][instant] })
	}
	for _, suffix := range []string{"_count", "_sum"} {
		d.addLife(name+suffix, labels, life, func(instant int) float64 { return last[instant] })
	}
}

// life is when a series has samples.
type life struct {
	begin, end, reset int // instants; end is the first without a sample
	missing           map[int]bool
	said              bool // whether its end is marked
	back              int  // the instant at which it comes back, or none
}

func newLife(rng *rand.Rand) life {
	l := life{end: historyInstants, reset: rng.IntN(2 * historyInstants), missing: map[int]bool{}, back: historyInstants}
	if rng.IntN(4) == 0 {
		l.begin = rng.IntN(historyInstants)
	}
	if rng.IntN(4) == 0 {
		l.end = l.begin + rng.IntN(historyInstants-l.begin)
		l.said = rng.IntN(2) == 0
		if rng.IntN(3) == 0 {
			l.back = l.end + 1 + rng.IntN(historyInstants)
		}
	}
	if rng.IntN(3) == 0 {
		for range rng.IntN(15) {
			l.missing[rng.IntN(historyInstants)] = true
		}
	}
	return l
}

// Stale is what a series that ended has for a value, once. It is the one that
// Prometheus' formats use, and is not a number.
var Stale = math.Float64frombits(0x7ff0000000000002)

// IsStale reports whether a value is Stale, which no other that is not a number is.
func IsStale(v float64) bool { return math.Float64bits(v) == math.Float64bits(Stale) }

// addLife adds the samples of a series' life, if there are any.
func (d *Data) addLife(name string, labels []tree.Label, life life, value func(instant int) float64) {
	s := Series{Name: name, Labels: labels}
	for instant := range historyInstants {
		v := value(instant)
		switch {
		case instant < life.begin || life.missing[instant] && instant != life.end:
		case instant == life.end && life.said && len(s.Points) > 0:
			s.Points = append(s.Points, Point{instant, Stale})
		case instant < life.end || instant >= life.back:
			s.Points = append(s.Points, Point{instant, v})
		}
	}
	if len(s.Points) > 0 {
		d.Series = append(d.Series, s)
	}
}
