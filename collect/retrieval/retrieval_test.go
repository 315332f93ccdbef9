package retrieval

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

func newRetrieval(t *testing.T) (*Retrieval, *registry.Registry) {
	t.Helper()
	reg := registry.New(registry.Options{})
	r, err := New(meter.New(reg).Scope("retrieval"))
	if err != nil {
		t.Fatal(err)
	}
	return r, reg
}

var errBroken = errors.New("broken")

func TestGolden(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r, reg := newRetrieval(t)
		found, nothing, failed := r.Started("query"), r.Started("query"), r.Started("message")
		time.Sleep(30 * time.Millisecond)
		found.Done(Candidates{Scanned: 100, Scored: 40, Passed: 7, Returned: 5}, nil)
		nothing.Done(Candidates{Scanned: 20}, nil)
		failed.Done(Candidates{Scanned: 3}, errBroken)
		collecttest.Golden(t, reg, prometheus.Write, "retrieval")
		collecttest.Roles(t, reg, "retrieval_duration_seconds latency", "retrieval_searches_total traffic")
		collecttest.Ratios(t, reg,
			`retrieval_empty_ratio = retrieval_empty_total / retrieval_searches_total{status="ok"} by [operation]`,
			`retrieval_error_ratio = retrieval_searches_total{status="error"} / retrieval_searches_total by [operation] errors`,
		)
	})
}

// A search that failed found nothing for another reason.
func TestOnlySuccessfulSearchesAreEmpty(t *testing.T) {
	r, reg := newRetrieval(t)
	r.Started("query").Done(Candidates{}, errBroken)
	if got, found := collecttest.Values(t, reg)[`retrieval_empty_total{operation="query"}`]; got != 0 || !found {
		t.Errorf("empty = %v, there %v, want 0", got, found)
	}
	r.Started("query").Done(Candidates{}, nil)
	if got := collecttest.Values(t, reg)[`retrieval_empty_total{operation="query"}`]; got != 1 {
		t.Errorf("empty = %v, want 1", got)
	}
}

func TestConcurrentSearches(t *testing.T) {
	r, reg := newRetrieval(t)
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			for range 100 {
				r.Started("query").Done(Candidates{Scanned: 3, Returned: 1}, nil)
			}
		})
	}
	all.Wait()
	v := collecttest.Values(t, reg)
	if v[`retrieval_searches_total{operation="query",status="ok"}`] != 800 || v[`retrieval_candidates_scanned_total{operation="query"}`] != 2400 {
		t.Errorf("got %v", v)
	}
}

func TestConflictIsAnError(t *testing.T) {
	scope := meter.New(registry.New(registry.Options{}))
	scope.Gauge("empty_total")
	if _, err := New(scope); err == nil {
		t.Error("a gauge and a counter share the name empty_total")
	}
}

func TestUpdatesDoNotAllocate(t *testing.T) {
	updates := func(r *Retrieval) func() {
		return func() {
			r.Started("query").Done(Candidates{1, 1, 1, 1}, nil)
			r.Started("query").Done(Candidates{}, errBroken)
		}
	}
	r, _ := newRetrieval(t)
	collecttest.NoAllocs(t, updates(r))
	collecttest.NoAllocs(t, updates(&Retrieval{}))
}
