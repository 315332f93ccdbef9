package stats

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"net/url"
	"slices"
	"sync"
	"time"
)

const (
	// DefaultTimeout is how long a query may run if Options.Timeout is 0.
	DefaultTimeout = 10 * time.Second
	// DefaultMaxConcurrent is how many queries run at once if
	// Options.MaxConcurrent is 0.
	DefaultMaxConcurrent = 2
)

// Query is one question that can be asked.
type Query struct {
	// Name is its place in the URL: lower-case letters, digits, - and _.
	Name string
	// Help says in one sentence what it answers and which parameters it takes.
	Help string
	// Run answers it with a value that encoding/json can write. It must end when
	// its context does. An error made by BadParameter is the asker's.
	Run func(ctx context.Context, parameters url.Values) (any, error)
}

// Options configure a Registry; the zero value is useful.
type Options struct {
	// Timeout is how long a query may run; 0 means DefaultTimeout.
	Timeout time.Duration
	// MaxConcurrent is how many queries run at once; what comes beyond is turned
	// away. 0 means DefaultMaxConcurrent.
	MaxConcurrent int
}

// Registry holds the queries of a program. All methods may be called from any
// goroutine.
type Registry struct {
	options Options
	slots   chan struct{}

	mu      sync.Mutex
	queries map[string]Query
}

// New returns a registry without queries.
func New(options Options) *Registry {
	if options.Timeout <= 0 {
		options.Timeout = DefaultTimeout
	}
	if options.MaxConcurrent <= 0 {
		options.MaxConcurrent = DefaultMaxConcurrent
	}
	return &Registry{
		options: options,
		slots:   make(chan struct{}, options.MaxConcurrent),
		queries: map[string]Query{},
	}
}

// Add registers a query. A name that cannot stand in a URL or is in use, and a
// query that cannot run, are errors.
func (r *Registry) Add(q Query) error {
	if !validName(q.Name) {
		return fmt.Errorf("query name %q is not usable in a URL: use lower-case letters, digits, - and _", q.Name)
	}
	if q.Run == nil {
		return fmt.Errorf("query %q has nothing to run: set Run", q.Name)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if _, taken := r.queries[q.Name]; taken {
		return fmt.Errorf("query %q is registered already: choose another name", q.Name)
	}
	r.queries[q.Name] = q
	return nil
}

func validName(name string) bool {
	for i := range len(name) {
		c := name[i]
		if (c < 'a' || c > 'z') && (c < '0' || c > '9') && c != '-' && c != '_' {
			return false
		}
	}
	return name != ""
}

func (r *Registry) query(name string) (Query, bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	q, ok := r.queries[name]
	return q, ok
}

func (r *Registry) all() []Query {
	r.mu.Lock()
	defer r.mu.Unlock()
	queries := slices.Collect(maps.Values(r.queries))
	slices.SortFunc(queries, func(a, b Query) int { return cmp.Compare(a.Name, b.Name) })
	return queries
}
