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

const (
	// DefaultTimeout is how long a component may take to tell its status.
	DefaultTimeout = 2 * time.Second
	// DefaultDownAfter is after how long without an answer a component is Down.
	DefaultDownAfter = 30 * time.Second
	// DefaultMaxConcurrent is how many components are asked at once.
	DefaultMaxConcurrent = 16
)

// Options configure a Registry; the zero value is useful.
type Options struct {
	// Service is the program's name for people.
	Service string
	// Timeout is how long a component may take to tell its status. Its context then
	// ends, and if it has not answered a tenth later it is shown as Unknown. 0 means
	// DefaultTimeout.
	Timeout time.Duration
	// DownAfter is after how long without an answer a component is shown as Down.
	// 0 means DefaultDownAfter.
	DownAfter time.Duration
	// MaxConcurrent is how many components are asked at once; one that has not
	// answered in time does not count. 0 means DefaultMaxConcurrent.
	MaxConcurrent int
	// Series gives the series whose cardinality can be looked at, such as a
	// *registry.Registry; without it there is no such page.
	Series Series
	// Now tells the time; nil means time.Now.
	Now func() time.Time
}

// complete fills in defaults.
func (o *Options) complete() {
	if o.Timeout <= 0 {
		o.Timeout = DefaultTimeout
	}
	if o.DownAfter <= 0 {
		o.DownAfter = DefaultDownAfter
	}
	if o.MaxConcurrent <= 0 {
		o.MaxConcurrent = DefaultMaxConcurrent
	}
	if o.Now == nil {
		o.Now = time.Now
	}
}

// Registry holds the components of a program. All methods may be called from
// any goroutine.
type Registry struct {
	options Options
	started time.Time
	// places has one element for each component that is being asked.
	places chan struct{}
	// census is nil without series.
	census *census

	mu         sync.Mutex
	components map[string]*component
}

// New returns a registry without components.
func New(options Options) *Registry {
	options.complete()
	r := &Registry{
		options:    options,
		started:    options.Now(),
		places:     make(chan struct{}, options.MaxConcurrent),
		components: map[string]*component{},
	}
	if options.Series != nil {
		r.census = newCensus(options.Series, options.Now)
	}
	return r
}

// Add registers a component. Observe is called when someone looks, never twice
// at once, and should return when its context ends; a panic in it is shown as a
// failure. The returned function takes the component out again; it ends the
// context of an observation under way and does not wait for it. An empty name,
// one that is in use or is that of a page, and a nil function are errors.
func (r *Registry) Add(name string, observe func(context.Context) Status) (remove func(), err error) {
	if err := validName(name); err != nil {
		return nil, err
	}
	if observe == nil {
		return nil, fmt.Errorf("component %q has no function to observe it with: give one, or the Observe of a Reported", name)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.components[name] != nil {
		return nil, fmt.Errorf("component %q is registered already: remove it first, or choose another name", name)
	}
	ctx, cancel := context.WithCancel(context.Background())
	c := &component{
		registry: r, observe: observe, ctx: ctx, remove: cancel,
		report: Report{Name: name, Health: Unknown, Since: r.options.Now()},
	}
	r.components[name] = c
	return func() { r.remove(name, c) }, nil
}

// validName reports a name that cannot be the last segment of a path.
func validName(name string) error {
	_, page := sections[name]
	switch {
	case name == "":
		return errors.New("component name is empty: give the component a name such as store")
	case page, name == cardinalityPage, name == ".", name == "..":
		return fmt.Errorf("component name %q has a meaning in the path of its page: choose another", name)
	}
	return nil
}

func (r *Registry) remove(name string, c *component) {
	c.remove()
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.components[name] == c {
		delete(r.components, name)
	}
}

// grace is how long a component has to answer when its context has ended.
func (r *Registry) grace() time.Duration { return r.options.Timeout / 10 }

// Components observes all components at once and returns their reports, sorted
// by name. It takes no longer than Options.Timeout and a tenth, or twice the
// timeout if there are more components than may be asked at once.
func (r *Registry) Components(ctx context.Context) []Report {
	r.mu.Lock()
	components := slices.Collect(maps.Values(r.components))
	r.mu.Unlock()

	ctx, cancel := context.WithTimeout(ctx, 2*r.options.Timeout)
	defer cancel()
	reports := make([]Report, len(components))
	var all sync.WaitGroup
	for i, c := range components {
		all.Go(func() { reports[i] = c.look(ctx) })
	}
	all.Wait()
	slices.SortFunc(reports, func(a, b Report) int { return cmp.Compare(a.Name, b.Name) })
	return reports
}

// Component observes one component; ok is false if there is none of the name.
func (r *Registry) Component(ctx context.Context, name string) (report Report, ok bool) {
	r.mu.Lock()
	c := r.components[name]
	r.mu.Unlock()
	if c == nil {
		return Report{}, false
	}
	ctx, cancel := context.WithTimeout(ctx, 2*r.options.Timeout)
	defer cancel()
	return c.look(ctx), true
}

// names returns the names of all components, sorted.
func (r *Registry) names() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Sorted(maps.Keys(r.components))
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
