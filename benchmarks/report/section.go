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
type Sizes struct {
	Memory, Exposition, Latency, Scrape, Reduction, Push int
	// Growth are several, the smallest first.
	Growth []int
}

// Sections are the table's, in order.
func Sections(s Sizes) []Section {
	return []Section{
		{"Updates: nanoseconds per update", work.UpdateRows()},
		{"Updates: heap allocations per update", []work.Row{work.CounterDirect.Allocs(), work.CounterTyped.Allocs()}},
		{sized("Memory: bytes of heap per series, %s series, each updated once", s.Memory), memoryRows()},
		{sized("Creation: nanoseconds and heap allocations per new series, %s series", s.Memory), creationRows()},
		{sized("Latency: nanoseconds of one direct update, %s series", s.Latency), latencyRows()},
		{sized("Exposition: milliseconds and heap allocations, %s series", s.Exposition), expositionRows()},
		{"Growth: nanoseconds for each series of a text exposition", growthRows(s.Growth)},
		{sized("Scrape over HTTP: milliseconds, and megabytes of heap meanwhile, %s counters", s.Scrape), scrapeRows()},
		{
			sized("Reduction: milliseconds and heap allocations of a collection, nanoseconds per update, %s counters", s.Reduction),
			reductionRows(),
		},
		{
			sized("Export by OTLP: milliseconds of a collection with its export over HTTP, heap allocations per series, %s series", s.Push),
			pushRows(),
		},
		{"HTTP middleware: nanoseconds and heap allocations per request", []work.Row{work.Middleware, work.Middleware.Allocs()}},
	}
}

func growthRows(sizes []int) (rows []work.Row) {
	for _, series := range sizes {
		rows = append(rows, work.ExposeEach(series))
	}
	return rows
}

func scrapeRows() (rows []work.Row) {
	for _, c := range work.Codings() {
		rows = append(rows, work.Scrape(c), work.ScrapeHeap(c))
	}
	return rows
}

func reductionRows() (rows []work.Row) {
	for _, t := range work.Temporalities() {
		rows = append(rows, work.Reduce(t), work.Reduce(t).Allocs(), work.ReduceUpdate(t))
	}
	return rows
}

func pushRows() (rows []work.Row) {
	for _, kind := range []work.Kind{work.Counters, work.Histograms} {
		rows = append(rows, work.PushOTLP(kind), work.PushOTLP(kind).Allocs())
	}
	return rows
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
	for _, f := range work.Formats() {
		for _, kind := range []work.Kind{work.Counters, work.Histograms} {
			rows = append(rows, work.Expose(f, kind), work.Expose(f, kind).Allocs())
		}
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
