package registry

import (
	"context"
	"fmt"
	"iter"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/metertree/metertree/internal/cell"
	"github.com/metertree/metertree/metric"
)

// DefaultSeriesBudget is how many label sets an instrument admits if neither
// its definition nor the registry says otherwise.
const DefaultSeriesBudget = 10_000

// Options configure a Registry; the zero value is useful.
type Options struct {
	// SeriesBudget is the number of label sets each metric admits before
	// further ones are merged; 0 means DefaultSeriesBudget.
	SeriesBudget int
	// ForgetAfter is for how many collections a series must be idle to be
	// forgotten, unless a bound handle pins it; 0 keeps idle series.
	ForgetAfter int
	// Logger receives one line for each metric and reason for which updates
	// are dropped or merged; nil logs nothing.
	Logger *slog.Logger
	// Define is asked about every new metric before it is registered, and may
	// change what is kept of its values, its help or its budget, or refuse it
	// with an error. It must not call the registry. nil takes every metric as it
	// is.
	Define func(*Definition) error
	// Now tells the time series start; nil means time.Now.
	Now func() time.Time
}

// Registry holds definitions and series. All methods may be called at any
// time from any goroutine.
type Registry struct {
	options Options
	hasher  hasher
	self    selfMetrics

	mu       sync.Mutex
	families map[string]*family
	// owners maps each exposed sample name to the family that writes it.
	owners map[string]string
	hooks  map[*Hook]struct{}
	// readers is replaced, never written.
	readers []*Reader
	// closing are families without a name whose series still may count.
	closing []*family
}

// New returns an empty registry.
func New(options Options) *Registry {
	if options.SeriesBudget <= 0 {
		options.SeriesBudget = DefaultSeriesBudget
	}
	if options.Now == nil {
		options.Now = time.Now
	}
	r := &Registry{
		options:  options,
		hasher:   newHasher(),
		families: map[string]*family{},
		owners:   map[string]string{},
		hooks:    map[*Hook]struct{}{},
	}
	r.self = defineSelfMetrics(r)
	return r
}

// Definition is what Define needs besides the descriptor.
type Definition struct {
	metric.Descriptor
	// SeriesBudget overrides the registry's; 0 keeps it.
	SeriesBudget int
	// ForgetAfter overrides the registry's; 0 keeps it, and a negative number
	// keeps idle series.
	ForgetAfter int
}

// Define returns the instrument of the given definition, made at the first
// call. It fails if the descriptor is invalid or if the name is in use with
// another kind, number, unit, scope, fold, bucket layout or set of labels.
func (r *Registry) Define(d Definition) (*Instrument, error) {
	f, err := r.family(d, nil)
	if err != nil {
		return nil, err
	}
	i := f.instrument(d.Descriptor)
	if len(d.Keys) == 0 {
		// Its one series is known, so it shows as zero before its first update.
		i.series(nil)
	}
	return i, nil
}

// DefineFunc registers a callback that is read at every collection. It fails
// as Define does, and if the name is already in use.
func (r *Registry) DefineFunc(d Definition, read Callback) error {
	_, err := r.family(d, read)
	return err
}

func (r *Registry) family(d Definition, read Callback) (*family, error) {
	if err := validate(d); err != nil {
		return nil, err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if f := r.families[d.Name]; f != nil {
		if read != nil {
			return nil, fmt.Errorf("metric %s is already defined: a callback needs a name of its own", d.Name)
		}
		return f, f.conflict(d)
	}
	if err := r.claim(d.Descriptor); err != nil {
		return nil, err
	}
	f := newFamily(r, d, read)
	r.families[d.Name] = f
	return f, nil
}

func validate(d Definition) error {
	if err := d.Validate(); err != nil {
		return err
	}
	if e := d.Exponential; e != (metric.ExponentialLayout{}) {
		if err := cell.CheckSketch(e.Size, e.ZeroThreshold); err != nil {
			return fmt.Errorf("metric %s: %w", d.Name, err)
		}
	}
	return nil
}

// claim reserves the sample names a metric is exposed under, so that no
// exposition ever holds one name twice.
func (r *Registry) claim(d metric.Descriptor) error {
	names := sampleNames(d)
	for _, name := range names {
		if owner, taken := r.owners[name]; taken {
			return fmt.Errorf("metric %s would be exposed as %s, which metric %s already is: choose another name", d.Name, name, owner)
		}
	}
	for _, name := range names {
		r.owners[name] = d.Name
	}
	return nil
}

func sampleNames(d metric.Descriptor) []string {
	names := []string{d.Name}
	if d.Kind == metric.Histogram {
		for _, suffix := range []string{"_bucket", "_sum", "_count"} {
			names = append(names, d.Name+suffix)
		}
	}
	return names
}

// remove takes a closed family out of the registry.
func (r *Registry) remove(f *family) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.families[f.Name] != f {
		return
	}
	delete(r.families, f.Name)
	r.closing = append(r.closing, f)
	for _, name := range sampleNames(f.Descriptor) {
		delete(r.owners, name)
	}
}

// Hook is a function that runs before every collection.
type Hook struct{ run func(context.Context) }

// OnCollect registers a function that refreshes values before a collection
// reads them. Remove it with RemoveHook.
func (r *Registry) OnCollect(run func(context.Context)) *Hook {
	r.mu.Lock()
	defer r.mu.Unlock()
	h := &Hook{run: run}
	r.hooks[h] = struct{}{}
	return h
}

// RemoveHook undoes OnCollect.
func (r *Registry) RemoveHook(h *Hook) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.hooks, h)
}

// Collect refreshes what hooks refresh and yields every family that has a
// series, ordered by name. Nothing is locked while a family is being read.
func (r *Registry) Collect(ctx context.Context) iter.Seq[*metric.Family] {
	return func(yield func(*metric.Family) bool) {
		r.refresh(ctx)
		for _, f := range r.currentFamilies() {
			if ctx.Err() != nil {
				return
			}
			f.settlePending()
			if view := f.view(); view != nil && !yield(view) {
				return
			}
		}
	}
}

// refresh runs the hooks, and settles what waits for it in families that are no
// longer collected; the others are settled when they are read.
func (r *Registry) refresh(ctx context.Context) {
	for _, hook := range r.currentHooks() {
		r.protect(hookName, func() { hook.run(ctx) })
	}
	r.mu.Lock()
	closing := r.closing
	r.closing = nil
	r.mu.Unlock()
	closing = slices.DeleteFunc(closing, (*family).settlePending)
	r.mu.Lock()
	r.closing = append(r.closing, closing...)
	r.mu.Unlock()
}

// hookName stands for hooks where a panic is counted by metric.
const hookName = "(collect hook)"

// protect runs foreign code and counts a panic instead of passing it on.
func (r *Registry) protect(metric string, run func()) {
	defer func() {
		if recover() != nil {
			r.drop(metric, CallbackPanicked)
		}
	}()
	run()
}

func (r *Registry) currentHooks() []*Hook {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Collect(maps.Keys(r.hooks))
}

func (r *Registry) currentReaders() []*Reader {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.readers
}

// currentFamilies returns the families ordered by name.
func (r *Registry) currentFamilies() []*family {
	r.mu.Lock()
	defer r.mu.Unlock()
	families := slices.Collect(maps.Values(r.families))
	slices.SortFunc(families, func(a, b *family) int { return strings.Compare(a.Name, b.Name) })
	return families
}
