package queryapi

import (
	"time"

	"github.com/metertree/metertree/server/internal/promtree"
)

// Source is a tree.Source that asks a remote server. It is safe for concurrent
// use. Its Notices are also what is missing from recent answers and why: a server
// that answered in part, metrics that could not be counted, kinds that could not
// be read. Close cuts off queries under way and waits for them.
type Source struct {
	*promtree.Source
	backend *backend
}

// New returns a source over the server the options describe. It sends nothing
// until it is asked. Close it when it is done.
func New(options Options) (*Source, error) {
	if err := options.Check(); err != nil {
		return nil, err
	}
	options = options.withDefaults()
	client, err := newClient(options)
	if err != nil {
		return nil, err
	}
	b := &backend{
		client:  client,
		options: options,
		answers: newFlights(options.CacheFor, options.Timeout, options.Now),
		notices: notices{now: options.Now, first: options.OnNotice},
	}
	return &Source{backend: b, Source: promtree.New(b, b.options.tree())}, nil
}

// tree are the options of the tree over a backend.
func (o Options) tree() promtree.Options {
	return promtree.Options{
		RateWindow: o.RateWindow,
		// The backend reports its own timeouts, in words that help.
		Timeout:     o.Timeout + time.Second,
		Concurrency: o.Concurrency,
		MaxBranches: o.MaxSeries,
		// Rounded, so that those who ask at about the same time ask the same.
		Now: roundedFrom(o.Now(), o.CacheFor, o.Now),
	}
}

// roundedFrom rounds a clock down to whole steps from a moment on. Rounded to
// multiples, who asks once, and of what was just scraped for the first time, would
// ask of before.
func roundedFrom(first time.Time, step time.Duration, now func() time.Time) func() time.Time {
	phase := first.Sub(first.Truncate(step))
	return func() time.Time { return now().Add(-phase).Truncate(step).Add(phase) }
}

// Name is the server's address, without credentials.
func (s *Source) Name() string { return s.backend.client.name }
