package integrate

import (
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/metertree/metertree/metric"
	"github.com/metertree/metertree/policy"
	"github.com/metertree/metertree/registry"
)

func TestRenamedOntoOneName(t *testing.T) {
	for _, temporality := range []metric.Temporality{metric.Delta, metric.Cumulative} {
		r := registry.New(registry.Options{})
		in := newIntegrator(t, r, Options{Temporality: temporality, Views: newViews(t,
			View{Match: Match{Name: "service_*_requests_total"}, Rename: "requests_total"})})
		define(t, r, metric.Descriptor{Name: "service_1_requests_total", Kind: metric.Counter, Keys: []string{"op"}}).AddInt(1, "put")
		define(t, r, metric.Descriptor{Name: "service", Kind: metric.Counter}).AddInt(1)
		c := take(t, in)
		mustShow(t, c, `requests_total{op="put"} 1`, `service{} 1`)
		// Another metric of the name adds a label, and what was counted before
		// stays.
		two := define(t, r, metric.Descriptor{Name: "service_2_requests_total", Kind: metric.Counter, Keys: []string{"op", "zone"}})
		two.AddInt(2, "put", "z")
		two.AddInt(4, "put", "")
		mustShow(t, take(t, in), `requests_total{op="put",zone=""} 5`, `requests_total{op="put",zone="z"} 2`, `service{} 1`)
	}
}

func TestUnforeseenConflicts(t *testing.T) {
	r := registry.New(registry.Options{})
	var log strings.Builder
	in := newIntegrator(t, r, Options{Logger: slog.New(slog.NewTextHandler(&log, nil)), Views: newViews(t,
		View{Match: Match{Name: "b"}, Rename: "a"},
		View{Match: Match{Name: "c"}, Rename: "h_min"},
		View{Match: Match{Name: "h"}, Aggregation: metric.MinMaxSumCount},
		View{Match: Match{Name: "level"}, Keep: []string{}})})
	define(t, r, metric.Descriptor{Name: "b", Kind: metric.Counter}).AddInt(1)
	mustShow(t, take(t, in), "a{} 1")
	define(t, r, metric.Descriptor{Name: "a", Kind: metric.UpDownCounter}).AddInt(2)
	define(t, r, metric.Descriptor{Name: "h", Kind: metric.Histogram, Aggregation: metric.Exact}).Observe(7)
	define(t, r, metric.Descriptor{Name: "h_min", Kind: metric.Counter}).AddInt(4)
	define(t, r, metric.Descriptor{Name: "c", Kind: metric.Counter}).AddInt(8)
	define(t, r, metric.Descriptor{Name: "level", Kind: metric.Gauge, Number: metric.Float64, Keys: []string{"x"}}).SetGauge(3, "y")
	for range 3 {
		mustShow(t, take(t, in), "a{} 2", "b{} 1", "h{} [7] missed 0 sum 7", "h_min{} 12")
	}
	for _, says := range []string{"metrics a and b", "metric level is a gauge", "metric h_min"} {
		if n := strings.Count(log.String(), says); n != 1 {
			t.Errorf("%q is logged %d times:\n%s", says, n, log.String())
		}
	}
	// Whoever makes another one is told.
	_, err := New(r, in.options)
	mustSay(t, err, "metrics a and b", "level")
	mustSay(t, in.Replace(in.options.Views), "metrics a and b", "level")
}

func TestClosedMetricIsDefinedAnew(t *testing.T) {
	r := registry.New(registry.Options{})
	in := newIntegrator(t, r, Options{Temporality: metric.Delta})
	sum := totals{}
	d := metric.Descriptor{Name: "a_total", Kind: metric.Counter, Keys: []string{"op"}}
	old := define(t, r, d)
	old.AddInt(1, "x")
	c := take(t, in)
	sum.add(c)
	ack(t, c)
	old.AddInt(2, "x")
	old.Close()
	define(t, r, d).AddInt(4, "x")
	for range 4 {
		c := take(t, in)
		sum.add(c)
		ack(t, c)
		collectGarbage()
	}
	if got, want := sum.String(), `a_total{op="x"} 7`; got != want {
		t.Errorf("acknowledged:\n%s\nwant:\n%s", got, want)
	}
}

