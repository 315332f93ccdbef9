package main

import (
	"context"
	"runtime"
	"slices"
	"strings"
	"sync"

	"github.com/metertree/metertree/metric"
	"github.com/metertree/metertree/registry"
)

const module = "github.com/metertree/metertree"

// entry is a metric of the catalogue.
type entry struct {
	metric.Descriptor
	// owner is the package that defines it, by its path within the module.
	owner string
}

// recorder is a registry that remembers its definitions, those included that
// never get a series.
type recorder struct {
	*registry.Registry

	mu      sync.Mutex
	entries map[string]entry
}

func newRecorder() *recorder {
	r := &recorder{entries: map[string]entry{}}
	r.Registry = registry.New(registry.Options{Define: r.record})
	return r
}

// record is called within the call that defines a metric, so that the stack says
// whose it is.
func (r *recorder) record(d *registry.Definition) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if _, known := r.entries[d.Name]; !known {
		r.entries[d.Name] = entry{d.Descriptor, definer()}
	}
	return nil
}

// add takes over what another registry shows of the library's own metrics, those
// that are known already excepted.
func (r *recorder) add(ctx context.Context, other *registry.Registry, owner string) {
	for family := range other.Collect(ctx) {
		d := family.Descriptor
		r.mu.Lock()
		if _, known := r.entries[d.Name]; !known && len(d.Scope) > 0 && d.Scope[0] == "metertree" {
			r.entries[d.Name] = entry{d, owner}
		}
		r.mu.Unlock()
	}
}

// sorted are the entries by name.
func (r *recorder) sorted() []entry {
	r.mu.Lock()
	defer r.mu.Unlock()
	entries := make([]entry, 0, len(r.entries))
	for _, e := range r.entries {
		entries = append(entries, e)
	}
	slices.SortFunc(entries, func(a, b entry) int { return strings.Compare(a.Name, b.Name) })
	return entries
}

// mediators define metrics for others.
var mediators = []string{"registry", "meter", "sync", "main", "examples/contextd/cmd/catalogue"}

// definer is the package on the stack that defines a metric.
func definer() string {
	const most = 64
	callers := make([]uintptr, most)
	frames := runtime.CallersFrames(callers[:runtime.Callers(2, callers)])
	for {
		frame, more := frames.Next()
		if of := packageOf(frame.Function); !slices.Contains(mediators, of) || !more {
			return of
		}
	}
}

// packageOf is the package of a function's full name, within the module if it is
// there.
func packageOf(function string) string {
	slash := strings.LastIndexByte(function, '/') + 1
	// What instantiates a generic function is in brackets and has slashes, too.
	if bracket := strings.IndexByte(function, '['); bracket >= 0 {
		slash = strings.LastIndexByte(function[:bracket], '/') + 1
	}
	dot := strings.IndexByte(function[slash:], '.')
	if dot < 0 {
		return function
	}
	return strings.TrimPrefix(strings.TrimPrefix(function[:slash+dot], module), "/")
}
