package sqlmetrics

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/metertree/metertree/meter"
)

// Pool is a pool of connections; *sql.DB is one. Stats is called from several
// goroutines at once.
type Pool interface {
	Stats() sql.DBStats
}

// Pools are the pools that are collected. All methods may be called at any time
// from any goroutine.
type Pools struct {
	latest atomic.Pointer[[]reading]

	mu sync.Mutex
	// pools is replaced, never written, and sorted by name.
	pools []named
}

type named struct {
	name string
	pool Pool
}

// reading is what a pool said at one collection.
type reading struct {
	name  string
	stats sql.DBStats
}

// Register adds the metrics of pools to a scope, usually the root scope: their
// names begin with go_sql_. There are no pools before Add. It fails if one of
// the metrics exists already, such as after an earlier Register in the same
// place; then those before it stay registered.
func Register(scope meter.Scope) (*Pools, error) {
	p := &Pools{}
	remove := scope.OnCollect(p.read)
	place := scope.Scope("go").Scope("sql")
	for _, v := range values {
		if err := v.register(place, p.each); err != nil {
			remove()
			return nil, fmt.Errorf("registering the metrics of SQL connection pools: %w", err)
		}
	}
	return p, nil
}

// Add collects a pool under a name from the next collection on. It fails if the
// name is empty or in use, or the pool is nil.
func (p *Pools) Add(name string, pool Pool) error {
	if name == "" {
		return errors.New("the name of an SQL connection pool is empty: name it after what it is for")
	}
	if pool == nil {
		return fmt.Errorf("the SQL connection pool %q is nil: give the *sql.DB that sql.Open returned", name)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	at, found := p.find(name)
	if found {
		return fmt.Errorf("an SQL connection pool is named %q already: choose another name, or remove that one first", name)
	}
	p.pools = slices.Insert(slices.Clone(p.pools), at, named{name, pool})
	return nil
}

// Remove ends the series of the pool of a name, and reports whether there was
// one. A collection under way may still show them.
func (p *Pools) Remove(name string) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	at, found := p.find(name)
	if found {
		p.pools = slices.Delete(slices.Clone(p.pools), at, at+1)
	}
	return found
}

// find needs p.mu.
func (p *Pools) find(name string) (at int, found bool) {
	return slices.BinarySearchFunc(p.pools, name, func(n named, name string) int {
		return strings.Compare(n.name, name)
	})
}

// read asks every pool. What it stores is never changed, so collections that
// overlap cannot disturb one another.
func (p *Pools) read(context.Context) {
	p.mu.Lock()
	pools := p.pools
	p.mu.Unlock()
	readings := make([]reading, len(pools))
	for i, n := range pools {
		readings[i] = reading{n.name, n.pool.Stats()}
	}
	p.latest.Store(&readings)
}

// each yields what the pools said last.
func (p *Pools) each(yield func(*reading) bool) {
	readings := p.latest.Load()
	if readings == nil {
		return
	}
	for i := range *readings {
		if !yield(&(*readings)[i]) {
			return
		}
	}
}
