package explain

import (
	"cmp"
	"math"
	"slices"
)

// minJitter is the relative noise that any metric is granted: a branch must move
// further than this to stand out however quiet its leaves are.
const minJitter = 0.02

// chiMedian is the median of the chi-squared distribution with one degree of
// freedom, that of a squared normal residual.
const chiMedian = 0.4549

// noise is the variance of a leaf's change: poisson·m + relative²·m², where m is
// the mean of the leaf's two values.
type noise struct{ poisson, relative2 float64 }

// weight makes leaves of all sizes comparable: after multiplying values by it
// the variance of a leaf equals its mean.
func (n noise) weight(m float64) float64 { return 1 / (n.poisson + n.relative2*m) }

// estimateNoise fits both parts to the residuals of leaves with the given means.
// Leaves are put into bins by size; each bin's median of residual²/m is
// poisson + relative²·m, a line, which is fitted by medians of slopes (Theil and
// Sen) so that leaves which really changed do not count. Among counts of 0 and 1
// the median is too large, and the mean, which changes can only raise, is taken.
func estimateNoise(residuals, means []float64) noise {
	floor := noise{relative2: minJitter * minJitter}
	order := make([]int, 0, len(means))
	for i, m := range means {
		if m > 0 {
			order = append(order, i)
		}
	}
	if len(order) == 0 {
		return floor
	}
	slices.SortFunc(order, func(a, b int) int {
		return cmp.Or(cmp.Compare(means[a], means[b]), a-b)
	})
	bins := min(max(len(order)/8, 1), 8)
	sizes, spreads := make([]float64, bins), make([]float64, bins)
	for b := range bins {
		part := order[b*len(order)/bins : (b+1)*len(order)/bins]
		ratios, squares := make([]float64, len(part)), 0.0
		for k, i := range part {
			ratios[k] = residuals[i] * (residuals[i] / means[i])
			squares += residuals[i] * residuals[i]
			sizes[b] += means[i] / float64(len(part))
		}
		spreads[b] = min(median(ratios)/chiMedian, squares/(sizes[b]*float64(len(part))))
	}
	fitted := fitLine(sizes, spreads)
	fitted.relative2 = max(fitted.relative2, floor.relative2)
	return fitted
}

func fitLine(sizes, spreads []float64) noise {
	var slopes []float64
	for i := range sizes {
		for j := range i {
			if d := sizes[i] - sizes[j]; d > 0 {
				slopes = append(slopes, (spreads[i]-spreads[j])/d)
			}
		}
	}
	var n noise
	if len(slopes) > 0 {
		n.relative2 = max(median(slopes), 0)
	}
	rest := make([]float64, len(sizes))
	for i := range sizes {
		rest[i] = spreads[i] - n.relative2*sizes[i]
	}
	if n.poisson = median(rest); n.poisson <= 0 {
		for i := range sizes {
			rest[i] = spreads[i] / sizes[i]
		}
		return noise{relative2: median(rest)}
	}
	return n
}

// median of the values, which it reorders; the lower one of two.
func median(values []float64) float64 {
	if len(values) == 0 {
		return 0
	}
	slices.Sort(values)
	return values[(len(values)-1)/2]
}

// typicalFactor is the median of after/before, leaves weighted by the square
// root of their size: neither a crowd of tiny leaves nor one giant decides.
func typicalFactor(before, after []float64, active []bool) float64 {
	type leaf struct{ factor, weight float64 }
	leaves := make([]leaf, 0, len(before))
	total := 0.0
	for i := range before {
		if m := before[i] + after[i]; active[i] && m > 0 {
			f := math.Inf(1)
			if before[i] > 0 {
				f = after[i] / before[i]
			}
			leaves = append(leaves, leaf{f, math.Sqrt(m)})
			total += math.Sqrt(m)
		}
	}
	slices.SortFunc(leaves, func(a, b leaf) int {
		return cmp.Or(cmp.Compare(a.factor, b.factor), cmp.Compare(a.weight, b.weight))
	})
	seen := 0.0
	for _, l := range leaves {
		if seen += l.weight; seen >= total/2 && !math.IsInf(l.factor, 1) {
			return l.factor
		}
	}
	return 1
}
