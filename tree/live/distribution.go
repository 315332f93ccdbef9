package live

import (
	"maps"
	"math"
	"slices"

	"github.com/metertree/metertree/tree"
)

// distribution adds up the buckets of streams. The zero value is empty.
type distribution struct {
	bounds []float64
	counts []float64 // cumulative, for bounds and last for +Inf
	// others are what is in the buckets of histograms that have other bounds, or
	// bounds that adapt, by upper bound: what tree.MergeBuckets makes of them,
	// without the histograms.
	others map[float64]float64
	scale  int  // of those whose bounds adapt
	scaled bool // there is one
	mixed  bool // there are unlike bounds, or scales
}

// add adds a histogram, less what it was before, which had like buckets or none.
func (d *distribution) add(now, before histogram) {
	if now.buckets != nil {
		d.addScaled(now, before)
		return
	}
	d.addCounts(now.bounds, now.counts, before.counts)
}

// addCounts adds cumulative counts, less those of before.
func (d *distribution) addCounts(bounds, counts, before []float64) {
	switch {
	case counts == nil:
		return
	case d.counts == nil:
		d.bounds, d.counts = bounds, make([]float64, len(counts))
	case !slices.Equal(d.bounds, bounds): // of another family, or defined anew
		d.mixed = true
		d.addOthers(bounds, counts, before)
		return
	}
	for i, n := range counts {
		d.counts[i] += n
	}
	for i, n := range before {
		d.counts[i] -= n
	}
}

func (d *distribution) addOthers(bounds, counts, before []float64) {
	below := 0.0
	for i, n := range counts {
		bound := math.Inf(1)
		if i < len(bounds) {
			bound = bounds[i]
		}
		if before != nil {
			n -= before[i]
		}
		d.put(bound, n-below)
		below = n
	}
}

// addScaled adds a histogram whose bounds adapt, less what it was before. It may
// have been at a finer scale then, whose bounds are those of now and more.
func (d *distribution) addScaled(now, before histogram) {
	d.mixed = d.mixed || d.scaled && d.scale != now.scale
	d.scale, d.scaled = now.scale, true
	next, earlier, below := 0, 0.0, 0.0
	for _, b := range now.buckets {
		for next < len(before.buckets) && before.buckets[next].UpperBound <= b.UpperBound {
			earlier = before.buckets[next].Count
			next++
		}
		d.put(b.UpperBound, b.Count-earlier-below)
		below = b.Count - earlier
	}
}

func (d *distribution) put(bound, n float64) {
	if d.others == nil {
		d.others = make(map[float64]float64)
	}
	d.others[bound] += n
}

// addAll adds another distribution.
func (d *distribution) addAll(more *distribution) {
	d.addCounts(more.bounds, more.counts, nil)
	for bound, n := range more.others {
		d.put(bound, n)
	}
	d.mixed = d.mixed || more.mixed || d.scaled && more.scaled && d.scale != more.scale
	if more.scaled {
		d.scale, d.scaled = more.scale, true
	}
}

// merged returns the buckets, nil if there are none.
func (d *distribution) merged() []tree.Bucket {
	var all []tree.Bucket
	total := 0.0
	for _, bound := range slices.Sorted(maps.Keys(d.others)) {
		total += d.others[bound]
		all = append(all, tree.Bucket{UpperBound: bound, Count: total})
	}
	switch {
	case d.counts == nil:
		return all
	case all == nil:
		return bucketsOf(d.bounds, d.counts)
	default:
		return tree.MergeBuckets([][]tree.Bucket{all, bucketsOf(d.bounds, d.counts)})
	}
}

// rough reports whether bounds that were merged do not tell the same apart, so
// that the buckets are less exact than they look.
func (d *distribution) rough() bool { return d.mixed || d.scaled && d.counts != nil }
