package collect

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/metertree/metertree/meter"
	"github.com/metertree/metertree/metric"
)

// Probe makes a collector of what the source tells about one component, such as
// "storage". In the scope it has
//
//	probe_up                gauge      1 if the component works, 0 if it does not
//	probe_duration_seconds  histogram  how long the source took to tell
//
// with the key component. A source that does not answer in time, or panics,
// means 0. While it returns ErrUnknown there is no probe_up. That a component
// does not work is no failure of the collector.
func Probe(scope meter.Scope, component string, source ProbeSource) (Collector, error) {
	place, key := scope.Scope("probe"), meter.Keys("component")
	up, err := place.NewGauge("up", key, meter.Fold(metric.FoldMin),
		meter.Help("1 if the component works, 0 if it does not."))
	if err != nil {
		return Collector{}, fmt.Errorf("probe of %q: %w", component, err)
	}
	seconds, err := place.NewHistogram("duration_seconds", key, meter.Unit("seconds"),
		meter.Help("How long it took to find out whether the component works."))
	if err != nil {
		return Collector{}, fmt.Errorf("probe of %q: %w", component, err)
	}
	gauge := func(v float64) point {
		return point{kind: setGauge, gauge: up, float: v, values: []string{component}}
	}
	read := func(ctx context.Context) ([]point, error) {
		start := time.Now()
		err := source(ctx)
		took := point{kind: observe, histogram: seconds, float: time.Since(start).Seconds(), values: []string{component}}
		switch {
		case err == nil:
			return []point{gauge(1), took}, nil
		case errors.Is(err, ErrUnknown):
			return []point{took}, nil
		case ctx.Err() != nil:
			return nil, err
		}
		return []point{gauge(0), took}, nil
	}
	return Collector{read: read, failed: func() []point { return []point{gauge(0)} }}, nil
}
