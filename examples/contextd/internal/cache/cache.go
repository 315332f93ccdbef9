// Package cache is one level of a cache: a map bounded in bytes that evicts what
// was used least recently.
package cache

import (
	"container/list"
	"errors"
	"fmt"
	"sync"

	"github.com/metertree/metertree/meter"
	"github.com/metertree/metertree/metric"
)

// Config describes a level.
type Config[V any] struct {
	// Level names it; it is a label value, such as "l1".
	Level string
	// MaxBytes bounds the sizes of the values together.
	MaxBytes int
	// Size is how many bytes a value counts as.
	Size func(V) int
	// Scope gets lookups_total, evictions_total, entries and size_bytes, which
	// levels share.
	Scope meter.Scope
}

// Cache keeps values by key, each with the version that it was read at. Its
// methods may be called from any goroutine.
type Cache[V any] struct {
	config             Config[V]
	hits, misses       meter.BoundCounter
	evictions          meter.BoundCounter
	entries, sizeBytes meter.BoundGauge

	mu    sync.Mutex
	byKey map[string]*list.Element
	order *list.List // of *entry[V], the most recently used first
	size  int
}

type entry[V any] struct {
	key     string
	version uint64
	value   V
	size    int
}

type lookup struct{ Level, Status string }

// New makes an empty level.
func New[V any](config Config[V]) (*Cache[V], error) {
	if config.MaxBytes < 1 {
		return nil, fmt.Errorf("cache level %q is bounded at %d bytes: give at least 1", config.Level, config.MaxBytes)
	}
	if config.Size == nil {
		return nil, fmt.Errorf("cache level %q cannot tell the size of a value: set Config.Size", config.Level)
	}
	scope := config.Scope
	lookups, lookupsErr := meter.NewCounter[lookup](scope, "lookups_total",
		meter.Help("Lookups in the cache, hit or miss."))
	evictions, evictionsErr := scope.NewCounter("evictions_total", meter.Keys("level"),
		meter.Help("Values evicted to make room."))
	entries, entriesErr := scope.NewGauge("entries", meter.Keys("level"), meter.Fold(metric.FoldSum),
		meter.Help("Values in the cache."))
	size, sizeErr := scope.NewGauge("size_bytes", meter.Unit("bytes"), meter.Keys("level"), meter.Fold(metric.FoldSum),
		meter.Help("Bytes of the values in the cache."))
	if err := errors.Join(lookupsErr, evictionsErr, entriesErr, sizeErr); err != nil {
		return nil, err
	}
	return &Cache[V]{
		config:    config,
		hits:      lookups.With(lookup{config.Level, "hit"}),
		misses:    lookups.With(lookup{config.Level, "miss"}),
		evictions: evictions.Bind(config.Level),
		entries:   entries.Bind(config.Level),
		sizeBytes: size.Bind(config.Level),
		byKey:     map[string]*list.Element{},
		order:     list.New(),
	}, nil
}

// Get returns the value of the key if it is there in exactly this version.
func (c *Cache[V]) Get(key string, version uint64) (value V, ok bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	at, found := c.byKey[key]
	if !found || at.Value.(*entry[V]).version != version {
		c.misses.Inc()
		return value, false
	}
	c.order.MoveToFront(at)
	c.hits.Inc()
	return at.Value.(*entry[V]).value, true
}

// Put keeps a value unless a newer version is there. A value larger than the
// whole level is not kept.
func (c *Cache[V]) Put(key string, version uint64, value V) {
	e := &entry[V]{key: key, version: version, value: value, size: c.config.Size(value)}
	c.mu.Lock()
	defer c.mu.Unlock()
	if at, found := c.byKey[key]; found {
		if at.Value.(*entry[V]).version > version {
			return
		}
		c.removeLocked(at)
	}
	if e.size <= c.config.MaxBytes {
		c.byKey[key] = c.order.PushFront(e)
		c.size += e.size
		c.evictLocked()
	}
	c.entries.Set(float64(len(c.byKey)))
	c.sizeBytes.Set(float64(c.size))
}

func (c *Cache[V]) evictLocked() {
	for c.size > c.config.MaxBytes {
		c.removeLocked(c.order.Back())
		c.evictions.Inc()
	}
}

func (c *Cache[V]) removeLocked(at *list.Element) {
	e := c.order.Remove(at).(*entry[V])
	delete(c.byKey, e.key)
	c.size -= e.size
}
