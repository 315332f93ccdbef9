// Package declarations exposes, as metrics, what was declared about metrics, so
// that it travels wherever they do: to any server that stores gauges, and through
// it to a viewer, which then need not guess how series combine or what to divide.
//
//	name                             kind   what
//	metertree_metric_info{aggregation,axes,fold,kind,metric,role,scope,unit}
//	                                 gauge  1 for each metric, labelled with what is declared of it
//	metertree_ratio_info{axes,denominator,denominator_matchers,help,numerator,numerator_matchers,ratio,role,scope}
//	                                 gauge  1 for each ratio, labelled with what is declared of it
//	metertree_declarations_left_out  gauge  metrics and ratios beyond what is declared
//
// Every metric has one series here, however many it has itself, and those of other
// libraries in the same exposition have none: of what has none, and of nothing
// else, a viewer must guess.
//
// metric.ParseMetricInfo and metric.ParseRatioInfo read the labels.
package declarations

import (
	"fmt"
	"iter"

	"github.com/metertree/metertree/meter"
	"github.com/metertree/metertree/metric"
)

// Limit is how many metrics and how many ratios are declared at most, the first by
// name.
const Limit = 5000

// Register adds the declarations to a scope, which should be the root scope:
// viewers look for names that begin with metertree_. They tell of every metric in
// the scope's registry, and of those defined later. It fails if one of the names
// exists already, such as after an earlier Register in the same place; then those
// before it stay registered.
func Register(scope meter.Scope) error {
	place, sum := scope.Scope("metertree"), meter.Fold(metric.FoldSum)
	metrics := func(o *meter.Observer) { tell(o, scope.Declarations(), metric.Descriptor.Info) }
	ratios := func(o *meter.Observer) { tell(o, scope.Ratios(), metric.Ratio.Info) }
	leftOut := func(o *meter.Observer) {
		if !o.Unchanged() {
			o.Float(beyond(scope.Declarations()) + beyond(scope.Ratios()))
		}
	}
	for _, one := range []struct {
		name string
		read func(*meter.Observer)
		keys []string
		help string
	}{
		{"metric_info", metrics, names(metric.Descriptor{}.Info()),
			"Constant 1 for each metric, labelled with what is declared of it."},
		{"ratio_info", ratios, names(metric.Ratio{}.Info()),
			"Constant 1 for each ratio, labelled with what is divided by what."},
		{"declarations_left_out", leftOut, nil,
			"Metrics and ratios that are not declared, because there are too many."},
	} {
		if err := place.GaugeFunc(one.name, one.read, sum, meter.Keys(one.keys...), meter.Help(one.help)); err != nil {
			return fmt.Errorf("registering the declarations of metrics: %w", err)
		}
	}
	return nil
}

// tell gives a 1 for each declaration, up to Limit, or what it gave before if
// nothing was declared since.
func tell[D any](o *meter.Observer, all iter.Seq[D], info func(D) metric.Labels) {
	if o.Unchanged() {
		return
	}
	told := 0
	for declared := range all {
		if told++; told > Limit {
			return
		}
		labels := info(declared)
		values := make([]string, len(labels))
		for i, l := range labels {
			values[i] = l.Value
		}
		o.Float(1, values...)
	}
}

// beyond counts what tell does not give.
func beyond[D any](all iter.Seq[D]) float64 {
	n := 0
	for range all {
		n++
	}
	return float64(max(n-Limit, 0))
}

func names(labels metric.Labels) []string {
	keys := make([]string, len(labels))
	for i, l := range labels {
		keys[i] = l.Name
	}
	return keys
}
