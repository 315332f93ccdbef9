package collect

import (
	"errors"
	"fmt"

	"github.com/metertree/metertree/meter"
	"github.com/metertree/metertree/metric"
)

// runMeters tell how collectors do.
type runMeters struct {
	seconds          meter.Histogram
	failures, resets meter.Counter
	succeeded, up    meter.Gauge
}

// boundMeters are the series of one collector.
type boundMeters struct {
	seconds       meter.BoundHistogram
	failures      map[reason]meter.BoundCounter
	resets        meter.BoundCounter
	succeeded, up meter.BoundGauge
}

func defineRunMeters(scope meter.Scope) (m runMeters, err error) {
	key := meter.Keys("collector")
	var errs [5]error
	m.seconds, errs[0] = scope.NewHistogram("collector_duration_seconds", key, meter.Unit("seconds"),
		meter.Help("How long collectors ran, those included that failed."))
	m.failures, errs[1] = scope.NewCounter("collector_failures_total", meter.Keys("collector", "reason"),
		meter.Help("Runs of collectors that failed, by reason."))
	m.succeeded, errs[2] = scope.NewGauge("collector_last_success_timestamp_seconds", key, meter.Unit("seconds"), meter.Fold(metric.FoldMin),
		meter.Help("When the collector last ran without a failure, in Unix time; 0 before the first time."))
	m.up, errs[3] = scope.NewGauge("collector_up", key, meter.Fold(metric.FoldMin),
		meter.Help("1 if the collector's last run did not fail, otherwise 0."))
	m.resets, errs[4] = scope.NewCounter("collector_resets_total", key,
		meter.Help("Totals of the collector's source that went backwards."))
	if err := errors.Join(errs[:]...); err != nil {
		return m, fmt.Errorf("refresher meters: %w", err)
	}
	return m, nil
}

func (m runMeters) bind(collector string) boundMeters {
	b := boundMeters{
		seconds:   m.seconds.Bind(collector),
		failures:  map[reason]meter.BoundCounter{},
		resets:    m.resets.Bind(collector),
		succeeded: m.succeeded.Bind(collector),
		up:        m.up.Bind(collector),
	}
	for _, r := range reasons {
		b.failures[r] = m.failures.Bind(collector, string(r))
	}
	return b
}

func (m runMeters) delete(collector string) {
	m.seconds.Delete(collector)
	m.resets.Delete(collector)
	m.succeeded.Delete(collector)
	m.up.Delete(collector)
	for _, r := range reasons {
		m.failures.Delete(collector, string(r))
	}
}
