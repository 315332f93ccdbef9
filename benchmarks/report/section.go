package report

import (
	"github.com/metertree/metertree/benchmarks/rivals"
	"github.com/metertree/metertree/benchmarks/work"
)

// Section is a group of rows in one unit.
type Section struct {
	Title string
	Rows  []work.Row
}

// Sizes are how many series the populations had.
type Sizes struct{ Memory, Exposition, Latency int }

// Sections are the table's, in order.
func Sections(s Sizes) []Section {
	return []Section{
		{"Updates: nanoseconds per update", work.UpdateRows()},
		{"Updates: heap allocations per update", []work.Row{work.CounterDirect.Allocs(), work.CounterTyped.Allocs()}},
		{sized("Memory: bytes of heap per series, %s series, each updated once", s.Memory), memoryRows()},
		{sized("Creation: nanoseconds and heap allocations per new series, %s series", s.Memory), creationRows()},
		{sized("Latency: nanoseconds of one direct update, %s series", s.Latency), latencyRows()},
		{sized("Text exposition: milliseconds and heap allocations, %s series", s.Exposition), expositionRows()},
	}
}

func memoryRows() (rows []work.Row) {
	for _, kind := range []work.Kind{work.Counters, work.Histograms} {
		for _, procs := range MemoryProcs() {
			rows = append(rows, work.Memory(kind, procs), work.MemoryCollected(kind, procs))
		}
	}
	return rows
}

func creationRows() (rows []work.Row) {
	for _, kind := range []work.Kind{work.Counters, work.Histograms} {
		rows = append(rows, work.Create(kind), work.Create(kind).Allocs())
	}
	return rows
}

func expositionRows() (rows []work.Row) {
	for _, kind := range []work.Kind{work.Counters, work.Histograms} {
		rows = append(rows, work.Expose(kind), work.Expose(kind).Allocs())
	}
	return rows
}

func latencyRows() (rows []work.Row) {
	for _, quantile := range []string{"p50", "p99", "p99.9"} {
		rows = append(rows, work.Latency(work.Idle, quantile), work.Latency(work.Collecting, quantile))
	}
	return rows
}

// libraries returns the columns that have a figure in a section: ours first.
func (r Results) libraries(s Section) (names []string) {
	for _, rival := range rivals.All() {
		for _, row := range s.Rows {
			if _, ok := r.Median(rival.Name, row); ok {
				names = append(names, rival.Name)
				break
			}
		}
	}
	return names
}
