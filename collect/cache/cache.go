// Package cache meters caches: how often they help, how full they are, what they
// evict, and what it costs to load what they lack.
//
// The names are within the scope given, usually one with the segment cache. All
// have the keys component, the name of the cache, and level, such as l1; several
// caches and levels may share a scope.
//
//	name                                        kind       what
//	lookups_total{component,level,status}       counter    lookups: hit, miss or error
//	evictions_total{component,level,reason}     counter    entries that the cache removed
//	loads_total{component,level,status}         counter    loads of what was missing: ok or error
//	load_duration_seconds{component,level}      histogram  how long loads took
//	entries{component,level}                    gauge      entries in the cache
//	size_bytes{component,level}                 gauge      bytes of the entries in the cache
//
// Ratios:
//   - hit_ratio: lookups that found their entry, of all lookups
//   - lookup_error_ratio: lookups that could not be made, of all lookups
//   - load_error_ratio: loads that failed, of all loads
package cache

import (
	"errors"
	"fmt"
	"time"

	"github.com/metertree/metertree/collect"
	"github.com/metertree/metertree/collect/internal/outcome"
	"github.com/metertree/metertree/meter"
	"github.com/metertree/metertree/metric"
)

// Reason says why a cache removed an entry. It is a label value: choose from few.
type Reason string

// Common reasons.
const (
	Capacity    Reason = "capacity"
	Expired     Reason = "expired"
	Invalidated Reason = "invalidated"
)

// Cache meters one level of a cache. Its methods may be called from any
// goroutine, and do not allocate once their series exist. The zero Cache does
// nothing.
type Cache struct {
	at level

	hits, misses, failures meter.BoundCounter
	evictions              meter.CounterOf[eviction]
	loaded, notLoaded      meter.BoundCounter
	loadDuration           meter.BoundHistogram
	entries, size          meter.Gauge
}

type level struct{ Component, Level string }

type lookup struct{ Component, Level, Status string }

type eviction struct{ Component, Level, Reason string }

// New meters the given level of a cache of the given name.
func New(scope meter.Scope, name, levelName string) (*Cache, error) {
	c := &Cache{at: level{name, levelName}}
	var errs [7]error
	lookups, err := meter.NewCounter[lookup](scope, "lookups_total", meter.Role(metric.RoleTraffic),
		meter.Help("Lookups in the cache: hit, miss or error."))
	errs[0] = err
	c.evictions, errs[1] = meter.NewCounter[eviction](scope, "evictions_total", meter.Help("Entries that the cache removed."))
	loads, err := meter.NewCounter[lookup](scope, "loads_total", meter.Help("Loads of what the cache lacked."))
	errs[2] = err
	duration, err := meter.NewHistogram[level](scope, "load_duration_seconds", meter.Unit("seconds"),
		meter.Help("How long loads of what the cache lacked took."))
	errs[3] = err
	keys, sum := meter.Keys("component", "level"), meter.Fold(metric.FoldSum)
	c.entries, errs[4] = scope.NewGauge("entries", keys, sum, meter.Help("Entries in the cache."))
	c.size, errs[5] = scope.NewGauge("size_bytes", keys, sum, meter.Unit("bytes"), meter.Help("Bytes of the entries in the cache."))
	errs[6] = defineRatios(scope, lookups, loads)
	if err := errors.Join(errs[:]...); err != nil {
		return nil, fmt.Errorf("meters of cache %q, level %q: %w", name, levelName, err)
	}
	c.hits = lookups.With(lookup{name, levelName, hit})
	c.misses = lookups.With(lookup{name, levelName, "miss"})
	c.failures = lookups.With(lookup{name, levelName, outcome.Error})
	c.loaded = loads.With(lookup{name, levelName, outcome.OK})
	c.notLoaded = loads.With(lookup{name, levelName, outcome.Error})
	c.loadDuration = duration.With(c.at)
	return c, nil
}

// hit is the status of a lookup that found its entry.
const hit = "hit"

func defineRatios(scope meter.Scope, lookups, loads meter.Additive) error {
	failed := meter.Where("status", outcome.Error)
	return errors.Join(
		meter.Ratio(scope, "hit_ratio", lookups, meter.Where("status", hit),
			meter.Help("How much of the lookups finds its entry.")),
		meter.Ratio(scope, "lookup_error_ratio", lookups, failed, meter.Role(metric.RoleErrors),
			meter.Help("How much of the lookups cannot be made.")),
		meter.Ratio(scope, "load_error_ratio", loads, failed,
			meter.Help("How much of the loads fails.")),
	)
}

// Hit counts a lookup that found its entry.
func (c *Cache) Hit() { c.hits.Inc() }

// Miss counts a lookup that did not.
func (c *Cache) Miss() { c.misses.Inc() }

// Failed counts a lookup that could not be made, as when a remote cache does not
// answer.
func (c *Cache) Failed() { c.failures.Inc() }

// Evicted counts entries that the cache removed; 0 is legal.
func (c *Cache) Evicted(entries int, why Reason) {
	c.evictions.Add(int64(entries), eviction{c.at.Component, c.at.Level, string(why)})
}

// Load is a load under way.
type Load struct {
	cache *Cache
	start time.Time
}

// Loading begins to measure a load of what the cache lacks. Call Done of what it
// returns exactly once.
func (c *Cache) Loading() Load { return Load{c, time.Now()} }

// Done counts the load, as failed if err is not nil.
func (l Load) Done(err error) {
	l.cache.loadDuration.ObserveSince(l.start)
	if err != nil {
		l.cache.notLoaded.Inc()
		return
	}
	l.cache.loaded.Inc()
}

// Size is how full a cache is.
type Size struct{ Entries, Bytes int64 }

// Resized sets how full the cache is. Concurrent callers leave the size of the one
// that came last, so call it under the cache's lock, or read the size instead
// with a Collector.
func (c *Cache) Resized(s Size) {
	c.entries.Set(float64(s.Entries), c.at.Component, c.at.Level)
	c.size.Set(float64(s.Bytes), c.at.Component, c.at.Level)
}

// Collector sets the size that the source tells whenever a refresher asks for it.
func (c *Cache) Collector(source collect.StateSource[Size]) collect.Collector {
	return collect.State(source, func(s Size, out *collect.Gauges) {
		out.Set(c.entries, float64(s.Entries), c.at.Component, c.at.Level)
		out.Set(c.size, float64(s.Bytes), c.at.Component, c.at.Level)
	})
}
