package tree

import (
	"math"
	"sort"
)

// Accumulator folds values one at a time. The zero Accumulator of a fold is ready.
type Accumulator struct {
	Fold  Fold
	value float64
	n     int
}

// Add takes one more value in. NaN values are left out: they are absence.
func (a *Accumulator) Add(v float64) {
	if math.IsNaN(v) {
		return
	}
	a.n++
	switch {
	case a.n == 1:
		a.value = v
	case a.Fold == FoldMin:
		a.value = math.Min(a.value, v)
	case a.Fold == FoldMax:
		a.value = math.Max(a.value, v)
	default:
		a.value += v
	}
}

// Value returns the fold of what was added: NoData when nothing was, or when
// several values have no common one.
func (a *Accumulator) Value() Number {
	switch {
	case a.n == 0:
		return NoData
	case a.n == 1:
		return Number(a.value)
	case a.Fold == FoldAvg:
		return Number(a.value / float64(a.n))
	case !a.Fold.Common():
		return NoData
	default:
		return Number(a.value)
	}
}

// Arrange puts the branches of a result in order, largest first and then by
// value, keeps as many as limit and folds the rest into Other, so that what is
// shown still adds up to the parent.
func (r *Result) Arrange(fold Fold, limit int) {
	sort.Slice(r.Groups, func(i, j int) bool {
		a, b := r.Groups[i], r.Groups[j]
		x, y := a.Reading.Value, b.Reading.Value
		if x.IsNaN() != y.IsNaN() {
			return y.IsNaN() // absence comes last
		}
		if x != y && !x.IsNaN() {
			return x > y
		}
		return a.Value < b.Value
	})
	if limit <= 0 || len(r.Groups) <= limit {
		return
	}
	rest := r.Groups[limit:]
	r.Groups = r.Groups[:limit:limit]
	r.Others = len(rest)
	r.Other = mergeGroups(rest, fold)
}

func mergeGroups(groups []Group, fold Fold) *Group {
	other := &Group{Reading: Reading{Meaning: MeaningNone, Value: NoData}}
	sum, weight, numbers := Accumulator{Fold: FoldSum}, 0, Group{Reading: other.Reading}
	acc := Accumulator{Fold: fold}
	for _, g := range groups {
		other.Series += g.Series
		other.Streams += g.Streams
		other.NaNs += g.NaNs
		if g.Reading.Value.IsNaN() {
			continue
		}
		if numbers.Reading.Meaning == MeaningNone {
			numbers = g
		}
		if fold == FoldAvg {
			// The mean of the rest weighs each branch by its series.
			sum.Add(float64(g.Reading.Value) * float64(g.Streams-g.NaNs))
			weight += g.Streams - g.NaNs
			continue
		}
		acc.Add(float64(g.Reading.Value))
	}
	other.Reading.Value = acc.Value()
	switch {
	case fold == FoldAvg && weight > 0:
		other.Reading.Value = sum.Value() / Number(weight)
	case !fold.Common() && other.Streams > 1:
		other.Reading.Value = NoData
	}
	if !other.Reading.Value.IsNaN() {
		other.Reading.Meaning = numbers.Reading.Meaning
		if numbers.Reading.Meaning == MeaningSingle {
			other.Reading.Meaning = GaugeMeaning(fold, other.Streams)
		}
	}
	return other
}
