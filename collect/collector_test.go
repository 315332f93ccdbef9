package collect_test

import (
	"context"
	"errors"
	"fmt"
	"math"
	"testing"
	"testing/synctest"
	"time"

	"github.com/metertree/metertree/collect"
	"github.com/metertree/metertree/collect/event"
	"github.com/metertree/metertree/meter"
)

func TestStateEndsSeriesThatVanish(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		refresher, scope, r := newRefresher(t, collect.Options{})
		depth := scope.Gauge("depth", meter.Keys("queue"))
		oldest := scope.Gauge("oldest", meter.Keys("queue", "level"))
		var state map[string]float64
		var err error
		source := func(context.Context) (map[string]float64, error) { return state, err }
		h := mustAdd(t, refresher, "queues", collect.State(source, func(s map[string]float64, out *collect.Gauges) {
			for queue, v := range s {
				out.Set(depth, v, queue)
				out.Set(oldest, 2*v, queue, "x")
			}
		}), always)
		ctx := context.Background()

		state = map[string]float64{"a": 1, "b": 0}
		expect(t, shown(ctx, r), `depth{queue="a"} 1`, `depth{queue="b"} 0`, `oldest{level="x",queue="a"} 2`, `oldest{level="x",queue="b"} 0`)
		state = map[string]float64{"b": 5, "c": math.NaN()}
		expect(t, shown(ctx, r), `depth{queue="b"} 5`, `oldest{level="x",queue="b"} 10`)
		state, err = nil, errors.New("no answer")
		expect(t, shown(ctx, r), `depth{queue="b"} 5`, `oldest{level="x",queue="b"} 10`)
		err = nil
		expect(t, shown(ctx, r))
		state = map[string]float64{"a": 7}
		expect(t, shown(ctx, r), `depth{queue="a"} 7`, `oldest{level="x",queue="a"} 14`)
		mustEnd(t, h.Release)
		expect(t, shown(ctx, r))
		mustEnd(t, refresher.Close)
	})
}

// totals is what a domain counts, by label value.
type totals struct {
	ints   map[string]int64
	floats map[string]float64
	open   float64
}

func addTotals(t *testing.T, refresher *collect.Refresher, scope meter.Scope, now *totals) *collect.Handle {
	t.Helper()
	requests := scope.Counter("requests_total", meter.Keys("status"))
	busy := scope.FloatCounter("busy_seconds_total", meter.Keys("status"))
	open := scope.Gauge("open")
	return mustAdd(t, refresher, "pool", collect.Statistics(
		func(context.Context) (*totals, error) { return now, nil },
		func(s *totals, out *collect.Totals) {
			out.Set(open, s.open)
			for status, v := range s.ints {
				out.Total(requests, v, status)
			}
			for status, v := range s.floats {
				out.FloatTotal(busy, v, status)
			}
		}), always)
}

func TestStatisticsContinueAcrossResets(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		refresher, scope, r := newRefresher(t, collect.Options{})
		now := &totals{}
		h := addTotals(t, refresher, scope, now)
		ctx := context.Background()
		for _, step := range []struct {
			total int64
			busy  float64
			want  string
			spent string
		}{
			{0, 0.5, "0", "0.5"},
			{10, 2, "10", "2"},
			{10, 2, "10", "2"},
			{4, 0.25, "14", "2.25"},
			{6, 1.25, "16", "3.25"},
			// Neither is a total: they change nothing, and what comes next goes on.
			{-3, math.NaN(), "16", "3.25"},
			{7, math.Inf(1), "17", "3.25"},
			{7, -1, "17", "3.25"},
			{9, 1.5, "19", "3.5"},
			{0, 0, "19", "3.5"},
			{1, 1, "20", "4.5"},
		} {
			now.ints = map[string]int64{"ok": step.total}
			now.floats = map[string]float64{"ok": step.busy}
			now.open = float64(step.total)
			expect(t, shown(ctx, r),
				`busy_seconds_total{status="ok"} `+step.spent,
				fmt.Sprintf(`open{} %d`, step.total),
				`requests_total{status="ok"} `+step.want)
		}
		has(t, r, `metertree_collector_resets_total{collector="pool"} 4`)
		has(t, r, `metertree_dropped_updates_total{metric="requests_total",reason="negative"} 1`)
		has(t, r, `metertree_dropped_updates_total{metric="busy_seconds_total",reason="not_finite"} 2`)
		has(t, r, `metertree_dropped_updates_total{metric="busy_seconds_total",reason="negative"} 1`)
		mustEnd(t, h.Release)
		expect(t, shown(ctx, r))
		mustEnd(t, refresher.Close)
	})
}

func TestTotalsOfOneSeriesAddUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		refresher, scope, r := newRefresher(t, collect.Options{})
		counter := scope.Counter("c_total", meter.Keys("model_name"))
		var parts []int64
		mustAdd(t, refresher, "models", collect.Statistics(
			func(context.Context) ([]int64, error) { return parts, nil },
			func(parts []int64, out *collect.Totals) {
				for _, v := range parts {
					out.Total(counter, v, "other")
				}
			}), always)
		parts = []int64{5, 3}
		expect(t, shown(context.Background(), r), `c_total{model_name="other"} 8`)
		parts = []int64{5, 4}
		expect(t, shown(context.Background(), r), `c_total{model_name="other"} 9`)
		parts = []int64{6, -1}
		expect(t, shown(context.Background(), r), `c_total{model_name="other"} 9`)
		parts = []int64{6, 6}
		expect(t, shown(context.Background(), r), `c_total{model_name="other"} 12`)
		has(t, r, `metertree_collector_resets_total{collector="models"} 0`)
		mustEnd(t, refresher.Close)
	})
}

// A counter that a source leaves out goes on where it was when it comes back
// soon, and ends when it stays away.
func TestATotalLeftOut(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		refresher, scope, r := newRefresher(t, collect.Options{})
		now := &totals{}
		addTotals(t, refresher, scope, now)
		ctx := context.Background()
		there := func(v int64) { now.ints = map[string]int64{"ok": v} }

		there(100)
		expect(t, shown(ctx, r), `open{} 0`, `requests_total{status="ok"} 100`)
		now.ints = nil
		for range 9 {
			expect(t, shown(ctx, r), `open{} 0`, `requests_total{status="ok"} 100`)
		}
		there(120)
		expect(t, shown(ctx, r), `open{} 0`, `requests_total{status="ok"} 120`)
		now.ints = nil
		for range 9 {
			shown(ctx, r)
		}
		expect(t, shown(ctx, r), `open{} 0`)
		there(130)
		expect(t, shown(ctx, r), `open{} 0`, `requests_total{status="ok"} 130`)
		mustEnd(t, refresher.Close)
	})
}

func TestProbe(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		refresher, scope, r := newRefresher(t, collect.Options{})
		var answer func(ctx context.Context) error
		probe, err := collect.Probe(scope, "storage", func(ctx context.Context) error { return answer(ctx) })
		if err != nil {
			t.Fatal(err)
		}
		mustAdd(t, refresher, "storage", probe, collect.Schedule{TTL: -1, Timeout: time.Second})
		up := func(v string) []string { return []string{`probe_up{component="storage"} ` + v} }
		for _, tt := range []struct {
			name   string
			answer func(context.Context) error
			want   []string
		}{
			{"not checked yet", func(context.Context) error { return collect.ErrUnknown }, nil},
			{"works", func(context.Context) error { return nil }, up("1")},
			{"does not work", func(context.Context) error { return errors.New("disk is full") }, up("0")},
			{"works again", func(context.Context) error { return nil }, up("1")},
			{"too slow", func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() }, up("0")},
			{"works once more", func(context.Context) error { return nil }, up("1")},
			{"panics", func(context.Context) error { panic("no disk") }, up("0")},
			{"is not known again", func(context.Context) error { return fmt.Errorf("pool: %w", collect.ErrUnknown) }, nil},
		} {
			// A source that is about to return from an earlier run is let return.
			synctest.Wait()
			answer = tt.answer
			got := series(context.Background(), r, func(name string) bool { return name == "probe_up" })
			if fmt.Sprint(got) != fmt.Sprint(tt.want) {
				t.Errorf("%s: %v is shown, want %v", tt.name, got, tt.want)
			}
		}
		has(t, r, `metertree_collector_failures_total{collector="storage",reason="error"} 0`)
		has(t, r, `metertree_collector_failures_total{collector="storage",reason="timeout"} 1`)
		has(t, r, `metertree_collector_failures_total{collector="storage",reason="panic"} 1`)
		mustEnd(t, refresher.Close)
		expect(t, shown(context.Background(), r))
	})
}

