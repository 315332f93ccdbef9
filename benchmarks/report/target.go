package report

import (
	"fmt"

	"github.com/metertree/metertree/benchmarks/rivals"
	"github.com/metertree/metertree/benchmarks/work"
)

// Best stands, in a Reference, for the best rival of the row.
const Best = "best rival"

// Reference is what a figure is divided by. The zero Reference leaves it as it
// is.
type Reference struct {
	// Library is a column's name or Best.
	Library string
	// Row is empty for the figure's own, or the RivalRow of that.
	Row work.Row
}

// Target is what a figure, divided by a reference, must not exceed.
type Target struct {
	Library string
	Row     work.Row
	Limit   float64
	To      Reference
	// Beyond says that Limit is by how much the figure may exceed the
	// reference, instead of how many times it may be as large.
	Beyond bool
	// Reason says why the target is out of reach, where that is known.
	Reason string
}

// String returns the target as the table shows it.
func (t Target) String() string {
	switch {
	case t.To == (Reference{}):
		return fmt.Sprintf("≤ %v", t.Limit)
	case t.Beyond:
		return fmt.Sprintf("≤ %v more than %s", t.Limit, t.To.Row)
	case t.To.Row != "" && t.To.Library == t.Library:
		return fmt.Sprintf("≤ %v × %s", t.Limit, t.To.Row)
	}
	return fmt.Sprintf("≤ %v × %s", t.Limit, t.To.Library)
}

// Verdict is whether a target is reached.
type Verdict string

// The verdicts.
const (
	Reached  Verdict = "reached"
	Missed   Verdict = "missed"
	NoFigure Verdict = "no figure"
)

// Judge returns the figure that is held against the target, and the verdict.
func (t Target) Judge(r Results) (v float64, verdict Verdict) {
	v, ok := r.Ratio(t.Library, t.Row, t.To)
	if t.Beyond {
		v, ok = r.Excess(t.Library, t.Row, t.To)
	}
	switch {
	case !ok:
		return 0, NoFigure
	case v > t.Limit:
		return v, Missed
	}
	return v, Reached
}

// Targets are what our library is held to.
func Targets(s Sizes) []Target {
	ours := func(row work.Row, limit float64, to Reference) Target {
		return Target{Library: rivals.NameMetertree, Row: row, Limit: limit, To: to}
	}
	best := Reference{Library: Best}
	clientGolang := Reference{Library: rivals.NameClientGolang}
	absolute := Reference{}
	because := func(t Target, reason string) Target {
		t.Reason = reason
		return t
	}
	targets := []Target{
		because(ours(work.CounterBound, .55, Reference{Library: rivals.NameAtomic}), pinningReason),
		ours(work.CounterBoundParallel, .25, best),
		ours(work.CounterDirect, .35, clientGolang),
		ours(work.CounterDirect.Allocs(), 0, absolute),
		ours(work.CounterTyped, .30, clientGolang),
		ours(work.CounterTyped.Allocs(), 0, absolute),
		{
			Library: rivals.NameMetertree, Row: work.CounterGuarded, Limit: 15, Beyond: true,
			To: Reference{Library: rivals.NameMetertree, Row: work.CounterDirect},
		},
		ours(work.HistogramBound, .5, best),
		ours(work.HistogramParallel, .2, best),
		ours(work.ExponentialBound, .3, best),
		ours(work.GaugeSet, 1, best),
		because(ours(work.GaugeAdd, 1, best), raiseReason),
		ours(work.Latency(work.Collecting, "p99.9"), 2, Reference{Library: rivals.NameMetertree, Row: work.Latency(work.Idle, "p99.9")}),
		ours(work.Expose(work.Text, work.Counters), 10, absolute),
		ours(work.Expose(work.Text, work.Counters).Allocs(), 10, absolute),
		ours(work.Expose(work.Text, work.Histograms), .25, best),
		because(ours(work.Scrape(work.Plain), .25, best), turnsReason),
		ours(work.ScrapeHeap(work.Plain), 4, absolute),
		ours(work.Reduce(work.Totals), 15, absolute),
		ours(work.Reduce(work.Deltas), 15, absolute),
		ours(work.Middleware, .6, best),
		ours(work.Middleware.Allocs(), 1, absolute),
	}
	if n := len(s.Growth); n > 1 {
		least := Reference{Library: rivals.NameMetertree, Row: work.ExposeEach(s.Growth[0])}
		targets = append(targets, because(ours(work.ExposeEach(s.Growth[n-1]), 1.3, least), cacheReason))
	}
	openTelemetry := Reference{Library: rivals.NameOpenTelemetry}
	for _, kind := range []work.Kind{work.Counters, work.Histograms} {
		targets = append(targets,
			ours(work.PushOTLP(kind), 1, openTelemetry),
			because(ours(work.PushOTLP(kind).Allocs(), 1.01, openTelemetry), requestsReason))
		targets = append(targets, ours(work.Create(kind), 1, best))
		for _, procs := range MemoryProcs() {
			targets = append(targets, ours(work.Memory(kind, procs), memoryLimit[kind], absolute))
		}
	}
	return targets
}

var memoryLimit = map[work.Kind]float64{work.Counters: 150, work.Histograms: 350}

// MemoryProcs are the values of GOMAXPROCS at which memory is measured.
func MemoryProcs() []int { return []int{2, 64} }

// PortableTargets hold the portable build to client_golang on every row of
// time.
func PortableTargets() []Target {
	rows := append(work.UpdateRows(), work.RequestRows()...)
	for _, kind := range []work.Kind{work.Counters, work.Histograms} {
		rows = append(rows, work.Create(kind), work.Expose(work.Text, kind))
	}
	targets := make([]Target, len(rows))
	for i, row := range rows {
		targets[i] = Target{
			Library: Portable, Row: row, Limit: 1, To: Reference{Library: rivals.NameClientGolang},
			Reason: portableReasons[row],
		}
	}
	return targets
}

// Why targets are out of reach.
const (
	pinningReason = "Pinning and unpinning alone, which the column beside it shows, take most of what " +
		"is allowed; the call around them, finding the processor's word and adding to it take the rest. " +
		"Tried without gain: loading fewer pointers on the way to the word, leaving out the stack check; " +
		"with little: a handle on the heap that spares two arguments. Where an atomic add is dearer " +
		"than here, the share is smaller."
	raiseReason = "An addition to a gauge is one compare-and-swap here as there. What it costs more " +
		"rejects values that are not finite and finds out whether the series has ended."
	setReason = "It is a compare-and-swap here and a plain exchange there: an exchange could overwrite the " +
		"mark of a series that has ended, and the write after it would be lost."
	stripeReason = "Goroutines pick a stripe by where their stacks are; now and then two pick the same one."
	turnsReason  = "Making the text, which is growth's last row, takes most of it. Parts are sent while " +
		"the next are made, and a scraper reads them: on two cores, the three share what there is."
	cacheReason = "What a few thousand series take lies in the processor's cache, and what a million take " +
		"does not: each series then waits for main memory, for its state, its labels and its last use."
	requestsReason = "Both have the official exporter make the request, with as many allocations for a series. " +
		"What there is more is that of requests: an export is about one for each mebibyte, which bounds memory and " +
		"fits what receivers take, instead of one for everything."
	sealReason = "It is one atomic operation as there. What it costs more finds out whether the series " +
		"has ended, and whether several goroutines meet in it; when they do, it is split and is ahead."
)

var portableReasons = map[work.Row]string{
	work.CounterBound:         sealReason,
	work.CounterBoundParallel: stripeReason,
	work.GaugeSet:             setReason,
	work.GaugeAdd:             raiseReason,
}
