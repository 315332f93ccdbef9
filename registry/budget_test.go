package registry

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"os"
	"runtime"
	"strconv"
	"strings"
	"testing"

	"github.com/metertree/metertree/metric"
)

func total(shown map[string]int64) (sum int64) {
	for _, v := range shown {
		sum += v
	}
	return sum
}

func TestBudgetAdmitsExactlyAsManyAsItSays(t *testing.T) {
	r := New(Options{SeriesBudget: 100})
	i := define(t, r, counter("calls_total", "user"))
	for n := range 100 {
		i.AddInt(1, fmt.Sprint(n))
	}
	if got := ints(r, "calls_total"); len(got) != 100 || got[`user="__overflow__"`] != 0 {
		t.Fatalf("%d series, overflow %d; want 100 series and no overflow", len(got), got[`user="__overflow__"`])
	}
	for n := range 50 {
		i.AddInt(2, fmt.Sprint("late", n))
	}
	got := ints(r, "calls_total")
	if len(got) != 101 || got[`user="__overflow__"`] != 100 {
		t.Errorf("%d series, overflow %d; want 101 and 100", len(got), got[`user="__overflow__"`])
	}
}

// TestOverflowMergesTheKeyThatExplodes keeps the other label, and the totals
// along it, exact.
func TestOverflowMergesTheKeyThatExplodes(t *testing.T) {
	var log bytes.Buffer
	r := New(Options{SeriesBudget: 200, Logger: slog.New(slog.NewTextHandler(&log, nil))})
	i := define(t, r, counter("calls_total", "status", "user"))
	want := map[string]int64{}
	for n := range 3000 {
		status := []string{"ok", "bad", "late"}[n%3]
		i.AddInt(int64(n), status, fmt.Sprint("user", n))
		want[status] += int64(n)
	}
	shown := ints(r, "calls_total")
	got := map[string]int64{}
	for labels, v := range shown {
		got[strings.Split(labels, `"`)[1]] += v
	}
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("totals by status %v, want %v", got, want)
	}
	if len(shown) != 203 {
		t.Errorf("%d series, want 200 and one overflow for each of three states", len(shown))
	}
	over := ints(r, "metertree_overflow_total")
	if over[`key="user",metric="calls_total"`] != 2800 {
		t.Errorf("overflow is shown as %v, want 2800 updates merged on key user", over)
	}
	if n := strings.Count(log.String(), "series budget reached"); n != 1 {
		t.Errorf("overflow was logged %d times, want once:\n%s", n, &log)
	}
}

// TestOverflowIsBoundedOnEveryKey explodes two keys at once.
func TestOverflowIsBoundedOnEveryKey(t *testing.T) {
	r := New(Options{SeriesBudget: 100})
	i := define(t, r, counter("calls_total", "a", "b"))
	for n := range 20_000 {
		i.AddInt(1, fmt.Sprint(n), fmt.Sprint(n*7))
	}
	shown := ints(r, "calls_total")
	if total(shown) != 20_000 {
		t.Errorf("total %d, want 20000", total(shown))
	}
	if len(shown) > 100+11+1 {
		t.Errorf("%d series, want at most the budget, a tenth of it and one", len(shown))
	}
}

func TestOverflowDoesNotAllocate(t *testing.T) {
	r := New(Options{SeriesBudget: 10})
	i := define(t, r, counter("calls_total", "user"))
	names := make([]string, 1000)
	for n := range names {
		names[n] = fmt.Sprint("user", n)
		i.AddInt(1, names[n])
	}
	n := 0
	if allocs := testing.AllocsPerRun(1000, func() {
		i.AddInt(1, names[n%len(names)])
		n++
	}); allocs != 0 {
		t.Errorf("an update beyond the budget allocates %v times, want 0", allocs)
	}
}

