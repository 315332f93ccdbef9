package tenant

import (
	"fmt"
	"slices"
	"time"

	"github.com/metertree/metertree/metric"
	"github.com/metertree/metertree/policy"
)

// Label applies a guard to the tenant label of one metric. It has the methods
// that a registry asks of what normalises label values. All may be called at any
// time from any goroutine, and none locks, waits or allocates.
type Label struct {
	guard *Guard
	key   string
	// at is the label's position among all of the metric's, sorted.
	at int
	// off is set if the guard does not cover the metric.
	off bool
}

// Label returns what is to normalise the values of a metric that declares that
// the given label is a tenant. It fails if the metric has no such label or
// cannot have tenants. If the guard does not cover the metric, which is the
// default, every tenant becomes the empty value, so that the metric is as if it
// did not have the label.
func (g *Guard) Label(d metric.Descriptor, key string) (*Label, error) {
	at, found := slices.BinarySearch(d.AllKeys(), key)
	if !found {
		return nil, fmt.Errorf("metric %s has no label %q that could be its tenant: it has %q", d.Name, key, d.AllKeys())
	}
	if !g.Covers(d.Name) {
		return &Label{at: at, off: true}, nil
	}
	if _, err := DisposalOf(d); err != nil {
		return nil, err
	}
	return &Label{guard: g, key: key, at: at}, nil
}

// Normalise changes the tenant among the values of all labels, sorted by name,
// to the one that the series is kept under. It counts nothing.
func (l *Label) Normalise(values []string) {
	if l.off {
		values[l.at] = ""
		return
	}
	values[l.at] = l.guard.Current(values[l.at])
}

// Seen counts an update for a tenant.
func (l *Label) Seen(tenant string) {
	if !l.off {
		l.guard.Resolve(tenant)
	}
}

// SeenOf returns what counts an update for a tenant and, if it has a place, need
// not look for it.
func (l *Label) SeenOf(tenant string) func() {
	if l.off {
		return func() {}
	}
	g := l.guard
	if a := g.view.Load().active[tenant]; a != nil {
		return func() { g.count(g.view.Load(), a) }
	}
	return func() { g.Resolve(tenant) }
}

// SeenLabel returns the label whose values Seen is to be told; it is empty if
// the guard does not cover the metric.
func (l *Label) SeenLabel() string { return l.key }

// Version changes when tenants are admitted or lose their place.
func (l *Label) Version() uint64 {
	if l.off {
		return 0
	}
	return l.guard.view.Load().version
}

// Retention returns how long series stay shown whose tenant lost its place.
func (l *Label) Retention() time.Duration {
	if l.off {
		return 0
	}
	return l.guard.options.Retain
}

// Condition returns what a Label does for policy.Labels.
func (l *Label) Condition() policy.Condition { return policy.Guarded }
