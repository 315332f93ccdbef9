package explain

import (
	"cmp"
	"fmt"
	"math"
	"slices"
)

// table holds the leaves in columns and in one canonical order, so that float
// sums do not depend on the order of the input.
type table struct {
	labels []string   // sorted
	values [][]string // of each label, sorted
	codes  [][]int32  // of each label, for each leaf its value's index
	// measures are before and after, or the numerators and denominators
	// NumBefore, DenBefore, NumAfter, DenAfter.
	measures [4][]float64
	folded   []string
	excluded Excluded
}

func (t *table) leaves() int { return len(t.measures[0]) }

func newTable(labels []string, n int, at func(int) row) (*table, error) {
	if err := checkShape(labels, n); err != nil {
		return nil, err
	}
	t := &table{labels: slices.Sorted(slices.Values(labels))}
	rows := make([]row, 0, n)
	for i := range n {
		r := at(i)
		if err := r.check(labels, i); err != nil {
			return nil, err
		}
		if t.excluded.keep(r) {
			rows = append(rows, r)
		}
	}
	t.encode(labels, rows)
	t.canonical()
	for i := range t.measures {
		if sum := sumOf(t.measures[i]); math.IsInf(sum, 0) || math.IsInf(2*sum, 0) {
			return nil, fmt.Errorf("the leaves add up to more than a float can hold: scale the values down")
		}
	}
	t.foldIdentities()
	return t, nil
}

// encode replaces strings by their index among the sorted values of the label.
func (t *table) encode(labels []string, rows []row) {
	for _, label := range t.labels {
		from := slices.Index(labels, label)
		distinct := map[string]int32{}
		for _, r := range rows {
			distinct[r.values[from]] = 0
		}
		values := make([]string, 0, len(distinct))
		for v := range distinct {
			values = append(values, v)
		}
		slices.Sort(values)
		for i, v := range values {
			distinct[v] = int32(i)
		}
		codes := make([]int32, len(rows))
		for i, r := range rows {
			codes[i] = distinct[r.values[from]]
		}
		t.values, t.codes = append(t.values, values), append(t.codes, codes)
	}
	for m := range t.measures {
		t.measures[m] = make([]float64, len(rows))
		for i, r := range rows {
			t.measures[m][i] = r.measures[m] + 0 // no negative zero
		}
	}
}

// canonical sorts the leaves by label values and merges those with the same.
func (t *table) canonical() {
	order := make([]int, t.leaves())
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(a, b int) int {
		if c := t.compare(a, b); c != 0 {
			return c
		}
		for m := range t.measures {
			if c := cmp.Compare(t.measures[m][a], t.measures[m][b]); c != 0 {
				return c
			}
		}
		return 0
	})
	sorted := &table{codes: make([][]int32, len(t.codes))}
	for k, i := range order {
		merge := k > 0 && t.compare(order[k-1], i) == 0
		for m := range t.measures {
			if to := &sorted.measures[m]; merge {
				(*to)[len(*to)-1] += t.measures[m][i]
			} else {
				*to = append(*to, t.measures[m][i])
			}
		}
		for l := range t.codes {
			if !merge {
				sorted.codes[l] = append(sorted.codes[l], t.codes[l][i])
			}
		}
	}
	t.codes, t.measures = sorted.codes, sorted.measures
}

func (t *table) compare(a, b int) int {
	for _, codes := range t.codes {
		if c := cmp.Compare(codes[a], codes[b]); c != 0 {
			return c
		}
	}
	return 0
}

// A label is folded if at least so many of its values appear and as many vanish,
// and hold more than half of the volume.
const minIdentities = 4

// foldIdentities leaves out labels whose values are identities: after a restart
// every pod is another one, and each would appear to be a change of its own.
func (t *table) foldIdentities() {
	before, after := t.volume()
	for l := len(t.labels) - 1; l >= 0; l-- {
		if len(t.values[l]) < 2*minIdentities || !t.churns(l, before, after) {
			continue
		}
		t.folded = append(t.folded, t.labels[l])
		t.labels = slices.Delete(t.labels, l, l+1)
		t.values = slices.Delete(t.values, l, l+1)
		t.codes = slices.Delete(t.codes, l, l+1)
	}
	if len(t.folded) > 0 {
		slices.Sort(t.folded)
		t.canonical()
	}
}

// volume is what weighs a leaf: the value, or the denominator of a ratio.
func (t *table) volume() (before, after []float64) {
	if sumOf(t.measures[1])+sumOf(t.measures[3]) > 0 {
		return t.measures[1], t.measures[3]
	}
	return t.measures[0], t.measures[2]
}

func (t *table) churns(l int, before, after []float64) bool {
	b, a := make([]float64, len(t.values[l])), make([]float64, len(t.values[l]))
	for i, code := range t.codes[l] {
		b[code] += before[i]
		a[code] += after[i]
	}
	var appeared, vanished int
	var appearedSum, vanishedSum float64
	for code := range b {
		switch {
		case b[code] == 0 && a[code] > 0:
			appeared++
			appearedSum += a[code]
		case a[code] == 0 && b[code] > 0:
			vanished++
			vanishedSum += b[code]
		}
	}
	return min(appeared, vanished) >= minIdentities &&
		appearedSum > sumOf(a)/2 && vanishedSum > sumOf(b)/2
}

func sumOf(values []float64) (sum float64) {
	for _, v := range values {
		sum += v
	}
	return sum
}
