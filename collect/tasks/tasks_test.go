package tasks

import (
	"context"
	"errors"
	"runtime"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/metertree/metertree/collect/internal/collecttest"
	"github.com/metertree/metertree/export/prometheus"
	"github.com/metertree/metertree/meter"
	"github.com/metertree/metertree/registry"
)

func newTasks(t *testing.T) (*Tasks, *Sessions, *registry.Registry) {
	t.Helper()
	r := registry.New(registry.Options{})
	scope := meter.New(r).Scope("app")
	tasks, err := New(scope)
	if err != nil {
		t.Fatal(err)
	}
	sessions, err := NewSessions(scope)
	if err != nil {
		t.Fatal(err)
	}
	return tasks, sessions, r
}

var errBroken = errors.New("broken")

func TestGolden(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tasks, sessions, r := newTasks(t)
		reindex, compact := tasks.Started("reindex"), tasks.Started("compact")
		_ = tasks.Started("reindex")
		session := sessions.Opened()
		_ = sessions.Opened()
		time.Sleep(2 * time.Second)
		reindex.Done(nil)
		compact.Done(errBroken)
		time.Sleep(time.Minute)
		sessions.Closed(session, Expired)
		collecttest.Golden(t, r, prometheus.Write, "app")
		collecttest.Roles(t, r, "app_duration_seconds latency", "app_finished_total traffic")
		collecttest.Ratios(t, r,
			`app_error_ratio = app_finished_total{status=~"error|panic"} / app_finished_total by [task_type] errors`,
		)
	})
}

// However a task ends, it is counted and no longer runs.
func TestDoCountsEveryEnd(t *testing.T) {
	for status, task := range map[string]func(context.Context) error{
		"ok":    func(context.Context) error { return nil },
		"error": func(context.Context) error { return errBroken },
		"panic": func(context.Context) error { panic("broken") },
	} {
		tasks, _, r := newTasks(t)
		recovered, err := do(t.Context(), tasks, task)
		if (status == "error") != errors.Is(err, errBroken) || (status == "panic") != (recovered != nil) {
			t.Errorf("%s: Do gave %v and panicked with %v", status, err, recovered)
		}
		assertEnd(t, r, status)
	}
}

func TestDoCountsAGoroutineThatEnds(t *testing.T) {
	tasks, _, r := newTasks(t)
	var all sync.WaitGroup
	all.Go(func() {
		_, _ = do(t.Context(), tasks, func(context.Context) error { runtime.Goexit(); return nil })
	})
	all.Wait()
	assertEnd(t, r, "panic")
}

func do(ctx context.Context, tasks *Tasks, task func(context.Context) error) (recovered any, err error) {
	defer func() { recovered = recover() }()
	return nil, tasks.Do(ctx, "reindex", task)
}

func assertEnd(t *testing.T, r *registry.Registry, status string) {
	t.Helper()
	v := collecttest.Values(t, r)
	if v[`app_finished_total{status="`+status+`",task_type="reindex"}`] != 1 || v[`app_running{task_type="reindex"}`] != 0 {
		t.Errorf("%s: got %v", status, v)
	}
}

func TestConcurrentTasks(t *testing.T) {
	tasks, sessions, r := newTasks(t)
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			for range 100 {
				session := sessions.Opened()
				tasks.Started("reindex").Done(nil)
				sessions.Closed(session, Closed)
			}
		})
	}
	all.Wait()
	v := collecttest.Values(t, r)
	for series, want := range map[string]float64{
		`app_started_total{task_type="reindex"}`:              800,
		`app_finished_total{status="ok",task_type="reindex"}`: 800,
		`app_running{task_type="reindex"}`:                    0,
		`app_closed_total{reason="closed"}`:                   800,
		`app_open{}`:                                          0,
		`app_lifetime_seconds{}`:                              800,
	} {
		if got, found := v[series]; got != want || !found {
			t.Errorf("%s = %v, want %v", series, got, want)
		}
	}
}

func TestConflictIsAnError(t *testing.T) {
	scope := meter.New(registry.New(registry.Options{}))
	scope.Counter("running")
	scope.Counter("open")
	if _, err := New(scope); err == nil {
		t.Error("a counter and an up-down counter share the name running")
	}
	if _, err := NewSessions(scope); err == nil {
		t.Error("a counter and an up-down counter share the name open")
	}
}

func TestUpdatesDoNotAllocate(t *testing.T) {
	updates := func(tasks *Tasks, sessions *Sessions) func() {
		return func() {
			tasks.Started("reindex").Done(nil)
			tasks.Started("reindex").Done(errBroken)
			sessions.Closed(sessions.Opened(), Expired)
		}
	}
	tasks, sessions, _ := newTasks(t)
	collecttest.NoAllocs(t, updates(tasks, sessions))
	collecttest.NoAllocs(t, updates(&Tasks{}, &Sessions{}))
}
