package integrate

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"sync"

	"github.com/metertree/metertree/metric"
	"github.com/metertree/metertree/registry"
)

// Views are views that do not contradict one another. They do not change; their
// methods may be called at any time from any goroutine, also on nil, which are
// no views.
type Views struct {
	views []View

	// mu guards defined, the metrics that Define has accepted.
	mu      sync.Mutex
	defined names
}

// NewViews checks views and puts them together. Two views that set one aspect of
// one instrument differently are an error, here if it is certain that they match
// the same instrument, and else at the instrument's definition. The views are
// not to be written afterwards.
func NewViews(views ...View) (*Views, error) {
	v := &Views{views: slices.Clone(views), defined: newNames()}
	var errs []error
	for i := range v.views {
		if err := v.views[i].validate(); err != nil {
			errs = append(errs, fmt.Errorf("%s: %w", v.name(i), err))
		}
		// A label set with each name once is what With makes.
		v.views[i].Add = metric.Labels(nil).With(v.views[i].Add...)
		for j := range i {
			a, b := &v.views[j], &v.views[i]
			if !a.Match.within(b.Match) && !b.Match.within(a.Match) {
				continue
			}
			if err := conflict(a, b); err != nil {
				errs = append(errs, fmt.Errorf("%s and %s match the same metrics and %w", v.name(j), v.name(i), err))
			}
		}
	}
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	return v, nil
}

// name tells a view from the others, counted from 1 as people do.
func (v *Views) name(i int) string {
	return fmt.Sprintf("view %d (%s)", i+1, v.views[i].Match)
}

