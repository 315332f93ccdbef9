package rivals

import (
	"fmt"
	"io"
	"net/http"

	"github.com/metertree/metertree/benchmarks/work"
)

// Rival is one library.
type Rival struct {
	// Name heads the library's column.
	Name string
	// Module is the library's module path; empty for the standard library.
	Module string
	// Updates makes, for each row the library has an answer to, a fresh case.
	Updates map[work.Row]func() Case
	// Unlike says of a row why the library does less work there than the
	// others. Its figure is shown, and not taken for the best rival's.
	Unlike map[work.Row]string
	// Populations makes an empty population of the kinds the library has.
	Populations map[work.Kind]func(series int) Population
	// Reduced makes an empty population of counters that are collected by
	// work.ReducedKeys alone: Collect and Check see so many groups, not series.
	Reduced map[work.Temporality]func(series int) Population
}

// Case is one series, or a few, in a registry of their own.
type Case struct {
	// Run does n updates. If the case's row is a parallel one, several calls
	// run at once.
	Run func(n int)
	// Check reports an error unless the library has counted as many updates
	// as all calls of Run made. It is called once, at the end.
	Check func(updates int) error
}

// Population is a registry full of series of one kind.
type Population struct {
	// Fill makes a series of each label set with one update.
	Fill func(sets []work.Labels)
	// Update does one direct update of the series of a label set.
	Update func(set *work.Labels)
	// Collect reads all series, as the library's usual reader does.
	Collect func() error
	// Expose writes all series in each format that the library has of its own.
	Expose map[work.Format]func(w io.Writer) error
	// Handler returns what answers scrapes of all series; nil if the library
	// has no such thing.
	Handler func() http.Handler
	// Check reports an error unless the library has as many series and has
	// counted as many updates.
	Check func(series, updates int) error
}

// Names of the rivals that rows are compared with.
const (
	NameAtomic       = "atomic"
	NameMetertree    = "metertree"
	NameClientGolang = "client_golang"

	NameVictoriaMetrics = "VictoriaMetrics"
	NameOpenTelemetry   = "OpenTelemetry"
)

// All returns every library, ours first, then the floors that are no libraries,
// then the others.
func All() []Rival {
	return []Rival{Metertree(), Atomic(), Pinning(), ClientGolang(), VictoriaMetrics(), OpenTelemetry(), Tally(), GoMetrics()}
}

// Find returns the library of a name.
func Find(name string) (Rival, error) {
	for _, r := range All() {
		if r.Name == name {
			return r, nil
		}
	}
	return Rival{}, fmt.Errorf("there is no rival %q: see rivals.All for the names", name)
}

const (
	counterName   = "requests_total"
	histogramName = "request_duration_seconds"
	gaugeName     = "queue_depth"
)

// exponentialSize is how many exponential buckets a histogram may have, where
// the library lets one choose.
const exponentialSize = 160

// bound are the label values of the bound rows.
var bound = work.LabelSets(1)[0]

// firstValue is what the first update of a cold histogram records.
const firstValue = .042

func counted(got float64, want int) error {
	if got != float64(want) {
		return fmt.Errorf("counted %v of %d updates", got, want)
	}
	return nil
}

func populated(series, wantSeries int, total float64, wantTotal int) error {
	if series != wantSeries {
		return fmt.Errorf("holds %d of %d series", series, wantSeries)
	}
	return counted(total, wantTotal)
}

// must stops at an error that only a mistake in this package can cause.
func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}
