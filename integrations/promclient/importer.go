package promclient

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"

	"github.com/metertree/metertree/metric"
	"github.com/metertree/metertree/registry"
)

// ImportOptions tune an Importer. The zero value has safe defaults.
type ImportOptions struct {
	// Timeout is how long a collection waits for the gatherer. Past it, what was
	// gathered last is shown again, while the call goes on. Default 5s.
	Timeout time.Duration
	// Fold says how the series of a gauge make up their sum, for viewers, which
	// otherwise infer it; nil leaves it undeclared.
	Fold func(gauge string) metric.Fold
	// Logger gets what could not be imported, once for each reason, and of the names
	// that the registry has already a list. Nil discards it.
	Logger *slog.Logger
}

// Importer shows what a client_golang gatherer has as metrics of a registry. It is
// safe for concurrent use.
type Importer struct {
	registry *registry.Registry
	gatherer prometheus.Gatherer
	options  ImportOptions
	hook     *registry.Hook
	// definitions are those of the registry, where owner is this import.
	definitions *definitions
	owner       owner

	mu sync.Mutex
	// running is closed when the call that is under way returns; nil if none is.
	running chan struct{}
	// parts are those that it owns, by the shapes of their series.
	parts      map[string]*importedPart
	complaints complaints
	closed     bool
	calls      sync.WaitGroup
}

// Import makes the gatherer's metrics ones of the registry, under the names they
// have: at each collection it is gathered once, and its families go to every
// exporter of the registry. Families and labels may come and go; a label that only
// some series of a metric have is empty for the others, which is the same to
// Prometheus. Names that the registry has already, or does not allow, are left out
// and logged.
//
// The bounds of a histogram may change, and differ between its series. The help and
// the unit of a metric stay what they were first. So does its kind, for as long as
// there is the registry: a metric that comes with another one is left out and
// logged, and is shown again when it has the first one.
//
// Counters, gauges, untyped metrics and histograms with buckets are kept as they
// are. Of a summary, and of a histogram that has native buckets only, the sum and
// the count become counters, and the quantiles gauges: the series are the same, the
// types are not. What the gatherer says of start times and exemplars is not kept.
//
// The gatherer must not gather the same registry, directly or through others, which
// would wait for itself. It fails if the gatherer is such a view.
func Import(r *registry.Registry, g prometheus.Gatherer, options ImportOptions) (*Importer, error) {
	if circular(r, g) {
		return nil, errors.New("the gatherer shows the registry that it would be imported into: give the other library's own registry")
	}
	if options.Timeout <= 0 {
		options.Timeout = 5 * time.Second
	}
	if options.Logger == nil {
		options.Logger = slog.New(slog.DiscardHandler)
	}
	im := &Importer{
		registry: r, gatherer: g, options: options, definitions: definitionsOf(r),
		parts: map[string]*importedPart{}, complaints: complaints{options.Logger, map[string]bool{}},
	}
	im.owner = im.definitions.begin()
	im.hook = r.OnCollect(im.refresh)
	return im, nil
}

// circular reports whether a gatherer is a view of the registry.
func circular(r *registry.Registry, g prometheus.Gatherer) bool {
	switch g := g.(type) {
	case gatherer:
		return g.registry == r
	case prometheus.Gatherers:
		return slices.ContainsFunc(g, func(one prometheus.Gatherer) bool { return circular(r, one) })
	}
	return false
}

// Close ends the import: the gatherer is not called again, and its metrics are
// shown no more, until they are imported again. It waits for a call that is under way
// until the context ends.
func (im *Importer) Close(ctx context.Context) error {
	im.registry.RemoveHook(im.hook)
	im.mu.Lock()
	im.closed = true
	im.definitions.end(im.parts)
	im.parts = nil
	im.mu.Unlock()
	done := make(chan struct{})
	go func() {
		im.calls.Wait()
		close(done)
	}()
	select {
	case <-done:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("the gatherer has not returned: %w", ctx.Err())
	}
}

// refresh gathers before a collection. Collections at the same time share one call.
func (im *Importer) refresh(ctx context.Context) {
	running := im.begin()
	if running == nil {
		return
	}
	timeout := time.NewTimer(im.options.Timeout)
	defer timeout.Stop()
	select {
	case <-running:
	case <-ctx.Done():
	case <-timeout.C:
		im.say("the gatherer takes longer than " + im.options.Timeout.String() + ": its last values are shown again")
	}
}

func (im *Importer) begin() <-chan struct{} {
	im.mu.Lock()
	defer im.mu.Unlock()
	if im.closed || im.running != nil {
		return im.running
	}
	running := make(chan struct{})
	im.running = running
	im.calls.Go(func() {
		families, err := im.gather()
		im.mu.Lock()
		defer im.mu.Unlock()
		if !im.closed {
			im.takeLocked(families, err)
		}
		im.running = nil
		close(running)
	})
	return running
}

// gather calls the gatherer, whose panic is an error.
func (im *Importer) gather() (families []*dto.MetricFamily, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("the gatherer panicked: %v", p)
		}
	}()
	return im.gatherer.Gather()
}

// takeLocked takes over what was gathered, which may be a part beside an error.
func (im *Importer) takeLocked(families []*dto.MetricFamily, err error) {
	if err != nil {
		im.complaints.say("gathering: " + err.Error())
		if len(families) == 0 {
			return // what was gathered last stays
		}
	}
	fresh, left := map[*importedPart][]importedPoint{}, map[string]leftOut{}
	for _, family := range families {
		for _, one := range convertFamily(family) {
			id := one.shape.id()
			if _, again := left[id]; again {
				continue
			}
			part, err := im.partLocked(one.shape)
			if err != nil {
				left[id] = leftOut{one.shape.name, err}
				continue
			}
			fresh[part] = append(fresh[part], one.point)
		}
	}
	im.definitions.explain(im.registry, left)
	im.complaints.sayLeftOut(left)
	for _, part := range im.parts {
		points := fresh[part]
		part.points.Store(&points)
	}
}

// partLocked returns the part for series of a shape.
func (im *Importer) partLocked(s shape) (*importedPart, error) {
	if p := im.parts[s.id()]; p != nil {
		return p, nil
	}
	p, err := im.definitions.part(im.registry, im.owner, s, im.options.Fold)
	if err == nil {
		im.parts[s.id()] = p
	}
	return p, err
}

func (im *Importer) say(text string) {
	im.mu.Lock()
	defer im.mu.Unlock()
	im.complaints.say(text)
}