func TestProbeConflicts(t *testing.T) {
	for _, name := range []string{"up", "duration_seconds"} {
		scope, _ := newScope()
		scope.Scope("probe").Counter(name)
		if _, err := collect.Probe(scope, "storage", func(context.Context) error { return nil }); err == nil {
			t.Errorf("a probe beside another probe_%s was accepted", name)
		}
	}
}

// done is what a business says when it has finished a request.
type done struct {
	status  string
	bytes   int64
	seconds float64
}

func TestEvents(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		refresher, scope, r := newRefresher(t, collect.Options{})
		bus, err := event.New[done](event.Options{Scope: scope})
		if err != nil {
			t.Fatal(err)
		}
		bytes := scope.Counter("bytes_total", meter.Keys("status"))
		busy := scope.FloatCounter("busy_seconds_total", meter.Keys("status"))
		took := scope.Histogram("took_seconds", meter.Keys("status"))
		collector := collect.Events(bus.Subscribe, func(e done, out *collect.Updates) {
			out.Add(bytes, e.bytes, e.status)
			out.AddFloat(busy, e.seconds, e.status)
			out.Observe(took, e.seconds, e.status)
		})
		first := mustAdd(t, refresher, "requests", collector, collect.Schedule{})
		second := mustAdd(t, refresher, "requests", collector, collect.Schedule{})
		events := bus.Publisher()
		events.Publish(done{"ok", 10, 0.5})
		events.Publish(done{"ok", 0, 0.25})
		time.Sleep(event.DefaultInterval)
		synctest.Wait()
		ctx := context.Background()
		want := []string{`busy_seconds_total{status="ok"} 0.75`, `bytes_total{status="ok"} 10`, `took_seconds{status="ok"} 2 0.75`}
		expect(t, shown(ctx, r), want...)
		mustEnd(t, first.Release)
		mustEnd(t, first.Release)
		expect(t, shown(ctx, r), want...)

		// What was published before the last release is counted, for those who
		// read deltas, before the series end.
		reader := r.NewReader()
		defer reader.Close()
		checkpoint, err := reader.Checkpoint(ctx)
		if err != nil {
			t.Fatal(err)
		}
		if err := checkpoint.Ack(); err != nil {
			t.Fatal(err)
		}
		events.Publish(done{"ok", 7, 1})
		mustEnd(t, second.Release)
		events.Publish(done{"ok", 7, 1})
		expect(t, shown(ctx, r))
		checkpoint, err = reader.Checkpoint(ctx)
		if err != nil {
			t.Fatal(err)
		}
		var delta int64
		for f := range checkpoint.Families() {
			if f.Descriptor.Name == "bytes_total" {
				for p := range f.Points {
					delta += p.Int
				}
			}
		}
		if delta != 7 {
			t.Errorf("the last delta is %d bytes, want the 7 of the event before the release", delta)
		}
		mustEnd(t, bus.Close)
		mustEnd(t, refresher.Close)
	})
}

func TestUpdatesOfEventsDoNotAllocate(t *testing.T) {
	refresher, scope, _ := newRefresher(t, collect.Options{})
	counter := scope.Counter("c_total", meter.Keys("status"))
	took := scope.Histogram("took_seconds", meter.Keys("status"))
	var handle func(string)
	source := func(_ string, h func(string)) (func(context.Context) error, error) {
		handle = h
		return func(context.Context) error { return nil }, nil
	}
	mustAdd(t, refresher, "calls", collect.Events(source, func(status string, out *collect.Updates) {
		out.Add(counter, 1, status)
		out.Observe(took, 0.5, status)
	}), collect.Schedule{})
	if got := testing.AllocsPerRun(100, func() { handle("ok") }); got != 0 {
		t.Errorf("an event allocates %v times, want 0", got)
	}
	mustEnd(t, refresher.Close)
}
