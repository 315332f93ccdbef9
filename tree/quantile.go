package tree

import (
	"math"
	"sort"
)

// Bucket is one bucket of a classic histogram: the number of observations at or
// below its upper bound.
type Bucket struct {
	UpperBound float64
	Count      float64 // cumulative
}

// MergeBuckets adds up histograms, each given as buckets sorted by bound. Where
// the bounds differ the result has all of them, and a histogram contributes to a
// bound it does not have what it counted at its next lower one: never more than
// was observed there.
func MergeBuckets(histograms [][]Bucket) []Bucket {
	bounds := make(map[float64]bool)
	for _, h := range histograms {
		for _, b := range h {
			bounds[b.UpperBound] = true
		}
	}
	merged := make([]Bucket, 0, len(bounds))
	for b := range bounds {
		merged = append(merged, Bucket{UpperBound: b})
	}
	sort.Slice(merged, func(i, j int) bool { return merged[i].UpperBound < merged[j].UpperBound })
	for _, h := range histograms {
		next, below := 0, 0.0
		for i := range merged {
			for next < len(h) && h[next].UpperBound <= merged[i].UpperBound {
				below = math.Max(below, h[next].Count)
				next++
			}
			merged[i].Count += below
		}
	}
	return merged
}

// BucketQuantile estimates the q-quantile, 0 ≤ q ≤ 1, of the observations in
// buckets sorted by bound, the last of which must be +Inf. Observations are
// taken as spread evenly within a bucket, the lowest of which starts at 0 unless
// its bound is negative. In the last bucket the answer is the highest finite
// bound. It returns NaN when there are no observations or no +Inf bucket.
func BucketQuantile(q float64, buckets []Bucket) float64 {
	n := len(buckets)
	if n < 2 || !math.IsInf(buckets[n-1].UpperBound, 1) || !(buckets[n-1].Count > 0) || math.IsNaN(q) {
		return math.NaN()
	}
	target := q * buckets[n-1].Count
	i := sort.Search(n-1, func(i int) bool { return buckets[i].Count >= target })
	if i == n-1 {
		return buckets[n-2].UpperBound
	}
	if i == 0 && buckets[0].UpperBound <= 0 {
		return buckets[0].UpperBound
	}
	lower, below := 0.0, 0.0
	if i > 0 {
		lower, below = buckets[i-1].UpperBound, buckets[i-1].Count
	}
	within := buckets[i].Count - below
	if within == 0 {
		return buckets[i].UpperBound
	}
	return lower + (buckets[i].UpperBound-lower)*(target-below)/within
}
