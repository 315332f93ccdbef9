package cache

import (
	"context"
	"errors"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/metertree/metertree/collect"
	"github.com/metertree/metertree/collect/internal/collecttest"
	"github.com/metertree/metertree/export/prometheus"
	"github.com/metertree/metertree/meter"
	"github.com/metertree/metertree/registry"
)

func newCache(t *testing.T) (*Cache, *registry.Registry) {
	t.Helper()
	r := registry.New(registry.Options{})
	c, err := New(meter.New(r).Scope("cache"), "documents", "l1")
	if err != nil {
		t.Fatal(err)
	}
	return c, r
}

var errBroken = errors.New("broken")

func TestGolden(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, r := newCache(t)
		remote, err := New(meter.New(r).Scope("cache"), "documents", "l2")
		if err != nil {
			t.Fatal(err)
		}
		c.Hit()
		c.Hit()
		c.Miss()
		remote.Failed()
		load, broken := c.Loading(), remote.Loading()
		time.Sleep(20 * time.Millisecond)
		load.Done(nil)
		broken.Done(errBroken)
		c.Evicted(2, Capacity)
		c.Evicted(0, Expired)
		c.Resized(Size{Entries: 3, Bytes: 4096})
		collecttest.Golden(t, r, prometheus.Write, "cache")
		collecttest.Roles(t, r, "cache_lookups_total traffic")
		collecttest.Ratios(t, r,
			`cache_hit_ratio = cache_lookups_total{status="hit"} / cache_lookups_total by [component level]`,
			`cache_load_error_ratio = cache_loads_total{status="error"} / cache_loads_total by [component level]`,
			`cache_lookup_error_ratio = cache_lookups_total{status="error"} / cache_lookups_total by [component level] errors`,
		)
	})
}

func TestCollector(t *testing.T) {
	c, r := newCache(t)
	refresher, err := collect.NewRefresher(collect.Options{Scope: meter.New(r)})
	if err != nil {
		t.Fatal(err)
	}
	read := func(context.Context) (Size, error) { return Size{Entries: 3, Bytes: 8}, nil }
	if _, err := refresher.Add("documents", c.Collector(read), collect.Schedule{}); err != nil {
		t.Fatal(err)
	}
	v := collecttest.Values(t, r)
	if v[`cache_entries{component="documents",level="l1"}`] != 3 || v[`cache_size_bytes{component="documents",level="l1"}`] != 8 {
		t.Errorf("got %v", v)
	}
	if err := refresher.Close(t.Context()); err != nil {
		t.Error(err)
	}
}

func TestConcurrentLookups(t *testing.T) {
	c, r := newCache(t)
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			for range 100 {
				c.Hit()
				c.Miss()
				c.Evicted(1, Expired)
			}
		})
	}
	all.Wait()
	v := collecttest.Values(t, r)
	for _, series := range []string{
		`cache_lookups_total{component="documents",level="l1",status="hit"}`,
		`cache_lookups_total{component="documents",level="l1",status="miss"}`,
		`cache_evictions_total{component="documents",level="l1",reason="expired"}`,
	} {
		if v[series] != 800 {
			t.Errorf("%s = %v, want 800", series, v[series])
		}
	}
}

func TestConflictIsAnError(t *testing.T) {
	scope := meter.New(registry.New(registry.Options{}))
	scope.Counter("entries")
	if _, err := New(scope, "documents", "l1"); err == nil {
		t.Error("a counter and a gauge share the name entries")
	}
}

func TestUpdatesDoNotAllocate(t *testing.T) {
	updates := func(c *Cache) func() {
		return func() {
			c.Hit()
			c.Miss()
			c.Failed()
			c.Loading().Done(nil)
			c.Loading().Done(errBroken)
			c.Evicted(1, Capacity)
			c.Resized(Size{1, 2})
		}
	}
	c, _ := newCache(t)
	collecttest.NoAllocs(t, updates(c))
	collecttest.NoAllocs(t, updates(&Cache{}))
}