func TestTotalsOfAClosedMetric(t *testing.T) {
	r := registry.New(registry.Options{})
	in := newIntegrator(t, r, Options{Views: newViews(t, View{Keep: []string{}})})
	d := metric.Descriptor{Name: "a_total", Kind: metric.Counter, Keys: []string{"op"}}
	old := define(t, r, d)
	old.AddInt(1, "x")
	take(t, in)
	old.Close()
	again := define(t, r, d)
	var last metric.Point
	for n := range int64(10) {
		again.AddInt(1, "y")
		for f := range take(t, in).Families() {
			for p := range f.Points {
				if f.Descriptor.Name != "a_total" {
					continue
				}
				if p.Int < last.Int && !p.Start.After(last.Start) {
					t.Fatalf("the total fell from %d to %d", last.Int, p.Int)
				}
				last.Int, last.Start = p.Int, p.Start
			}
		}
		if n%2 > 0 {
			collectGarbage()
		}
	}
	if last.Int != 10 && last.Int != 11 {
		t.Errorf("the total is %d, want 10 of the metric, or 11 with that of the closed one", last.Int)
	}
}

func TestEarlierNames(t *testing.T) {
	now := time.Unix(1000, 0)
	for since, want := range map[time.Time][]string{
		now:                {`new_total{} %d`, `old_total{} %d`},
		now.Add(time.Hour): {`old_total{} %d`},
	} {
		r := registry.New(registry.Options{Now: func() time.Time { return now }})
		i, err := r.Define(registry.Definition{
			Descriptor: metric.Descriptor{Name: "new_total", Kind: metric.Counter, Keys: []string{"op"}},
			Renames:    []policy.Rename{{Old: "old_total", New: "new_total", Since: since, Until: now.Add(2 * time.Hour)}},
		})
		if err != nil {
			t.Fatal(err)
		}
		deltas := newIntegrator(t, r, Options{Temporality: metric.Delta, Views: newViews(t, View{Keep: []string{}})})
		running := newIntegrator(t, r, Options{Views: newViews(t, View{Keep: []string{}})})
		for n := range 3 {
			i.AddInt(2, "put")
			c := take(t, deltas)
			mustShow(t, c, strings.Split(strings.ReplaceAll(lines(want...), "%d", "2"), "\n")...)
			ack(t, c)
			total := fmt.Sprint(2 * (n + 1))
			mustShow(t, take(t, running), strings.Split(strings.ReplaceAll(lines(want...), "%d", total), "\n")...)
		}
	}
}

func TestNamesOfClosedMetrics(t *testing.T) {
	for _, temporality := range []metric.Temporality{metric.Delta, metric.Cumulative} {
		r := registry.New(registry.Options{})
		in := newIntegrator(t, r, Options{Temporality: temporality, Views: newViews(t, View{Match: Match{Name: "b"}, Rename: "a"})})
		define(t, r, metric.Descriptor{Name: "b", Kind: metric.Counter}).AddInt(1)
		old := define(t, r, metric.Descriptor{Name: "sizes", Kind: metric.Histogram})
		old.Observe(1)
		c := take(t, in)
		mustShow(t, c, "a{} 1", "sizes{} [] [1] sum 1")
		ack(t, c)
		old.Close()
		for range 5 {
			collectGarbage()
			ack(t, take(t, in))
		}
		count := define(t, r, metric.Descriptor{Name: "sizes_count", Kind: metric.Counter})
		count.AddInt(1)
		want := map[metric.Temporality]string{metric.Delta: "a{} 0", metric.Cumulative: "a{} 1"}[temporality]
		c = take(t, in)
		mustShow(t, c, want, "sizes_count{} 1")
		ack(t, c)
		// And back.
		count.Close()
		for range 5 {
			collectGarbage()
			ack(t, take(t, in))
		}
		define(t, r, metric.Descriptor{Name: "sizes", Kind: metric.Histogram}).Observe(2)
		mustShow(t, take(t, in), want, "sizes{} [] [1] sum 2")
		if err := in.Replace(nil); err != nil {
			t.Errorf("closed metrics are in the way: %v", err)
		}
	}
}
