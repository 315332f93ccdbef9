package aggregator

import (
	"errors"
	"fmt"
	"maps"

	"github.com/metertree/metertree/meter"
)

// Register shows the counts of parts, such as those of each component, as gauges
// that are read at a collection:
//
//	distinct{component}  different values of the part
//	distinct_overall     different values of all parts
//
// Who is in two parts counts once overall, so the parts do not add up, and the
// total cannot be made of them later: it is a metric of its own.
func Register(scope meter.Scope, parts map[string]*Distinct) error {
	parts = maps.Clone(parts)
	err1 := scope.GaugeFunc("distinct", func(o *meter.Observer) {
		var state DistinctState
		for component, part := range parts {
			part.Checkpoint(&state)
			o.Float(state.Count(), component)
		}
	}, meter.Keys("component"), meter.Help("Different values that were seen."))
	err2 := scope.GaugeFunc("distinct_overall", func(o *meter.Observer) {
		var state, all DistinctState
		for _, part := range parts {
			part.Checkpoint(&state)
			all.Merge(&state)
		}
		o.Float(all.Count())
	}, meter.Help("Different values that were seen in any component."))
	if err := errors.Join(err1, err2); err != nil {
		return fmt.Errorf("metrics of distinct values: %w", err)
	}
	return nil
}
