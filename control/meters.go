package control

import (
	"time"

	"github.com/metertree/metertree/meter"
	"github.com/metertree/metertree/metric"
)

// outcome is what became of a tick of a target.
type outcome uint8

const (
	delivered outcome = iota
	failed
	rejected
	skipped
	panicked
	outcomes
)

// outcomeNames are the values of the label outcome.
var outcomeNames = [outcomes]string{"delivered", "failed", "rejected", "skipped", "panicked"}

// instruments are the metrics of a controller.
type instruments struct {
	exports     meter.Counter
	seconds     meter.Histogram
	lastSuccess meter.Gauge
}

func newInstruments(s meter.Scope) instruments {
	s = s.Scope("metertree")
	return instruments{
		exports: s.Counter("exports_total", meter.Keys("target", "outcome"),
			meter.Help("Exports by outcome; skipped is a tick at which the target was still busy.")),
		seconds: s.Histogram("export_duration_seconds", meter.Unit("seconds"), meter.Keys("target"),
			meter.Help("Duration of a collection with its export, whatever the outcome.")),
		lastSuccess: s.Gauge("export_last_success_timestamp_seconds", meter.Unit("seconds"), meter.Keys("target"),
			meter.Fold(metric.FoldMin), meter.Help("When an export was last delivered, in seconds since 1970.")),
	}
}

// meters are the series of one target.
type meters struct {
	exports     [outcomes]meter.BoundCounter
	seconds     meter.BoundHistogram
	lastSuccess func(seconds float64)
}

// bind makes the series of a target, so that each shows as zero before it is
// first counted. That of the last success appears with the first.
func (i instruments) bind(target string) meters {
	m := meters{
		seconds:     i.seconds.Bind(target),
		lastSuccess: func(seconds float64) { i.lastSuccess.Set(seconds, target) },
	}
	for o := range m.exports {
		m.exports[o] = i.exports.Bind(target, outcomeNames[o])
	}
	return m
}

func (m meters) count(o outcome) {
	m.exports[o].Inc()
	if o == delivered {
		m.lastSuccess(float64(time.Now().UnixMilli()) / 1000)
	}
}
