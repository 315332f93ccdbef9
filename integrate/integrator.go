package integrate

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"log/slog"
	"sync/atomic"
	"time"

	"github.com/metertree/metertree/meter"
	"github.com/metertree/metertree/metric"
	"github.com/metertree/metertree/registry"
)

// Options configure an Integrator; the zero value gives totals of every label.
type Options struct {
	// Grouping says which labels are exported where no view names them.
	Grouping Grouping
	// Views change what is exported; nil changes nothing.
	Views *Views
	// Temporality chooses between totals and what was counted since the last
	// delivery.
	Temporality metric.Temporality
	// Exporter names in metertree_view_failures_total whom the integrator works for.
	Exporter string
	// Logger receives one line for each metric that cannot be exported as the
	// views or the grouping say; nil logs nothing.
	Logger *slog.Logger
	// Now tells the time of checkpoints; nil means time.Now.
	Now func() time.Time
}

// Integrator reads a registry on behalf of one exporter. Integrators of one
// registry do not influence one another.
//
// It is not safe for concurrent use: whoever drives it calls it from one
// goroutine at a time. Updates may run meanwhile.
//
// With metric.Delta it holds no values, only which series make which group. With
// metric.Cumulative it holds the totals of metrics whose series it merges, as
// many as there are groups with a live series; the others pass through. A group
// whose last series has ended is dropped, once its last counts were shown, and
// begins anew with a new start if it comes back.
type Integrator struct {
	registry *registry.Registry
	reader   *registry.Reader
	options  Options

	known map[string]*definition
	// listing counts how often the metrics were listed.
	listing int
	plan    *plan
	// declarations are those of the plan, for Ratios.
	declarations atomic.Pointer[declarations]
	// restart are metrics whose totals are to be read anew.
	restart map[string]bool
	// acked is the time of the last acknowledged checkpoint.
	acked   time.Time
	current *Checkpoint
	logged  map[string]bool
	// failing are the faults of the plan, which failures has counted.
	failing  map[string]bool
	failures meter.Counter
	// asked counts how often the reader asked for a name at the last reading:
	// twice if there is a closed metric of the name beside the present one.
	asked map[string]int
}

// ErrClosed is returned by an integrator that was closed.
var ErrClosed = errors.New("integrator is closed: make a new one")

// validate reports what is no option.
func (o *Options) validate() error {
	switch {
	case o.Grouping > DefaultKeys:
		return fmt.Errorf("integrator options: unknown Grouping %d: use Ungrouped or DefaultKeys", o.Grouping)
	case o.Temporality > metric.Delta:
		return fmt.Errorf("integrator options: unknown Temporality %d: use metric.Cumulative or metric.Delta", o.Temporality)
	}
	return nil
}

// New returns an integrator of a registry, whose first checkpoint has all that
// was counted by the series that are there now, and later. It fails if an option
// is none of those there are, or if the views cannot be applied to the metrics
// that are there.
//
// To a metric that is defined later, what can be applied of the views is, and no
// label that they drop gets out: it keeps its own name where another metric has the
// new one, and the form of its values where the one asked for cannot be made; it is
// hidden if its labels cannot be made, or if the views contradict one another. That
// is logged and counted; Views.Define refuses such a metric instead. Close the
// integrator when it is done.
func New(r *registry.Registry, options Options) (*Integrator, error) {
	if err := options.validate(); err != nil {
		return nil, err
	}
	if options.Now == nil {
		options.Now = time.Now
	}
	in := &Integrator{
		registry: r,
		options:  options,
		known:    map[string]*definition{},
		plan:     &plan{},
		restart:  map[string]bool{},
		acked:    options.Now(),
		logged:   map[string]bool{},
		asked:    map[string]int{},
		failures: newFailures(r),
	}
	in.learn(r.Families(context.Background()))
	if err := in.use(options.Views); err != nil {
		return nil, err
	}
	in.reader = r.NewReader()
	return in, nil
}

// Close ends the integrator. What was not acknowledged is no longer kept.
func (in *Integrator) Close() {
	if in.reader != nil {
		in.reader.Close()
	}
	in.reader, in.current = nil, nil
}

// Ratios yields every ratio of what is exported, ordered by name: those of the
// registry, of the metrics as the views name them and by the labels that they
// leave. A ratio is left out if one of its metrics is hidden or merged with others,
// or lacks a label that is selected by. It may be called from any goroutine.
func (in *Integrator) Ratios() iter.Seq[metric.Ratio] {
	d := in.declarations.Load()
	if d == nil {
		return in.registry.Ratios()
	}
	return func(yield func(metric.Ratio) bool) {
		known := d.known()
		for ratio := range in.registry.Ratios() {
			if known.rename(&ratio) && !yield(ratio) {
				return
			}
		}
	}
}

// Replace applies other views from the next checkpoint on; nil are none. If they
// cannot be applied to the metrics that are there, it fails and changes nothing.
//
// No count is lost: what is pending stays pending and is exported as the new
// views say. Totals whose labels are among the old ones go on. Where a metric is
// exported by labels that it was not exported by before, its totals begin with
// what its live series have counted.
func (in *Integrator) Replace(views *Views) error {
	if in.reader == nil {
		return ErrClosed
	}
	in.learn(in.registry.Families(context.Background()))
	return in.use(views)
}

// use makes a plan with other views and adopts it unless it has faults.
func (in *Integrator) use(views *Views) error {
	p := &planner{views: views, grouping: in.options.Grouping, known: in.known, listing: in.listing}
	made := p.plan(in.registry)
	if err := p.err(); err != nil {
		return err
	}
	in.options.Views = views
	in.adopt(made)
	in.report(p)
	return nil
}

// learn takes down what is defined and reports whether a plan has to be made.
func (in *Integrator) learn(families iter.Seq[*metric.Family]) (changed bool) {
	in.listing++
	for f := range families {
		changed = in.learnOne(f) || changed
	}
	return changed
}

func (in *Integrator) learnOne(f *metric.Family) (changed bool) {
	name := f.Descriptor.Name
	if have := in.known[name]; have != nil && have.describes(f) {
		have.listing = in.listing
		s := in.plan.sources[name]
		return s == nil || s.definition != have || s.aside
	}
	in.known[name] = &definition{descriptor: f.Descriptor, keys: f.Keys, listing: in.listing}
	return true
}

// learnNew takes down only what is not known by name, or has more labels than
// when it was listed, as an open metric may.
func (in *Integrator) learnNew(families iter.Seq[*metric.Family]) (changed bool) {
	for f := range families {
		if have := in.known[f.Descriptor.Name]; have == nil || have.grewTo(f) {
			changed = in.learnOne(f) || changed
		}
	}
	return changed
}

// replan makes a plan after metrics were defined. Faults are counted and logged,
// because whoever collects cannot mend them.
func (in *Integrator) replan() {
	p := &planner{views: in.options.Views, grouping: in.options.Grouping, known: in.known, listing: in.listing}
	in.adopt(p.plan(in.registry))
	in.report(p)
}

// warn logs what was not logged before.
func (in *Integrator) warn(message string, attr slog.Attr, once string) {
	if in.options.Logger == nil || in.logged[once] {
		return
	}
	in.logged[once] = true
	in.options.Logger.LogAttrs(context.Background(), slog.LevelWarn, message, attr)
}
