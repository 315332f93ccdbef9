package process

import "github.com/metertree/metertree/metric"

// field is the index of a value in a snapshot.
type field int

const (
	cpuSeconds field = iota
	openFiles
	maxFiles
	residentBytes
	virtualBytes
	virtualMaxBytes
	startTime
	receivedBytes
	sentBytes
	fields
)

// snapshot is the process's state at one collection.
type snapshot [fields]reading

// reading is a value, or the lack of one.
type reading struct {
	value float64
	known bool
}

func (s *snapshot) set(f field, v float64) { s[f] = reading{v, true} }

// value is one metric.
type value struct {
	field      field
	name, unit string
	kind       metric.Kind
	fold       metric.Fold
	help       string
}

var values = []value{
	{cpuSeconds, "cpu_seconds_total", "seconds", metric.Counter, 0,
		"User and system CPU time spent, in seconds."},
	{openFiles, "open_fds", "", metric.Gauge, metric.FoldSum,
		"Open file descriptors."},
	{maxFiles, "max_fds", "", metric.Gauge, metric.FoldMin,
		"Limit of open file descriptors."},
	{residentBytes, "resident_memory_bytes", "bytes", metric.Gauge, metric.FoldSum,
		"Memory that is in RAM."},
	{virtualBytes, "virtual_memory_bytes", "bytes", metric.Gauge, metric.FoldSum,
		"Size of the address space."},
	{virtualMaxBytes, "virtual_memory_max_bytes", "bytes", metric.Gauge, metric.FoldMin,
		"Limit of the address space."},
	{startTime, "start_time_seconds", "seconds", metric.Gauge, metric.FoldMax,
		"When the process started, in seconds of Unix time."},
	{receivedBytes, "network_receive_bytes_total", "bytes", metric.Counter, 0,
		"Bytes received over the network by the process's network namespace."},
	{sentBytes, "network_transmit_bytes_total", "bytes", metric.Counter, 0,
		"Bytes sent over the network by the process's network namespace."},
}
