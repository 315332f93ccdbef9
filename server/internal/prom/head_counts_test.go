package prom

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"strings"
	"testing"
	"time"

	"github.com/metertree/metertree/metric"
	"github.com/metertree/metertree/server/internal/promtree"
	"github.com/metertree/metertree/tree"
)

// TestHeadCounts: at first what the index holds, then what is current, and after
// that what is current with what changed since.
func TestHeadCounts(t *testing.T) {
	h := newHistory(t)
	for i := range 3 {
		h.add(series("a", "i", fmt.Sprint(i)), constant(1))
		h.add(series("b", "i", fmt.Sprint(i)), constant(1))
	}
	h.add(series("ended"), constant(1))
	h.end(series("ended"))
	h.end(series("b", "i", "0"))
	now := sourceNow.Add(time.Second)
	source := h.source(nil)
	counts := newHeadCounts(h.db.Head(), func(ctx context.Context, at time.Time, names ...string) (map[string]int, error) {
		backend := &treeBackend{engine: sourceEngine(), queryable: h.db}
		return promtree.CountSeries(ctx, backend, at, names...)
	})
	t.Cleanup(source.Close)
	read := func(wantExact bool, want map[string]int) {
		t.Helper()
		got, exact, err := counts.read(t.Context(), now)
		if err != nil || exact != wantExact || !maps.Equal(got, want) {
			t.Errorf("%v, exact %v, error %v; want %v, exact %v", got, exact, err, want, wantExact)
		}
	}
	if !counts.small() {
		t.Error("seven series are many")
	}
	read(false, map[string]int{"a": 3, "b": 3, "ended": 1})
	counts.ended.Wait()
	read(true, map[string]int{"a": 3, "b": 2})
	h.add(series("b", "i", "new"), constant(1))
	h.add(series("new"), constant(1))
	read(true, map[string]int{"a": 3, "b": 3, "new": 1})
	now = now.Add(time.Hour)
	read(false, map[string]int{"a": 3, "b": 3, "new": 1}) // and counts again
	counts.ended.Wait()
	read(true, map[string]int{}) // all of them ended since
	counts.close()
	now = now.Add(24 * time.Hour)
	read(false, map[string]int{})
}

// TestHeadCountsEnd: a count under way ends with the source, and there is one at a
// time.
func TestHeadCountsEnd(t *testing.T) {
	h := newHistory(t)
	h.add(series("a"), constant(1))
	began := make(chan bool)
	counts := newHeadCounts(h.db.Head(), func(ctx context.Context, _ time.Time, _ ...string) (map[string]int, error) {
		began <- true
		<-ctx.Done()
		return nil, ctx.Err()
	})
	for range 3 {
		if got, exact, err := counts.read(t.Context(), sourceNow); err != nil || exact || got["a"] != 1 {
			t.Errorf("%v, exact %v, error %v", got, exact, err)
		}
	}
	<-began
	counts.close() // or this never returns
	if _, _, err := counts.read(t.Context(), sourceNow.Add(time.Hour)); err != nil {
		t.Errorf("closed: %v", err)
	}
	counts.ended.Wait()
}

// TestHeadCountsInBatches: a failure keeps what is known.
func TestHeadCountsInBatches(t *testing.T) {
	var batches [][]string
	var failure error
	counts := &headCounts{ctx: t.Context(), exact: func(_ context.Context, _ time.Time, names ...string) (map[string]int, error) {
		batches = append(batches, names)
		found := make(map[string]int)
		for _, name := range names {
			found[name] = 1
		}
		return found, failure
	}}
	index := map[string]int{"a": batchSeries - 1, "b": 1, "c": 2 * batchSeries, "d": 1}
	got, err := counts.countAll(index, sourceNow)
	if err != nil || fmt.Sprint(batches) != "[[a b] [c] [d]]" || len(got) != 4 {
		t.Errorf("%v in batches %v, error %v", got, batches, err)
	}
	if failure = errors.New("too many"); true {
		if _, err := counts.countAll(index, sourceNow); !errors.Is(err, failure) {
			t.Errorf("error %v", err)
		}
	}
}

// TestRoughCountsAreNoticed: as long as the counts may include what ended.
func TestRoughCountsAreNoticed(t *testing.T) {
	b := &treeBackend{}
	if n := b.Notices(); len(n) != 0 {
		t.Errorf("notices %q", n)
	}
	b.roughly.Store(true)
	if n := b.Notices(); len(n) != 1 || !strings.Contains(n[0], "may include some that ended") {
		t.Errorf("notices %q", n)
	}
}

// TestDeclaredInSeries: folds, units and ratios come out of the database itself.
func TestDeclaredInSeries(t *testing.T) {
	h := newHistory(t)
	declare := func(name string, info metric.Labels) {
		var pairs []string
		for _, l := range info {
			if l.Value != "" {
				pairs = append(pairs, l.Name, l.Value)
			}
		}
		for _, instance := range []string{"1", "2"} {
			h.add(series(name, append(pairs, "instance", instance)...), constant(1))
		}
	}
	declare(metric.MetricInfo, metric.Descriptor{Name: "load", Kind: metric.Gauge, Fold: metric.FoldMax, Unit: "widgets", Keys: []string{"zone"}}.Info())
	declare(metric.RatioInfo, metric.Ratio{
		Name: "error_ratio", Role: metric.RoleErrors,
		Numerator:   metric.Selection{Metric: "calls_total", Matchers: metric.Matchers{}.With("code", "500", "503")},
		Denominator: metric.Selection{Metric: "calls_total"},
	}.Info())
	h.add(series("load", "zone", "a"), constant(3))
	h.add(series("load", "zone", "b"), constant(5))
	s := h.source(nil)
	f := families(t, s)["load"]
	if f.Fold != tree.FoldMax || f.Unit != "widgets" || f.Inferred.Fold || fmt.Sprint(f.Axes) != "[zone]" {
		t.Errorf("%+v", f)
	}
	if got, want := show(ask(t, s, "load", "zone")), ":5 max 2/2 | b:5 single 1/1 | a:3 single 1/1"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	ratios, err := s.Ratios(t.Context())
	if err != nil || len(ratios) != 1 || ratios[0].Numerator.String() != `calls_total{code=~"500|503"}` || ratios[0].Role != metric.RoleErrors {
		t.Errorf("%+v, error %v", ratios, err)
	}
	if n := s.Notices(); len(n) != 0 {
		t.Errorf("notices %q", n)
	}
}

// TestLabelNames: those of what a selector finds, and no others.
func TestLabelNames(t *testing.T) {
	h := newHistory(t)
	h.add(series("a", "x", "1", "y", "1"), constant(1))
	h.add(series("a", "x", "2", "z", "1"), constant(1))
	h.add(series("b", "other", "1"), constant(1))
	b := &treeBackend{queryable: h.db, parser: newParser()}
	names, err := b.LabelNames(t.Context(), `a{x="1"}`, sourceNow)
	if err != nil || fmt.Sprint(names) != "[__name__ x y]" {
		t.Errorf("%q, error %v", names, err)
	}
	if _, err := b.LabelNames(t.Context(), "a b", sourceNow); err == nil {
		t.Error("what is no selector finds labels")
	}
}
