package prom

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/tsdb"
)

const (
	// smallHead is how many series in memory are counted exactly at once.
	smallHead = 50_000
	// batchSeries and batchNames bound what is counted by one query otherwise.
	batchSeries = 50_000
	batchNames  = 500
	// recount is how old an exact count may get before there is another, and
	// recountTimeout bounds one.
	recount        = 30 * time.Second
	recountTimeout = 2 * time.Minute
)

// headCounts counts the series in memory under each name. The index knows at once
// how many there are, those included that ended and are not yet written to disk;
// which are current is found out in the background, one count at a time, and only
// while somebody asks. It is safe for concurrent use.
type headCounts struct {
	head *tsdb.Head
	// exact counts the current series of the names.
	exact func(ctx context.Context, at time.Time, names ...string) (map[string]int, error)

	mu       sync.Mutex
	last     *countedHead
	tried    time.Time // when the last exact count began
	keep     time.Duration
	counting bool
	closed   bool
	ended    sync.WaitGroup
	ctx      context.Context // of the background
	cancel   context.CancelFunc
}

// countedHead is an exact count and what the index said just before.
type countedHead struct {
	series, index map[string]int
	at            time.Time
}

func newHeadCounts(head *tsdb.Head, exact func(context.Context, time.Time, ...string) (map[string]int, error)) *headCounts {
	c := &headCounts{head: head, exact: exact}
	c.ctx, c.cancel = context.WithCancel(context.Background())
	return c
}

// small reports whether there are few enough series to count them exactly.
func (c *headCounts) small() bool { return c.head.NumSeries() <= smallHead }

// read returns the number of series under each name, and whether it is known
// which of them are current.
func (c *headCounts) read(ctx context.Context, at time.Time) (counts map[string]int, exact bool, err error) {
	index, err := c.index(ctx)
	if err != nil {
		return nil, false, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.refreshLocked(index, at)
	if c.last == nil {
		return index, false, nil
	}
	age := at.Sub(c.last.at)
	return c.last.brought(index), age < 10*max(recount, c.keep), nil
}

// brought is the exact count with what began or left the index since.
func (l *countedHead) brought(index map[string]int) map[string]int {
	counts := make(map[string]int, len(index))
	for name, n := range index {
		then, series := l.index[name], l.series[name]
		if n > then {
			series += n - then
		}
		if series = min(series, n); series > 0 {
			counts[name] = series
		}
	}
	return counts
}

// refreshLocked begins an exact count, unless there is one or it is not yet time.
func (c *headCounts) refreshLocked(index map[string]int, at time.Time) {
	since := at.Sub(c.tried)
	if c.counting || c.closed || !c.tried.IsZero() && since >= 0 && since < max(recount, c.keep) {
		return
	}
	c.counting, c.tried = true, at
	c.ended.Go(func() {
		began := time.Now()
		series, err := c.countAll(index, at)
		c.mu.Lock()
		defer c.mu.Unlock()
		c.counting, c.keep = false, 10*time.Since(began)
		if err == nil {
			c.last = &countedHead{series: series, index: index, at: at}
		}
	})
}

// countAll counts exactly, a batch of names at a time, so that a query holds few
// series at once.
func (c *headCounts) countAll(index map[string]int, at time.Time) (map[string]int, error) {
	ctx, cancel := context.WithTimeout(c.ctx, recountTimeout)
	defer cancel()
	names := make([]string, 0, len(index))
	for name := range index {
		names = append(names, name)
	}
	slices.Sort(names)
	series := make(map[string]int, len(names))
	for len(names) > 0 {
		n, size := 0, 0
		for n < len(names) && n < batchNames && (n == 0 || size+index[names[n]] <= batchSeries) {
			size += index[names[n]]
			n++
		}
		counted, err := c.exact(ctx, at, names[:n]...)
		if err != nil {
			return nil, err
		}
		for name, n := range counted {
			series[name] = n
		}
		names = names[n:]
	}
	return series, nil
}

// index counts what the index of the memory holds.
func (c *headCounts) index(ctx context.Context) (map[string]int, error) {
	fail := func(err error) (map[string]int, error) {
		return nil, fmt.Errorf("index of series in memory: %w", err)
	}
	index, err := c.head.Index()
	if err != nil {
		return fail(err)
	}
	defer index.Close()
	names, err := index.LabelValues(ctx, model.MetricNameLabel, nil)
	if err != nil {
		return fail(err)
	}
	counts := make(map[string]int, len(names))
	for _, name := range names {
		if err := ctx.Err(); err != nil {
			return fail(err)
		}
		series, err := index.Postings(ctx, model.MetricNameLabel, name)
		if err != nil {
			return fail(err)
		}
		n := 0
		for series.Next() {
			n++
		}
		if err := series.Err(); err != nil {
			return fail(err)
		}
		if n > 0 {
			counts[name] = n
		}
	}
	return counts, nil
}

// close ends a count under way; there will be no other.
func (c *headCounts) close() {
	c.mu.Lock()
	c.closed = true
	c.mu.Unlock()
	c.cancel()
	c.ended.Wait()
}
