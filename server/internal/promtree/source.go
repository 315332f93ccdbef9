package promtree

import (
	"context"
	"sync/atomic"
	"time"

	"github.com/metertree/metertree/tree"
)

// Backend evaluates PromQL and knows which series there are. It must be safe for
// concurrent use and honour the context.
type Backend interface {
	// Instant evaluates a query at one moment.
	Instant(ctx context.Context, query string, at time.Time) ([]Sample, error)
	// Range evaluates a query at the instants of a window.
	Range(ctx context.Context, query string, w tree.Window) ([]Series, error)
	// Catalogue tells which series are there at a moment.
	Catalogue(ctx context.Context, at time.Time) (Catalogue, error)
	// LabelNames lists the labels of the series that a selector finds at a moment,
	// in any order, and possibly some of series that ended not long before.
	LabelNames(ctx context.Context, selector string, at time.Time) ([]string, error)
}

// Sample is one series of an instant answer. A backend leaves out what is not a
// float.
type Sample struct {
	// Labels are shared and not to be written; __name__ is one of them.
	Labels []tree.Label
	Value  float64
}

// Series is one series of an answer over a window.
type Series struct {
	Labels []tree.Label // as a Sample's
	Points []Point
}

// Point is a value at a moment, in Unix milliseconds.
type Point struct {
	Millis int64
	Value  float64
}

// Catalogue is what there is to show.
type Catalogue struct {
	Series   map[string]int           // current ones under each stored name
	Declared map[string]tree.Metadata // by the name each was declared under
}

// Options tune a Source. A zero field takes its default.
type Options struct {
	// RateWindow is the range a rate is taken over; it should span at least two
	// scrapes. By default it is four times the interval at which the slowest target
	// is scraped, at least 1m, and 5m for what has no rate over that.
	RateWindow time.Duration
	// CacheFor is how long the list of families may be reused. Default 3s, and
	// never less than ten times what reading it took.
	CacheFor time.Duration
	// Timeout bounds the evaluation of one query. Default 20s.
	Timeout time.Duration
	// Concurrency is how many queries one call evaluates at once. Default 4.
	Concurrency int
	// MaxBranches is how many branches a node may have to be expanded, and leaves to
	// be listed, whatever the limit asked for. Default 100,000.
	MaxBranches int
	// Now is the clock. Default time.Now.
	Now func() time.Time
}

func (o Options) withDefaults() Options {
	if o.CacheFor <= 0 {
		o.CacheFor = 3 * time.Second
	}
	if o.Timeout <= 0 {
		o.Timeout = 20 * time.Second
	}
	if o.Concurrency <= 0 {
		o.Concurrency = 4
	}
	if o.MaxBranches <= 0 {
		o.MaxBranches = 100_000
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	return o
}

// Source is a tree.Source whose every number is the answer to a PromQL
// expression. It is safe for concurrent use.
type Source struct {
	backend Backend
	options Options
	notices notices

	reading chan struct{} // holds a token while the families are read
	last    atomic.Pointer[known]
}

// New returns a source over what the backend answers.
func New(backend Backend, options Options) *Source {
	return &Source{backend: backend, options: options.withDefaults(), reading: make(chan struct{}, 1)}
}

// Close ends what the backend does in the background, if anything; nothing must be
// asked after.
func (s *Source) Close() {
	if b, ok := s.backend.(interface{ Close() }); ok {
		b.Close()
	}
}

// CountSeries counts the current series of each of the names, or of every name,
// for the catalogue of a backend.
func CountSeries(ctx context.Context, b Backend, at time.Time, names ...string) (map[string]int, error) {
	v, err := b.Instant(ctx, string(namesExpr(names...)), at)
	counts := make(map[string]int, len(v))
	for _, sample := range v {
		counts[valueOf(sample.Labels, nameLabel)] = int(sample.Value)
	}
	return counts, err
}

// instant evaluates an expression at one moment.
func (s *Source) instant(ctx context.Context, e expr, at time.Time) ([]Sample, error) {
	ctx, cancel := context.WithTimeout(ctx, s.options.Timeout)
	defer cancel()
	return s.backend.Instant(ctx, string(e), at)
}

// over evaluates an expression at regular moments; an empty one has no answer.
func (s *Source) over(ctx context.Context, e expr, w tree.Window) ([]Series, error) {
	if e == "" {
		return nil, nil
	}
	ctx, cancel := context.WithTimeout(ctx, s.options.Timeout)
	defer cancel()
	return s.backend.Range(ctx, string(e), w)
}

// labelNames lists the labels of selected series.
func (s *Source) labelNames(ctx context.Context, selected expr, at time.Time) ([]string, error) {
	ctx, cancel := context.WithTimeout(ctx, s.options.Timeout)
	defer cancel()
	return s.backend.LabelNames(ctx, string(selected), at)
}

func valueOf(labels []tree.Label, name string) string {
	for _, l := range labels {
		if l.Name == name {
			return l.Value
		}
	}
	return ""
}
