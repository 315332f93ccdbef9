// Package collector is the worked example of docs/contributing/collector.md: it
// tells how long work waited for the processor, for memory and for disks.
//
// # Meters
//
//	name                                   kind     what
//	stalled_seconds_total{component,level} counter  time in which work waited
//	stalled_ratio{component,level}         gauge    share of the last ten seconds
//
// The component is cpu, memory or io; the level is "some" if at least one task
// waited, "full" if all did at once.
package collector

import (
	"errors"
	"fmt"

	"github.com/metertree/metertree/collect"
	"github.com/metertree/metertree/meter"
	"github.com/metertree/metertree/metric"
)

// New makes the collector of a source, such as Kernel.Stalls, with its metrics in
// the scope. It fails if one of them exists there already as something else.
func New(scope meter.Scope, source collect.StatisticsSource[[]Stall]) (collect.Collector, error) {
	keys := meter.Keys("component", "level")
	seconds, err1 := scope.NewFloatCounter("stalled_seconds_total", keys, meter.Unit("seconds"),
		meter.Help("Time in which work waited for the component."))
	ratio, err2 := scope.NewGauge("stalled_ratio", keys, meter.Unit("ratio"), meter.Fold(metric.FoldMax),
		meter.Help("Share of the last ten seconds in which work waited for the component."))
	if err := errors.Join(err1, err2); err != nil {
		return collect.Collector{}, fmt.Errorf("meters of pressure: %w", err)
	}
	return collect.Statistics(source, func(stalls []Stall, out *collect.Totals) {
		for _, s := range stalls {
			out.FloatTotal(seconds, s.Total.Seconds(), s.Resource, s.Who)
			out.Set(ratio, s.Share, s.Resource, s.Who)
		}
	}), nil
}
