package buffer

import (
	"context"
	"strconv"
	"testing"

	"github.com/metertree/metertree/meter"
	"github.com/metertree/metertree/registry"
)

// newBenchmarked returns a buffer that flushes into nothing. Its item is the
// number of bytes it counts for.
func newBenchmarked(tb testing.TB, scope meter.Scope, maxBytes int64) *Buffer[int] {
	tb.Helper()
	b, err := New(Config[int]{
		Flush:         func(context.Context, Batch[int]) error { return nil },
		Failed:        func(b Batch[int], err error) { tb.Error(err) },
		Size:          func(item int) int { return item },
		MaxBytes:      maxBytes,
		FlushInterval: -1,
		Scope:         scope,
	})
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		if err := b.Close(context.Background()); err != nil {
			tb.Error(err)
		}
	})
	return b
}

func TestPutDoesNotAllocate(t *testing.T) {
	const records = 1000
	b := newBenchmarked(t, meter.New(registry.New(registry.Options{})), 1<<40)
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	put := func() {
		if err := b.Put(ctx, "key", 100); err != nil {
			t.Error(err)
		}
	}
	fill := func() {
		for range records {
			put()
		}
	}
	// A table makes room for what the one before it took; AllocsPerRun fills
	// twice, and counts the second time.
	fill()
	fill()
	if err := b.Flush(ctx); err != nil {
		t.Fatal(err)
	}
	if got := testing.AllocsPerRun(1, fill); got != 0 {
		t.Errorf("%d records put into a warm table allocate %v times, want 0", records, got)
	}
}

func TestPutAllocatesLittleThroughFlushes(t *testing.T) {
	const tables, perTable = 50, 500
	// Four shards of four tables.
	b := newBenchmarked(t, meter.New(registry.New(registry.Options{})), 16*perTable*100)
	ctx := context.Background()
	fill := func() {
		for range tables * perTable {
			if err := b.Put(ctx, "key", 100); err != nil {
				t.Error(err)
			}
		}
	}
	// A table, its records, and what a flush and a stalled writer take; the
	// records themselves take nothing.
	got := testing.AllocsPerRun(3, fill) / tables
	t.Logf("%.1f allocations a table", got)
	if got > 20 {
		t.Errorf("a table of %d records costs %.1f allocations, want at most 20", perTable, got)
	}
}

func benchmarkPut(b *testing.B, scope meter.Scope) {
	buffer := newBenchmarked(b, scope, 64<<20)
	ctx := context.Background()
	keys := benchmarkKeys()
	b.ReportAllocs()
	i := 0
	for b.Loop() {
		if err := buffer.Put(ctx, keys[i&(len(keys)-1)], 100); err != nil {
			b.Fatal(err)
		}
		i++
	}
}

func benchmarkKeys() []string {
	keys := make([]string, 1024)
	for i := range keys {
		keys[i] = "tenant-" + strconv.Itoa(i)
	}
	return keys
}

// BenchmarkPut is one writer; the time includes flushing into nothing.
func BenchmarkPut(b *testing.B) {
	b.Run("metered", func(b *testing.B) { benchmarkPut(b, meter.New(registry.New(registry.Options{}))) })
	b.Run("unmetered", func(b *testing.B) { benchmarkPut(b, meter.Scope{}) })
}

// BenchmarkPutParallel is one writer for each processor.
func BenchmarkPutParallel(b *testing.B) {
	buffer := newBenchmarked(b, meter.New(registry.New(registry.Options{})), 64<<20)
	ctx := context.Background()
	keys := benchmarkKeys()
	b.ReportAllocs()
	b.RunParallel(func(pb *testing.PB) {
		for i := 0; pb.Next(); i++ {
			if err := buffer.Put(ctx, keys[i&(len(keys)-1)], 100); err != nil {
				b.Error(err)
				return
			}
		}
	})
}
