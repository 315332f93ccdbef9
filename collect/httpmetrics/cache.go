package httpmetrics

import (
	"maps"
	"sync"
	"sync/atomic"
)

// maxCached is how many label sets a cache keeps handles of. What a program's
// routes and peers make is far below; beyond it, each request looks its series
// up in the registry.
const maxCached = 2048

// cache keeps bound handles by their label set. A hit is one lookup in a map
// that is never written, so it takes no lock. The zero value is empty.
type cache[K comparable, V any] struct {
	kept atomic.Pointer[map[K]V]
	mu   sync.Mutex
}

// get returns what is kept under a key.
func (c *cache[K, V]) get(key K) (kept V, found bool) {
	if m := c.kept.Load(); m != nil {
		kept, found = (*m)[key]
	}
	return kept, found
}

// full reports whether nothing more is kept.
func (c *cache[K, V]) full() bool {
	m := c.kept.Load()
	return m != nil && len(*m) >= maxCached
}

// keep adds a value by replacing the map.
func (c *cache[K, V]) keep(key K, value V) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.full() {
		return
	}
	next := map[K]V{}
	if m := c.kept.Load(); m != nil {
		next = maps.Clone(*m)
	}
	next[key] = value
	c.kept.Store(&next)
}
