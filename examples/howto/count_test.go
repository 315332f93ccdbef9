//go:build !metertree_off

package howto_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/metertree/metertree/meter"
	"github.com/metertree/metertree/metertest"
	"github.com/metertree/metertree/metric"
)

type importer struct{ seconds meter.Histogram }

func newImporter(scope meter.Scope) *importer {
	return &importer{scope.Histogram("import_seconds", meter.Unit("seconds"),
		meter.Buckets(0.01, 0.1, 1, 10), meter.Help("How long imports take."))}
}

func (i *importer) run(work func()) {
	defer i.seconds.ObserveSince(time.Now())
	work()
}

func Example_timeAFunction() {
	m := metertest.New(t)
	newImporter(m.Scope().Scope("shop")).run(func() {})
	fmt.Println(m.Histogram("shop_import_seconds").Count, "import")
	// Output: 1 import
}

// reads are the labels of a read.
type reads struct{ Status string }

// statusOf is one of few words for any error.
func statusOf(err error) string {
	switch {
	case err == nil:
		return "ok"
	case errors.Is(err, context.DeadlineExceeded):
		return "timeout"
	case errors.Is(err, io.ErrUnexpectedEOF):
		return "truncated"
	}
	return "error"
}

func Example_errorsByKind() {
	m := metertest.New(t)
	scope := m.Scope().Scope("store")
	total := meter.MustCounter[reads](scope, "reads_total", meter.Help("Reads, by how they ended."))

	for _, err := range []error{nil, nil, fmt.Errorf("reading part 7: %w", io.ErrUnexpectedEOF)} {
		total.Inc(reads{statusOf(err)})
	}
	show(m, "store_reads")
	// Output:
	// store_reads_total{status="ok"} 2
	// store_reads_total{status="truncated"} 1
}

func Example_errorRatio() {
	m := metertest.New(t)
	scope := m.Scope().Scope("store")
	total := meter.MustCounter[reads](scope, "reads_total", meter.Role(metric.RoleTraffic))
	err := meter.Ratio(scope, "read_error_ratio", total, meter.Where("status", "error", "timeout", "truncated"),
		meter.Role(metric.RoleErrors), meter.Help("Reads that failed, of all."))
	fmt.Println(err)
	// Output: <nil>
}

type span struct{ traceID, spanID string }

func Example_exemplars() {
	m := metertest.New(t)
	seconds := m.Scope().Histogram("read_seconds", meter.Unit("seconds"))
	current := span{"4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"}
	sampled := true

	start := time.Now()
	// ... what is timed
	took := time.Since(start).Seconds()
	if sampled {
		seconds.ObserveExemplar(took, current.traceID, current.spanID)
	} else {
		seconds.Observe(took)
	}

	fmt.Println(m.Histogram("read_seconds").Count)
	// Output: 1
}

// Cache is part of a library. It counts into whatever scope it is given.
type Cache struct {
	hits, misses meter.BoundCounter
	entries      map[string]string
}

// NewCache makes a cache with metrics in a scope. The zero scope is for none.
func NewCache(scope meter.Scope) *Cache {
	lookups := scope.Counter("lookups_total", meter.Keys("result"), meter.Help("Lookups, by what was found."))
	return &Cache{lookups.Bind("hit"), lookups.Bind("miss"), map[string]string{}}
}

// Get returns what is kept under a key.
func (c *Cache) Get(key string) (value string, ok bool) {
	if value, ok = c.entries[key]; ok {
		c.hits.Inc()
	} else {
		c.misses.Inc()
	}
	return value, ok
}

func Example_library() {
	m := metertest.New(t)
	scope := m.Scope()
	users := NewCache(scope.Scope("cache").With("cache", "users"))
	quiet := NewCache(meter.Scope{}) // metrics are off
	users.Get("me")
	quiet.Get("me")
	show(m, "cache_")
	// Output:
	// cache_lookups_total{cache="users",result="hit"} 0
	// cache_lookups_total{cache="users",result="miss"} 1
}