func TestGaugeBeyondBudgetIsRefusedAndCounted(t *testing.T) {
	r := New(Options{SeriesBudget: 1})
	d := counter("level", "a")
	d.Kind, d.Number, d.Fold = metric.Gauge, metric.Float64, metric.FoldSum
	i := define(t, r, d)
	i.SetGauge(1, "x")
	i.SetGauge(2, "y")
	i.AddGauge(3, "z")
	if got := ints(r, "metertree_dropped_updates_total"); got[`metric="level",reason="over_budget"`] != 2 {
		t.Errorf("drops %v, want 2 over budget", got)
	}
}

func TestUpdatesThatCannotBeTakenAreCountedAndLoggedOnce(t *testing.T) {
	var log bytes.Buffer
	r := New(Options{Logger: slog.New(slog.NewTextHandler(&log, nil))})
	c := define(t, r, counter("calls_total", "a"))
	fd := counter("seconds_total", "a")
	fd.Number = metric.Float64
	f := define(t, r, fd)
	for range 3 {
		c.AddInt(1)
		c.AddInt(1, "x", "y")
		c.AddInt(-1, "x")
		c.AddInt(1<<62, "x")
		f.AddFloat(-0.5, "x")
		f.AddFloat(nan, "x")
		f.AddFloat(inf, "x")
		f.AddFloat(-inf, "x")
	}
	c.AddInt(0, "x")
	got := fmt.Sprint(ints(r, "metertree_dropped_updates_total"))
	want := fmt.Sprint(map[string]int64{
		`metric="calls_total",reason="wrong_arity"`:  6,
		`metric="calls_total",reason="negative"`:     3,
		`metric="calls_total",reason="out_of_range"`: 3,
		`metric="seconds_total",reason="negative"`:   3,
		`metric="seconds_total",reason="not_finite"`: 9,
	})
	if got != want {
		t.Errorf("drops %v, want %v", got, want)
	}
	if n := strings.Count(log.String(), "\n"); n != 5 {
		t.Errorf("%d lines were logged, want one for each of 5 reasons:\n%s", n, &log)
	}
	if got := ints(r, "calls_total"); got[`a="x"`] != 0 {
		t.Errorf("dropped updates count: %v", got)
	}
}

func TestFullCounterDropsInsteadOfWrapping(t *testing.T) {
	r := New(Options{})
	i := define(t, r, counter("calls_total"))
	for range 3 {
		i.AddInt(1<<61 - 1)
	}
	if got := ints(r, "metertree_dropped_updates_total"); got[`metric="calls_total",reason="out_of_range"`] != 2 {
		t.Errorf("drops %v, want two that are out of range", got)
	}
	for f := range r.Collect(context.Background()) {
		for p := range f.Points {
			if p.Int < 0 {
				t.Errorf("%s shows %d", f.Descriptor.Name, p.Int)
			}
		}
	}
}

// TestManyLabelSetsStayWithinTheBudget sends distinct label sets, ten million
// of them in a soak, through one instrument with a budget of 10,000.
func TestManyLabelSetsStayWithinTheBudget(t *testing.T) {
	sets := 300_000
	if os.Getenv("METERTREE_SOAK") != "" {
		sets = 10_000_000
	}
	r := New(Options{SeriesBudget: 10_000})
	i := define(t, r, counter("calls_total", "status", "session"))
	before := heapBytes()
	session := make([]byte, 0, 32)
	for n := range sets {
		session = strconv.AppendInt(append(session[:0], "session-"...), int64(n), 10)
		i.AddInt(3, []string{"ok", "bad"}[n%2], string(session))
	}
	// Two megabytes are 200 bytes for each series of the budget.
	if grown := heapBytes() - before; grown > 2<<20 {
		t.Errorf("%d label sets hold %d bytes, want at most 2 MiB", sets, grown)
	}
	shown := ints(r, "calls_total")
	if len(shown) != 10_002 || total(shown) != int64(3*sets) {
		t.Errorf("%d series with a total of %d, want 10002 and %d", len(shown), total(shown), 3*sets)
	}
}

// heapBytes returns what the heap holds after a garbage collection.
func heapBytes() int64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}
