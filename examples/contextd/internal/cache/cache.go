// Package cache is one level of a cache: a map bounded in bytes that evicts what
// was used least recently.
package cache

import (
	"container/list"
	"context"
	"fmt"

	"github.com/metertree/metertree/collect"
	cachemeters "github.com/metertree/metertree/collect/cache"
	"github.com/metertree/metertree/collect/locks"
	"github.com/metertree/metertree/meter"
)

// Config describes a level.
type Config[V any] struct {
	// Name and Level say which cache and which level of it this is; they are label
	// values, such as "documents" and "l1".
	Name, Level string
	// MaxBytes bounds the sizes of the values together.
	MaxBytes int
	// Size is how many bytes a value counts as.
	Size func(V) int
	// Scope gets the metrics of package collect/cache, which levels share.
	Scope meter.Scope
	// Lock meters the level's lock; nil does not.
	Lock *locks.Meters
}

// Cache keeps values by key, each with the version that it was read at. Its
// methods may be called from any goroutine.
type Cache[V any] struct {
	config Config[V]
	meters *cachemeters.Cache

	mu    locks.Mutex
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

// New makes an empty level.
func New[V any](config Config[V]) (*Cache[V], error) {
	if config.MaxBytes < 1 {
		return nil, fmt.Errorf("cache level %q is bounded at %d bytes: give at least 1", config.Level, config.MaxBytes)
	}
	if config.Size == nil {
		return nil, fmt.Errorf("cache level %q cannot tell the size of a value: set Config.Size", config.Level)
	}
	meters, err := cachemeters.New(config.Scope, config.Name, config.Level)
	if err != nil {
		return nil, err
	}
	c := &Cache[V]{config: config, meters: meters, byKey: map[string]*list.Element{}, order: list.New()}
	c.mu.Meters = config.Lock
	return c, nil
}

// Collector reads how full the level is.
func (c *Cache[V]) Collector() collect.Collector {
	return c.meters.Collector(func(context.Context) (cachemeters.Size, error) {
		c.mu.Lock()
		defer c.mu.Unlock()
		return cachemeters.Size{Entries: int64(len(c.byKey)), Bytes: int64(c.size)}, nil
	})
}

// Load gets with load what the level lacks, and measures that.
func (c *Cache[V]) Load(load func() (V, error)) (V, error) {
	measured := c.meters.Loading()
	value, err := load()
	measured.Done(err)
	return value, err
}

// Get returns the value of the key if it is there in exactly this version.
func (c *Cache[V]) Get(key string, version uint64) (value V, ok bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	at, found := c.byKey[key]
	if !found || at.Value.(*entry[V]).version != version {
		c.meters.Miss()
		return value, false
	}
	c.order.MoveToFront(at)
	c.meters.Hit()
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
		c.meters.Evicted(1, cachemeters.Invalidated)
	}
	if e.size <= c.config.MaxBytes {
		c.byKey[key] = c.order.PushFront(e)
		c.size += e.size
		c.evictLocked()
	}
}

func (c *Cache[V]) evictLocked() {
	for c.size > c.config.MaxBytes {
		c.removeLocked(c.order.Back())
		c.meters.Evicted(1, cachemeters.Capacity)
	}
}

func (c *Cache[V]) removeLocked(at *list.Element) {
	e := c.order.Remove(at).(*entry[V])
	delete(c.byKey, e.key)
	c.size -= e.size
}
