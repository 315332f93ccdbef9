package registry

import (
	"cmp"
	"context"
	"fmt"
	"iter"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

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
	// Define is asked about every definition before anything else is done with
	// it, and may change it, for example what is kept of its values, or refuse it
	// with an error; only not about those of the registry itself. It must answer the same definition the same way every time,
	// and must not call the registry. nil takes every definition as it is.
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

	mu sync.Mutex
	// families are kept by name, and the parts of open metrics by their id.
	families map[string]*family
	// open are the metrics whose labels are not all known.
	open map[string]*openMetric
	// ordered are the families by name, nil after a change; never written.
	ordered []*family
	// changes counts definitions and ends of metrics and ratios.
	changes uint64
	// renamed are those of ordered that have earlier names.
	renamed []*family
	// owners maps each exposed sample name to the family that writes it.
	owners map[string]string
	// ratios are those declared, by name; each divides families that are here.
	ratios map[string]metric.Ratio
	// hooks is replaced, never written.
	hooks []*Hook
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
		open:     map[string]*openMetric{},
		owners:   map[string]string{},
		ratios:   map[string]metric.Ratio{},
	}
	// Nobody is asked about the registry's own metrics.
	ask := r.options.Define
	r.options.Define = nil
	r.self = defineSelfMetrics(r)
	r.options.Define = ask
	return r
}

// Now returns the time by the registry's clock.
func (r *Registry) Now() time.Time { return r.options.Now() }

// Define returns the instrument of the given definition, made at the first
// call. It fails if the descriptor is invalid or if the name is in use with
// another kind, number, unit, scope, fold, aggregation, bucket layout or set of
// labels. A definition with the aggregation metric.Drop gives nil: there is
// nothing to update.
func (r *Registry) Define(d Definition) (*Instrument, error) {
	f, err := r.family(&d, nil)
	if f == nil || err != nil {
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
	_, err := r.family(&d, read)
	return err
}

// family completes a definition and returns its family, nil if it is to be
// dropped.
func (r *Registry) family(d *Definition, read Callback) (*family, error) {
	if err := r.check(d); err != nil {
		return nil, err
	}
	if d.Aggregation == metric.Drop {
		return nil, nil
	}
	if kept := d.Kept(); read != nil && d.Kind == metric.Histogram && kept != metric.ExplicitBuckets {
		return nil, fmt.Errorf("metric %s: a callback cannot give %s: it gives explicit buckets", d.Name, kept)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if d.Open || r.open[d.Name] != nil {
		return r.partLocked(d, read)
	}
	if f := r.families[d.Name]; f != nil {
		if read != nil {
			return nil, fmt.Errorf("metric %s is already defined: a callback needs a name of its own", d.Name)
		}
		return f, f.conflict(*d)
	}
	if err := r.claim(d); err != nil {
		return nil, err
	}
	f := newFamily(r, *d, read)
	r.families[d.Name] = f
	r.changedLocked()
	r.noticeRenames(f)
	return f, nil
}

// Check reports what is wrong with a definition by itself, without registering
// anything.
func (r *Registry) Check(d Definition) error { return r.check(&d) }

func (r *Registry) check(d *Definition) error {
	if r.options.Define != nil {
		if err := r.options.Define(d); err != nil {
			return err
		}
	}
	d.complete()
	return d.validate()
}

// claim reserves the sample names a metric is exposed under, so that no
// exposition ever holds one name twice.
func (r *Registry) claim(d *Definition) error {
	names := d.sampleNames()
	if err := r.clashLocked(d.Name, names); err != nil {
		return err
	}
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

// remove takes a closed family out of the registry.
func (r *Registry) remove(f *family) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.families[f.id] != f {
		return
	}
	delete(r.families, f.id)
	r.changedLocked()
	r.closing = append(r.closing, f)
	if m := r.open[f.Name]; m != nil && !m.removed(f) {
		return
	}
	delete(r.open, f.Name)
	r.endRatiosLocked(f.Name)
	for _, name := range f.claimed {
		delete(r.owners, name)
	}
}

// Collect runs Refresh and yields what Families does.
func (r *Registry) Collect(ctx context.Context) iter.Seq[*metric.Family] {
	return func(yield func(*metric.Family) bool) {
		r.Refresh(ctx)
		r.yieldFamilies(ctx, yield)
	}
}

// Families yields every family that has a series, ordered by name, until ctx
// ends. Nothing is locked while a family is being read, and nothing of it is
// read before its points are asked for; then its values are those of that
// moment, since the series began.
func (r *Registry) Families(ctx context.Context) iter.Seq[*metric.Family] {
	return func(yield func(*metric.Family) bool) { r.yieldFamilies(ctx, yield) }
}

func (r *Registry) yieldFamilies(ctx context.Context, yield func(*metric.Family) bool) {
	for shown := range r.together(r.shown(ctx)) {
		if !yield(shown) {
			return
		}
	}
}

// Refresh runs the collect hooks, which bring values up to date that are read
// from elsewhere, and moves series whose labels are now normalised differently. Collect and Reader.Checkpoint do it themselves; it is for
// those who take several readings at one moment.
func (r *Registry) Refresh(ctx context.Context) {
	for _, hook := range r.currentHooks() {
		r.runHook(ctx, hook)
	}
	for _, f := range r.currentFamilies() {
		f.readmit()
	}
	r.settleClosing()
}

// settleClosing settles what waits for it in families that are no longer
// collected; the others are settled when they are read.
func (r *Registry) settleClosing() {
	r.mu.Lock()
	closing := r.closing
	r.closing = nil
	r.mu.Unlock()
	if len(closing) == 0 {
		return
	}
	closing = slices.DeleteFunc(closing, (*family).settlePending)
	r.mu.Lock()
	r.closing = append(r.closing, closing...)
	r.mu.Unlock()
}

func (r *Registry) currentReaders() []*Reader {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.readers
}

// currentFamilies returns the families ordered by name; the slice is not to be
// written.
func (r *Registry) currentFamilies() []*family {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.currentFamiliesLocked()
}

func (r *Registry) currentFamiliesLocked() []*family {
	if r.ordered == nil {
		r.ordered = slices.Collect(maps.Values(r.families))
		slices.SortFunc(r.ordered, func(a, b *family) int {
			return cmp.Or(strings.Compare(a.Name, b.Name), strings.Compare(a.id, b.id))
		})
		r.renamed = nil
		for _, f := range r.ordered {
			if f.renames != nil {
				r.renamed = append(r.renamed, f)
			}
		}
	}
	return r.ordered
}
