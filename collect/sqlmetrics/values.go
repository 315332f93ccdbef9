package sqlmetrics

import (
	"database/sql"
	"iter"

	"github.com/metertree/metertree/meter"
	"github.com/metertree/metertree/metric"
)

// value is one metric that is read from the statistics of each pool.
type value struct {
	name, unit string
	kind       metric.Kind
	help       string
	of         func(*sql.DBStats) float64
	// absent says that a pool has none; nil says that all have one.
	absent func(*sql.DBStats) bool
}

var values = []value{
	{name: "open_connections", kind: metric.Gauge, help: "Connections of the pool, in use or idle.",
		of: func(s *sql.DBStats) float64 { return float64(s.OpenConnections) }},
	{name: "in_use_connections", kind: metric.Gauge, help: "Connections in use.",
		of: func(s *sql.DBStats) float64 { return float64(s.InUse) }},
	{name: "idle_connections", kind: metric.Gauge, help: "Connections that wait for use.",
		of: func(s *sql.DBStats) float64 { return float64(s.Idle) }},
	{name: "max_open_connections", kind: metric.Gauge, help: "Limit of connections; there is none without a limit.",
		of:     func(s *sql.DBStats) float64 { return float64(s.MaxOpenConnections) },
		absent: func(s *sql.DBStats) bool { return s.MaxOpenConnections <= 0 }},
	{name: "wait_count_total", kind: metric.Counter, help: "Times that a connection was waited for.",
		of: func(s *sql.DBStats) float64 { return float64(s.WaitCount) }},
	{name: "wait_duration_seconds_total", unit: "seconds", kind: metric.Counter, help: "Time spent waiting for a connection.",
		of: func(s *sql.DBStats) float64 { return s.WaitDuration.Seconds() }},
	{name: "max_idle_closed_total", kind: metric.Counter, help: "Connections closed because enough were idle.",
		of: func(s *sql.DBStats) float64 { return float64(s.MaxIdleClosed) }},
	{name: "max_idle_time_closed_total", kind: metric.Counter, help: "Connections closed because they were idle for too long.",
		of: func(s *sql.DBStats) float64 { return float64(s.MaxIdleTimeClosed) }},
	{name: "max_lifetime_closed_total", kind: metric.Counter, help: "Connections closed because they were too old.",
		of: func(s *sql.DBStats) float64 { return float64(s.MaxLifetimeClosed) }},
}

func (v value) register(scope meter.Scope, readings iter.Seq[*reading]) error {
	read := func(o *meter.Observer) {
		for r := range readings {
			if v.absent == nil || !v.absent(&r.stats) {
				o.Float(v.of(&r.stats), r.name)
			}
		}
	}
	options := []meter.Option{meter.Keys("db_name"), meter.Help(v.help), meter.Unit(v.unit)}
	if v.kind == metric.Counter {
		return scope.CounterFunc(v.name, read, options...)
	}
	return scope.GaugeFunc(v.name, read, append(options, meter.Fold(metric.FoldSum))...)
}
