package buffer

import (
	"fmt"
	"strconv"

	"github.com/metertree/metertree/meter"
	"github.com/metertree/metertree/metric"
)

// status says how an attempt ended; its values index outcomes.
type status int

const (
	statusOK status = iota
	statusRetried
	statusFailed
)

var statuses = [...]string{statusOK: "ok", statusRetried: "retried", statusFailed: "failed"}

// instruments are the meters of a buffer.
type instruments struct {
	maxBytes, mutableBytes, immutableBytes, oldestAge meter.Gauge
	flushes, flushRecords, flushBytes                 meter.Counter
	retries, failedRecords, failedBytes               meter.Counter
	flushSeconds, stallSeconds                        meter.Histogram
	stalledWriters                                    meter.UpDownCounter
}

// shardMeters are the series of one shard. Those of state are set while the
// shard is locked, so that a later state never shows before an earlier one.
type shardMeters struct {
	maxBytes, mutableBytes, immutableBytes, oldestAge meter.BoundGauge
	retries, failedRecords, failedBytes               meter.BoundCounter
	stallSeconds                                      meter.BoundHistogram
	stalledWriters                                    meter.BoundUpDownCounter
	outcomes                                          [len(statuses)]outcomeMeters
}

// outcomeMeters are the series of the attempts that ended with one status.
type outcomeMeters struct {
	flushes, records, bytes meter.BoundCounter
	seconds                 meter.BoundHistogram
}

// define makes a meter, and keeps the first error of several definitions.
func define[M any](first *error, definition func(string, ...meter.Option) (M, error), name, help string, options ...meter.Option) M {
	m, err := definition(name, append(options, meter.Help(help))...)
	if err != nil && *first == nil {
		*first = fmt.Errorf("buffer meters: %w", err)
	}
	return m
}

func defineInstruments(scope meter.Scope) (instruments, error) {
	var err error
	bucket, outcome := meter.Keys("bucket"), meter.Keys("bucket", "status")
	bytes, seconds := meter.Unit("bytes"), meter.Unit("seconds")
	sum, greatest := meter.Fold(metric.FoldSum), meter.Fold(metric.FoldMax)
	m := instruments{
		maxBytes: define(&err, scope.NewGauge, "max_bytes",
			"Most bytes the bucket holds.", bucket, bytes, sum),
		mutableBytes: define(&err, scope.NewGauge, "mutable_bytes",
			"Bytes in the mutable table.", bucket, bytes, sum),
		immutableBytes: define(&err, scope.NewGauge, "immutable_bytes",
			"Bytes in tables that wait for a flush or are in one.", bucket, bytes, sum),
		oldestAge: define(&err, scope.NewGauge, "oldest_age_seconds",
			"Age of the oldest record held.", bucket, seconds, greatest),
		flushes: define(&err, scope.NewCounter, "flushes_total",
			"Attempts to flush a table, by how they ended.", outcome),
		flushRecords: define(&err, scope.NewCounter, "flush_records_total",
			"Records in attempts to flush, by how they ended.", outcome),
		flushBytes: define(&err, scope.NewCounter, "flush_bytes_total",
			"Bytes in attempts to flush, by how they ended.", outcome, bytes),
		flushSeconds: define(&err, scope.NewHistogram, "flush_duration_seconds",
			"How long attempts to flush took, by how they ended.", outcome, seconds),
		retries: define(&err, scope.NewCounter, "retries_total",
			"Attempts to flush that repeat a failed one.", bucket),
		failedRecords: define(&err, scope.NewCounter, "failed_records_total",
			"Records given back because their flush finally failed.", bucket),
		failedBytes: define(&err, scope.NewCounter, "failed_bytes_total",
			"Bytes given back because their flush finally failed.", bucket, bytes),
		stalledWriters: define(&err, scope.NewUpDownCounter, "stalled_writers",
			"Writers that wait for room.", bucket),
		stallSeconds: define(&err, scope.NewHistogram, "stall_seconds",
			"How long writers waited for room.", bucket, seconds),
	}
	return m, err
}

// bind returns the series of a shard.
func (m instruments) bind(shard int) shardMeters {
	bucket := strconv.Itoa(shard)
	s := shardMeters{
		maxBytes:       m.maxBytes.Bind(bucket),
		mutableBytes:   m.mutableBytes.Bind(bucket),
		immutableBytes: m.immutableBytes.Bind(bucket),
		oldestAge:      m.oldestAge.Bind(bucket),
		retries:        m.retries.Bind(bucket),
		failedRecords:  m.failedRecords.Bind(bucket),
		failedBytes:    m.failedBytes.Bind(bucket),
		stallSeconds:   m.stallSeconds.Bind(bucket),
		stalledWriters: m.stalledWriters.Bind(bucket),
	}
	for i, name := range statuses {
		s.outcomes[i] = outcomeMeters{
			flushes: m.flushes.Bind(bucket, name),
			records: m.flushRecords.Bind(bucket, name),
			bytes:   m.flushBytes.Bind(bucket, name),
			seconds: m.flushSeconds.Bind(bucket, name),
		}
	}
	return s
}

// remove ends the series of a shard.
func (m instruments) remove(shard int) {
	bucket := strconv.Itoa(shard)
	for _, g := range []meter.Gauge{m.maxBytes, m.mutableBytes, m.immutableBytes, m.oldestAge} {
		g.Delete(bucket)
	}
	for _, c := range []meter.Counter{m.retries, m.failedRecords, m.failedBytes} {
		c.Delete(bucket)
	}
	m.stallSeconds.Delete(bucket)
	m.stalledWriters.Delete(bucket)
	for _, name := range statuses {
		for _, c := range []meter.Counter{m.flushes, m.flushRecords, m.flushBytes} {
			c.Delete(bucket, name)
		}
		m.flushSeconds.Delete(bucket, name)
	}
}
