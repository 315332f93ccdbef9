package work

import "fmt"

// Row names one line of the table: one number for each library.
type Row string

// The rows of updates, in nanoseconds per update.
const (
	CounterBound         Row = "counter, bound, 1 goroutine"
	CounterBoundParallel Row = "counter, bound, all cores on one series"
	CounterDirect        Row = "counter, direct, 3 dynamic labels"
	CounterTyped         Row = "counter, direct, typed label set"
	CounterGuarded       Row = "counter, direct, under a tenant guard"
	HistogramBound       Row = "histogram, bound, 1 goroutine"
	HistogramParallel    Row = "histogram, bound, all cores on one series"
	ExponentialBound     Row = "exponential histogram, bound, 1 goroutine"
	GaugeSet             Row = "gauge, bound, set"
	GaugeAdd             Row = "gauge, bound, add"
)

// UpdateRows are the rows of updates in the order of the table.
func UpdateRows() []Row {
	return []Row{
		CounterBound, CounterBoundParallel, CounterDirect, CounterTyped, CounterGuarded,
		HistogramBound, HistogramParallel, ExponentialBound, GaugeSet, GaugeAdd,
	}
}

// Parallel tells whether all cores work on the row at once. Its figure is the
// wall-clock time divided by the updates of all of them.
func (r Row) Parallel() bool { return r == CounterBoundParallel || r == HistogramParallel }

// RivalRow is the row whose figures of rivals r is compared with: its own, but
// for typed label sets and tenant guards, which no rival has, the one of dynamic
// labels.
func (r Row) RivalRow() Row {
	switch r {
	case CounterTyped, CounterGuarded:
		return CounterDirect
	case CounterTyped.Allocs():
		return CounterDirect.Allocs()
	}
	return r
}

// Allocs names the row of heap allocations per update of r.
func (r Row) Allocs() Row { return r + ", allocations" }

// Kind is a kind of population.
type Kind string

// The kinds of series that populations are made of.
const (
	Counters   Kind = "counter"
	Histograms Kind = "histogram"
)

// Memory names the row of heap bytes that a series keeps after its first
// update, in a process of the given GOMAXPROCS.
func Memory(k Kind, procs int) Row {
	return Row(fmt.Sprintf("memory, cold %s, GOMAXPROCS=%d", k, procs))
}

// MemoryCollected names the row of heap bytes that a series keeps after the
// population was also collected once.
func MemoryCollected(k Kind, procs int) Row { return Memory(k, procs) + ", after a collection" }

// Create names the row of nanoseconds for a new series with its first update.
func Create(k Kind) Row { return Row(fmt.Sprintf("new %s series", k)) }

// Latency names the row of a quantile, in nanoseconds, of the latency of one
// direct update in the given state.
func Latency(s State, quantile string) Row {
	return Row(fmt.Sprintf("update latency, %s, %s", s, quantile))
}

// State is what else goes on while latencies are taken.
type State string

// The states in which latencies are taken.
const (
	Idle       State = "idle"
	Collecting State = "while collected"
)