// Define is to be used as registry.Options.Define, and then decides what is kept
// of an instrument's values where a view asks for an aggregation or buckets: only
// then can any be had. An instrument with metric.Drop keeps nothing, so that no
// later views can bring it back. Define fails if the views contradict one
// another for the instrument, if they cannot be applied to it, or if they give
// it a name that another metric has which it cannot be merged with. A name that
// views have given stays taken when the metric is closed. The views are to be
// used with one registry only.
func (v *Views) Define(d *registry.Definition) error {
	if v == nil || len(v.views) == 0 {
		return nil
	}
	s, err := v.settings(&d.Descriptor)
	if err != nil {
		return err
	}
	asked := d.Descriptor
	s.decideKept(&asked)
	// Constant labels are among all keys, as they are in what is exported.
	exported := asked
	exported.Const = nil
	t, err := v.treat(&exported, asked.AllKeys(), Ungrouped)
	if err != nil {
		// What is wrong by itself is no fault of the views.
		return cmp.Or(asked.Validate(), err)
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	if !t.hidden {
		v.defined.leaveToRegistry(d.Name, &t.out)
		if err := v.defined.place(d.Name, &t.out); err != nil {
			return err
		}
	}
	d.Descriptor = asked
	return nil
}

// settings are the aspects that views set for one instrument.
type settings struct {
	rename      string
	keep, drop  []string
	add         metric.Labels
	aggregation metric.Aggregation
	buckets     []float64
	size        int
	fold        metric.Fold
}

// settings returns what all matching views say together.
func (v *Views) settings(d *metric.Descriptor) (settings, error) {
	var s settings
	if v == nil {
		return s, nil
	}
	var matching []int
	for i := range v.views {
		if !v.views[i].Match.matches(d) {
			continue
		}
		view, err := v.views[i].forMetric(d)
		if err != nil {
			return s, fmt.Errorf("metric %s: %s: %w", d.Name, v.name(i), err)
		}
		for _, j := range matching {
			// Only what applies to this metric can contradict.
			other, _ := v.views[j].forMetric(d)
			if err := conflict(&other, &view); err != nil {
				return s, fmt.Errorf("metric %s: %s and %s %w", d.Name, v.name(j), v.name(i), err)
			}
		}
		matching = append(matching, i)
		s.take(&view)
	}
	return s, nil
}

// forMetric returns the view without what does not concern a metric: what is not
// for its kind, and labels that declare other metrics. If the view names the very
// metric, the former is an error, and the latter are meant.
func (v View) forMetric(d *metric.Descriptor) (View, error) {
	exact := v.Match.exact()
	if wants := v.aggregation(); !fitsKind(wants, d.Kind) {
		if exact {
			return v, fmt.Errorf("a %s cannot be exported as %s: choose an aggregation of its kind", d.Kind, wants)
		}
		v.Aggregation, v.Buckets, v.Size = metric.AggregationDefault, nil, 0
	}
	if v.Fold != metric.FoldNone && d.Kind != metric.Gauge {
		if exact {
			return v, fmt.Errorf("a %s has no fold: only gauges need one", d.Kind)
		}
		v.Fold = metric.FoldNone
	}
	if own := infoKeys[d.Name]; own != nil && !exact {
		v.spare(own)
	}
	return v, nil
}

// spare takes labels out of those that the view decides on, and keeps them.
func (v *View) spare(labels []string) {
	spared := func(name string) bool { return slices.Contains(labels, name) }
	if v.Keep != nil {
		v.Keep = append(slices.DeleteFunc(slices.Clone(v.Keep), spared), labels...)
	}
	v.Drop = slices.DeleteFunc(slices.Clone(v.Drop), spared)
	v.Add = slices.DeleteFunc(slices.Clone(v.Add), func(l metric.Label) bool { return spared(l.Name) })
}

// take adds the aspects of a view that contradicts none taken before.
func (s *settings) take(v *View) {
	if v.Rename != "" {
		s.rename = v.Rename
	}
	if v.Keep != nil {
		s.keep = v.Keep
	}
	s.drop = append(s.drop, v.Drop...)
	s.add = s.add.With(v.Add...)
	if wants := v.aggregation(); wants != metric.AggregationDefault {
		s.aggregation = wants
	}
	if v.Buckets != nil {
		s.buckets = v.Buckets
	}
	if v.Size != 0 {
		s.size = v.Size
	}
	if s.aggregation == metric.ExplicitBuckets && s.buckets != nil && len(s.buckets) == 0 {
		s.aggregation = metric.SumAggregation
	}
	if v.Fold != metric.FoldNone {
		s.fold = v.Fold
	}
}

// conflict tells what two views that match one instrument set differently.
func conflict(a, b *View) error {
	differ := func(what string, x, y any) error {
		return fmt.Errorf("set %s differently, %v and %v: narrow the match of one, or set it in one of them only", what, x, y)
	}
	wantsA, wantsB := a.aggregation(), b.aggregation()
	switch {
	case a.Rename != "" && b.Rename != "" && a.Rename != b.Rename:
		return differ("the name", a.Rename, b.Rename)
	case a.Keep != nil && b.Keep != nil && !sameNames(a.Keep, b.Keep):
		return differ("the labels to keep", a.Keep, b.Keep)
	case wantsA != metric.AggregationDefault && wantsB != metric.AggregationDefault && wantsA != wantsB:
		return differ("the aggregation", wantsA, wantsB)
	case a.Buckets != nil && b.Buckets != nil && !slices.Equal(a.Buckets, b.Buckets):
		return differ("the buckets", a.Buckets, b.Buckets)
	case a.Size != 0 && b.Size != 0 && a.Size != b.Size:
		return differ("the size", a.Size, b.Size)
	case a.Fold != metric.FoldNone && b.Fold != metric.FoldNone && a.Fold != b.Fold:
		return differ("the fold", a.Fold, b.Fold)
	}
	if err := labelConflict(a, b); err != nil {
		return err
	}
	return labelConflict(b, a)
}

// labelConflict tells which label one view keeps or adds and the other does not
// let through as that.
func labelConflict(a, b *View) error {
	for _, name := range a.Keep {
		if slices.Contains(b.Drop, name) {
			return fmt.Errorf("both decide on label %q, which one keeps and the other drops: narrow the match of one, or take the label out of one", name)
		}
		if _, added := b.Add.Get(name); added {
			return fmt.Errorf("both decide on label %q, which one keeps and the other adds: narrow the match of one, or take the label out of one", name)
		}
	}
	for _, l := range a.Add {
		if other, added := b.Add.Get(l.Name); added && other != l.Value {
			return fmt.Errorf("add label %q with different values, %q and %q: narrow the match of one, or add it in one of them only", l.Name, l.Value, other)
		}
	}
	return nil
}

func sameNames(a, b []string) bool {
	return slices.Equal(slices.Sorted(slices.Values(a)), slices.Sorted(slices.Values(b)))
}
