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
	// DefaultTimeout is how long a query may run if neither it nor
	// Options.Timeout says so.
	DefaultTimeout = 10 * time.Second
	// DefaultMaxConcurrent is how many queries run at once if
	// Options.MaxConcurrent is 0.
	DefaultMaxConcurrent = 2
	// DefaultTTL is for how long an answer is given again if neither the query
	// nor Options.TTL says so.
	DefaultTTL = 10 * time.Second
	// DefaultMaxKeptBytes bounds the answers that are kept if
	// Options.MaxKeptBytes is 0.
	DefaultMaxKeptBytes = 16 << 20
)

// Query is one question that can be asked.
type Query struct {
	// Name is its place in the URL: lower-case letters, digits, - and _.
	Name string
	// Help says in one sentence what it answers.
	Help string
	// Parameters are those it takes. Others are refused.
	Parameters []Parameter
	// Run answers it with a value that encoding/json can write. The parameters
	// are checked and have their defaults. It must end when its context does,
	// which is when its time is up or nobody waits for the answer any more; until
	// it has, it keeps one of the places of Options.MaxConcurrent. An error made
	// by BadParameter is the asker's.
	Run func(ctx context.Context, parameters url.Values) (any, error)
	// Timeout is how long it may run; 0 means Options.Timeout.
	Timeout time.Duration
	// TTL is for how long an answer is given again; 0 means Options.TTL, and a
	// negative one keeps none.
	TTL time.Duration
}

// Options configure a Registry; the zero value is useful.
type Options struct {
	// Timeout is how long a query may run; 0 means DefaultTimeout.
	Timeout time.Duration
	// MaxConcurrent is how many queries run at once; what comes beyond is turned
	// away. 0 means DefaultMaxConcurrent.
	MaxConcurrent int
	// TTL is for how long an answer is given again; 0 means DefaultTTL, and a
	// negative one keeps none.
	TTL time.Duration
	// MaxKeptBytes bounds the answers that are kept; the oldest go first. 0 means
	// DefaultMaxKeptBytes.
	MaxKeptBytes int
	// Now tells the time; nil means time.Now.
	Now func() time.Time
}

// complete fills in defaults.
func (o *Options) complete() {
	if o.Timeout <= 0 {
		o.Timeout = DefaultTimeout
	}
	if o.MaxConcurrent <= 0 {
		o.MaxConcurrent = DefaultMaxConcurrent
	}
	if o.TTL == 0 {
		o.TTL = DefaultTTL
	}
	if o.MaxKeptBytes <= 0 {
		o.MaxKeptBytes = DefaultMaxKeptBytes
	}
	if o.Now == nil {
		o.Now = time.Now
	}
}

// Registry holds the queries of a program. All methods may be called from any
// goroutine.
type Registry struct {
	options Options
	slots   chan struct{}

	mu      sync.Mutex
	queries map[string]Query
	// flights are the queries under way that can be joined, by question.
	flights map[string]*flight
	kept    answers
}

// New returns a registry without queries.
func New(options Options) *Registry {
	options.complete()
	return &Registry{
		options: options,
		slots:   make(chan struct{}, options.MaxConcurrent),
		queries: map[string]Query{},
		flights: map[string]*flight{},
		kept:    answers{max: options.MaxKeptBytes},
	}
}

// Add registers a query. A name that cannot stand in a URL or is in use, a query
// that cannot run, and parameters that contradict themselves are errors.
func (r *Registry) Add(q Query) error {
	if !validName(q.Name) {
		return fmt.Errorf("query name %q is not usable in a URL: use lower-case letters, digits, - and _", q.Name)
	}
	if q.Run == nil {
		return fmt.Errorf("query %q has nothing to run: set Run", q.Name)
	}
	if err := validParameters(q.Parameters); err != nil {
		return fmt.Errorf("query %q: %w", q.Name, err)
	}
	q.Parameters = slices.Clone(q.Parameters)
	if q.Timeout <= 0 {
		q.Timeout = r.options.Timeout
	}
	if q.TTL == 0 {
		q.TTL = r.options.TTL
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
