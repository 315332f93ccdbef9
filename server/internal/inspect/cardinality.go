package inspect

import (
	"cmp"
	"iter"
	"slices"
	"strings"

	"github.com/metertree/metertree/metric"
	"github.com/metertree/metertree/policy"
	"github.com/metertree/metertree/policy/cardinality"
)

// nameLabel stands for the name of a sample, so that a histogram's sum and count
// are told apart.
const nameLabel = "__name__"

// Cardinality counts the series of an exposition, as a server would store them:
// every bucket is one. Metrics are counted one after the other, so that the
// counting holds the numbers of one metric in memory.
func (e *Exposition) Cardinality(thresholds policy.Thresholds) cardinality.Report {
	whole := cardinality.Report{Labels: []cardinality.LabelTotal{}}
	totals := map[string]*cardinality.LabelTotal{}
	for _, f := range e.Families {
		m := f.count(thresholds, nil)
		whole.Series += m.Series
		whole.Metrics = append(whole.Metrics, m)
		for _, l := range m.Labels {
			t := totals[l.Name]
			if t == nil {
				t = &cardinality.LabelTotal{Name: l.Name}
				totals[l.Name] = t
			}
			t.Metrics++
			if l.Values.Count > t.MostValues.Count {
				t.MostValues = l.Values
			}
		}
		for set := range f.sets(nil) {
			for _, l := range set {
				if t := totals[l.Name]; t != nil {
					t.Series++
				}
			}
		}
	}
	for _, t := range totals {
		whole.Labels = append(whole.Labels, *t)
	}
	slices.SortFunc(whole.Metrics, func(a, b cardinality.Metric) int {
		return cmp.Or(cmp.Compare(b.Series, a.Series), strings.Compare(a.Name, b.Name))
	})
	slices.SortFunc(whole.Labels, func(a, b cardinality.LabelTotal) int {
		return cmp.Or(cmp.Compare(b.Series, a.Series), strings.Compare(a.Name, b.Name))
	})
	return whole
}

// count counts the series of the family as they would be without some labels.
func (f Family) count(thresholds policy.Thresholds, without []string) cardinality.Metric {
	report := cardinality.Of(func(yield func(string, []metric.Label) bool) {
		for set := range f.sets(without) {
			if !yield(f.Name, set) {
				return
			}
		}
	}, thresholds)
	m := report.Metrics[0]
	m.Labels = slices.DeleteFunc(m.Labels, func(l cardinality.Label) bool { return l.Name == nameLabel })
	m.Pairs = slices.DeleteFunc(m.Pairs, func(p cardinality.Pair) bool { return slices.Contains(p.Labels[:], nameLabel) })
	for i := range m.Labels {
		// That sums and counts have no bound is no value of it.
		if l := &m.Labels[i]; l.Name == f.special() && len(f.Parts) > 1 {
			l.Values.Count--
			l.Level = thresholds.Level(l.Values.Count)
		}
	}
	slices.SortFunc(m.Labels, func(a, b cardinality.Label) int {
		return cmp.Or(cmp.Compare(b.Values.Count, a.Values.Count), strings.Compare(a.Name, b.Name))
	})
	return m
}

// sets yields the label sets of the family's series, with the name of the sample
// where there are several, and without some labels. The set is reused.
func (f Family) sets(without []string) iter.Seq[[]metric.Label] {
	return func(yield func([]metric.Label) bool) {
		var set []metric.Label
		for _, p := range f.Parts {
			for _, s := range p.Series {
				set = set[:0]
				if len(f.Parts) > 1 {
					set = append(set, metric.Label{Name: nameLabel, Value: p.Name})
				}
				for _, l := range s.Labels {
					if !slices.Contains(without, l.Name) {
						set = append(set, l)
					}
				}
				if !yield(set) {
					return
				}
			}
		}
	}
}
