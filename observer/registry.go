package observer

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"
)

// DefaultTimeout is how long a component may take to tell its status.
const DefaultTimeout = 2 * time.Second

// Options configure a Registry; the zero value is useful.
type Options struct {
	// Service is the program's name for people.
	Service string
	// Timeout is how long a component may take to tell its status; one that takes
	// longer is shown as Unknown. 0 means DefaultTimeout.
	Timeout time.Duration
	// Now tells the time; nil means time.Now.
	Now func() time.Time
}

// Registry holds the components of a program. All methods may be called from
// any goroutine.
type Registry struct {
	options Options
	started time.Time

	mu         sync.Mutex
	components map[string]*component
}

// New returns a registry without components.
func New(options Options) *Registry {
	if options.Timeout <= 0 {
		options.Timeout = DefaultTimeout
	}
	if options.Now == nil {
		options.Now = time.Now
	}
	return &Registry{options: options, started: options.Now(), components: map[string]*component{}}
}

// Add registers a component. Observe is called when someone looks, never twice
// at once, and should return when its context ends. The returned function takes
// the component out again. An empty name, a name in use and a nil function are
// errors.
func (r *Registry) Add(name string, observe func(context.Context) Status) (remove func(), err error) {
	if name == "" {
		return nil, errors.New("component name is empty: give the component a name such as store")
	}
	if observe == nil {
		return nil, fmt.Errorf("component %q has no function to observe it with: give one, or the Observe of a Reported", name)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.components[name] != nil {
		return nil, fmt.Errorf("component %q is registered already: remove it first, or choose another name", name)
	}
	c := &component{
		observe: observe, timeout: r.options.Timeout, now: r.options.Now,
		report: Report{Name: name, Health: Unknown, Since: r.options.Now()},
	}
	r.components[name] = c
	return func() { r.remove(name, c) }, nil
}

func (r *Registry) remove(name string, c *component) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.components[name] == c {
		delete(r.components, name)
	}
}

// Components observes all components at once and returns their reports, sorted
// by name.
func (r *Registry) Components(ctx context.Context) []Report {
	r.mu.Lock()
	components := slices.Collect(maps.Values(r.components))
	r.mu.Unlock()

	reports := make([]Report, len(components))
	var all sync.WaitGroup
	for i, c := range components {
		all.Go(func() { reports[i] = c.look(ctx) })
	}
	all.Wait()
	slices.SortFunc(reports, func(a, b Report) int { return cmp.Compare(a.Name, b.Name) })
	return reports
}

// worst is the health of a whole: that of its worst part, Up without any.
func worst(reports []Report) Health {
	whole := Up
	for _, r := range reports {
		if r.Health.rank() > whole.rank() {
			whole = r.Health
		}
	}
	return whole
}
