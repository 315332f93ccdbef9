package registry

import (
	"slices"

	"github.com/metertree/metertree/metric"
)

// Overflow is the label value that stands for the values beyond a budget.
const Overflow = "__overflow__"

// mergedKeys say, for a family whose budget was reached, how label sets that
// have no series of their own are merged: in steps, each of which replaces the
// value of one key more by Overflow. The first key is the one with the most
// values, since it is the one that explodes. The other labels stay, and so do
// the totals along them.
type mergedKeys struct {
	// order are positions in the family's keys.
	order []int
	// room is how many merged series each step may have before the next one
	// merges further; the last step, with a single series, needs none.
	room int
	used []int
	// counts are of the updates that each step has merged.
	counts []Bound
}

// findMerged returns the series that a label set without one of its own is
// merged into, if that is already there.
func (f *family) findMerged(all []string, hash uint32) *series {
	merged := f.merged.Load()
	if merged == nil {
		return nil
	}
	if s := f.find(all, hash); s != nil {
		return s
	}
	values := append(make([]string, 0, maxInline), all...)
	for step, key := range merged.order {
		values[key] = Overflow
		if s := f.find(values, f.hashAll(values)); s != nil {
			merged.counts[step].AddInt(1)
			return s
		}
	}
	return nil
}

// mergeLocked returns the series that a label set beyond the budget is merged
// into, made if need be; nil if the family's values cannot be merged.
func (f *family) mergeLocked(all []string) *series {
	if f.Kind == metric.Gauge && f.Fold != metric.FoldLast {
		f.registry.drop(f.Name, OverBudget)
		return nil
	}
	if len(f.keys) == 0 {
		return f.insertLocked(all, f.hashAll(all))
	}
	merged := f.merged.Load()
	if merged == nil {
		merged = f.planMerge()
		f.merged.Store(merged)
	}
	values := slices.Clone(all)
	for step, key := range merged.order {
		values[key] = Overflow
		hash := f.hashAll(values)
		s := f.find(values, hash)
		last := step == len(merged.order)-1
		if s == nil && (merged.used[step] < merged.room || last) {
			merged.used[step]++
			s = f.insertLocked(values, hash)
		}
		if s != nil {
			merged.counts[step].AddInt(1)
			return s
		}
	}
	return nil
}

// planMerge orders the keys by how many values they have now.
func (f *family) planMerge() *mergedKeys {
	seen := make([]map[string]struct{}, len(f.keys))
	for at := range seen {
		seen[at] = map[string]struct{}{}
	}
	var values []string
	for _, s := range f.table.Load().all() {
		values = s.labels.Values(values[:0], f.keys)
		for at, v := range values {
			seen[at][v] = struct{}{}
		}
	}
	order := make([]int, len(f.keys))
	for at := range order {
		order[at] = at
	}
	slices.SortStableFunc(order, func(a, b int) int { return len(seen[b]) - len(seen[a]) })
	merged := &mergedKeys{order: order, room: f.budget/10 + 1, used: make([]int, len(order))}
	for _, key := range order {
		merged.counts = append(merged.counts, f.overflowCount(f.keys[key]))
	}
	f.announceMerge(f.keys[order[0]])
	return merged
}

// overflowCount returns the count of updates merged on a key. The metric that
// holds these counts cannot count in itself.
func (f *family) overflowCount(key string) Bound {
	overflowed := f.registry.self.overflowed
	if overflowed == nil || f == overflowed.family {
		return Bound{}
	}
	return overflowed.Bind([]string{f.Name, key})
}

// announceMerge logs, once, that label sets are merged from now on.
func (f *family) announceMerge(key string) {
	if r := f.registry; r.firstOf(f.Name, key) {
		r.options.Logger.Warn("series budget reached; further label sets are merged on one key",
			"metric", f.Name, "budget", f.budget, "key", key,
			"remedy", "take the label off, normalise its values, or raise the budget with meter.SeriesBudget")
	}
}
