package influxdb

import (
	"time"

	"github.com/metertree/metertree/export"
	"github.com/metertree/metertree/metric"
)

// clock gives points their times. Those of deltas are the same as long as a
// batch is repeated, and never the same for two that were delivered, however
// coarse the unit.
type clock struct {
	temporality   metric.Temporality
	now, period   int64
	began         time.Time
	periodIsKnown bool
}

// set starts a batch.
func (c *clock) set(batch *export.Batch, unit time.Duration) {
	c.temporality = batch.Temporality
	c.now = batch.Time.UnixNano() / int64(unit)
	if c.temporality != metric.Delta || c.periodIsKnown && c.began.Equal(batch.Start) {
		return
	}
	start := batch.Start.UnixNano() / int64(unit)
	if c.periodIsKnown {
		start = max(start, c.period+1)
	}
	c.began, c.period, c.periodIsKnown = batch.Start, start, true
}

// of returns the time of points of a kind.
func (c *clock) of(k metric.Kind) int64 {
	if c.temporality == metric.Delta && k != metric.Gauge {
		return c.period
	}
	return c.now
}
