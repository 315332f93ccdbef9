package otelapi

import (
	"slices"
	"sync"

	"github.com/metertree/metertree/metric"
	"github.com/metertree/metertree/registry"
)

// reports count what goes wrong and tell the error handler.
type reports struct {
	handle   func(error)
	problems *registry.Instrument

	mu sync.Mutex
	// told has what was reported of each instrument for each reason, and is not to be
	// repeated.
	told map[[2]string][]string
}

// maxTold is how many different things are told of one instrument for one reason,
// since what is told may have values in it; the others are only counted.
const maxTold = 8

// problem is what is to be reported once no lock is held.
type problem struct {
	reason string
	err    error
}

func newReports(r *registry.Registry, handle func(error)) (*reports, error) {
	problems, err := r.Define(registry.Definition{Descriptor: metric.Descriptor{
		Name: "metertree_otel_problems_total", Scope: []string{"metertree", "otel"}, Kind: metric.Counter,
		Help: "Uses of the OpenTelemetry API that went wrong, by instrument and reason.",
		Keys: []string{"instrument", "reason"},
	}})
	return &reports{handle: handle, problems: problems, told: map[[2]string][]string{}}, err
}

// once counts a problem and tells the handler the first time.
func (r *reports) once(instrument, reason string, err error) {
	r.count(instrument, reason)
	if r.first(instrument, reason, err.Error()) && r.handle != nil {
		r.handle(err)
	}
}

func (r *reports) first(instrument, reason, text string) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	key := [2]string{instrument, reason}
	told := r.told[key]
	if len(told) == maxTold || slices.Contains(told, text) {
		return false
	}
	r.told[key] = append(told, text)
	return true
}

func (r *reports) count(instrument, reason string) {
	if r.problems != nil {
		r.problems.AddInt(1, instrument, reason)
	}
}
