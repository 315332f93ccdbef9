package ingest

import (
	"errors"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/metertree/metertree/collect/internal/collecttest"
	"github.com/metertree/metertree/export/prometheus"
	"github.com/metertree/metertree/meter"
	"github.com/metertree/metertree/registry"
)

func newIngest(t *testing.T) (*Ingest, *registry.Registry) {
	t.Helper()
	r := registry.New(registry.Options{})
	i, err := New(meter.New(r).Scope("ingest"))
	if err != nil {
		t.Fatal(err)
	}
	return i, r
}

var errBroken = errors.New("broken")

func TestGolden(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		i, r := newIngest(t)
		note, failing := i.Started("note"), i.Started("page")
		_ = i.Started("page")
		parse := note.Stage("parse")
		time.Sleep(10 * time.Millisecond)
		parse.Done()
		embed := note.Stage("embed")
		time.Sleep(200 * time.Millisecond)
		embed.Done()
		note.Done(Size{Bytes: 2048, Chunks: 3}, nil)
		failing.Done(Size{Bytes: 100, Chunks: 1}, errBroken)
		collecttest.Golden(t, r, prometheus.Write, "ingest")
		collecttest.Roles(t, r, "ingest_duration_seconds latency", "ingest_resources_total traffic")
		collecttest.Ratios(t, r,
			`ingest_error_ratio = ingest_resources_total{status="error"} / ingest_resources_total by [context_type] errors`,
		)
	})
}

func TestConcurrentResources(t *testing.T) {
	i, r := newIngest(t)
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			for range 100 {
				note := i.Started("note")
				note.Stage("parse").Done()
				note.Done(Size{Bytes: 3, Chunks: 2}, nil)
			}
		})
	}
	all.Wait()
	v := collecttest.Values(t, r)
	for series, want := range map[string]float64{
		`ingest_in_progress{context_type="note"}`:                 0,
		`ingest_bytes_total{context_type="note"}`:                 2400,
		`ingest_chunks_total{context_type="note"}`:                1600,
		`ingest_resources_total{context_type="note",status="ok"}`: 800,
		`ingest_stage_duration_seconds{operation="parse"}`:        800,
	} {
		if got, found := v[series]; got != want || !found {
			t.Errorf("%s = %v, want %v", series, got, want)
		}
	}
}

func TestConflictIsAnError(t *testing.T) {
	scope := meter.New(registry.New(registry.Options{}))
	scope.Counter("in_progress")
	if _, err := New(scope); err == nil {
		t.Error("a counter and an up-down counter share the name in_progress")
	}
}

func TestUpdatesDoNotAllocate(t *testing.T) {
	updates := func(i *Ingest) func() {
		return func() {
			note := i.Started("note")
			note.Stage("parse").Done()
			note.Done(Size{1, 1}, nil)
			i.Started("note").Done(Size{}, errBroken)
		}
	}
	i, _ := newIngest(t)
	collecttest.NoAllocs(t, updates(i))
	collecttest.NoAllocs(t, updates(&Ingest{}))
}
