package integrate

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/metertree/metertree/metric"
	"github.com/metertree/metertree/registry"
)

func requests(tb testing.TB, r *registry.Registry) *registry.Instrument {
	return define(tb, r, metric.Descriptor{
		Name: "requests_total", Kind: metric.Counter, Keys: []string{"op", "user"}, DefaultKeys: []string{"op", "zone"},
	})
}

func mustShow(t *testing.T, c *Checkpoint, want ...string) {
	t.Helper()
	for range 2 {
		if got := shown(c); got != lines(want...) {
			t.Fatalf("shown:\n%s\nwant:\n%s", got, lines(want...))
		}
	}
}

func TestOptionsThatThereAreNot(t *testing.T) {
	for want, options := range map[string]Options{
		"Grouping 7":    {Grouping: 7},
		"Temporality 7": {Temporality: 7},
	} {
		if _, err := New(registry.New(registry.Options{}), options); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v, want one with %q", err, want)
		}
	}
}

func TestDeltasArePendingUntilAcknowledged(t *testing.T) {
	r := registry.New(registry.Options{})
	in := newIntegrator(t, r, Options{Grouping: DefaultKeys, Temporality: metric.Delta})
	i := requests(t, r)
	i.AddInt(1, "put", "a")
	i.AddInt(2, "put", "b")
	i.AddInt(4, "get", "a")
	first := take(t, in)
	mustShow(t, first, `requests_total{op="get",zone=""} 4`, `requests_total{op="put",zone=""} 3`)
	i.AddInt(8, "put", "c")
	second := take(t, in)
	if err := first.Ack(); !errors.Is(err, registry.ErrSuperseded) {
		t.Errorf("acknowledging a superseded checkpoint: %v", err)
	}
	mustShow(t, second, `requests_total{op="get",zone=""} 4`, `requests_total{op="put",zone=""} 11`)
	ack(t, second)
	if err := second.Ack(); !errors.Is(err, registry.ErrSuperseded) {
		t.Errorf("acknowledging twice: %v", err)
	}
	mustShow(t, take(t, in), `requests_total{op="get",zone=""} 0`, `requests_total{op="put",zone=""} 0`)
}

func TestTotals(t *testing.T) {
	r := registry.New(registry.Options{})
	in := newIntegrator(t, r, Options{Grouping: DefaultKeys})
	i := requests(t, r)
	plain := define(t, r, metric.Descriptor{Name: "all_total", Kind: metric.Counter, Keys: []string{"op"}})
	i.AddInt(1, "put", "a")
	plain.AddInt(5, "x")
	mustShow(t, take(t, in), `all_total{op="x"} 5`, `requests_total{op="put",zone=""} 1`)
	i.AddInt(2, "put", "b")
	plain.AddInt(5, "x")
	c := take(t, in)
	mustShow(t, c, `all_total{op="x"} 10`, `requests_total{op="put",zone=""} 3`)
	if c.Temporality != metric.Cumulative {
		t.Errorf("temporality is %s", c.Temporality)
	}
	ack(t, c)
	if err := c.Ack(); !errors.Is(err, registry.ErrSuperseded) {
		t.Errorf("acknowledging twice: %v", err)
	}
}

// TestTotalsOfGroups follows a group whose members come and go: its total never

// falls while one of them lives, and begins anew after the last.

func TestTotalsOfGroups(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := registry.New(registry.Options{})
		in := newIntegrator(t, r, Options{Grouping: DefaultKeys})
		began := time.Now()
		i := requests(t, r)
		i.AddInt(1, "put", "a")
		time.Sleep(time.Minute)
		i.AddInt(2, "put", "b")
		mustShow(t, take(t, in), `requests_total{op="put",zone=""} 3`)
		i.AddInt(4, "put", "a")
		i.Delete("put", "a")
		mustStart(t, take(t, in), began, 7)
		i.Delete("put", "b")
		untilGone(t, in, began, 7)
		time.Sleep(time.Minute)
		i.AddInt(8, "put", "a")
		mustStart(t, take(t, in), began.Add(2*time.Minute), 8)
		if groups := len(in.plan.sources["requests_total"].output.groups.labels); groups != 1 {
			t.Errorf("%d groups are held", groups)
		}
	})
}

func mustStart(t *testing.T, c *Checkpoint, start time.Time, total int64) {
	t.Helper()
	for f := range c.Families() {
		for p := range f.Points {
			if f.Descriptor.Name == "requests_total" && (!p.Start.Equal(start) || p.Int != total) {
				t.Errorf("%d since %v, want %d since %v", p.Int, p.Start, total, start)
			}
		}
	}
}

// untilGone collects until the only group is gone, in which it shows its total.

func untilGone(t *testing.T, in *Integrator, start time.Time, total int64) {
	t.Helper()
	for range 100 {
		c := take(t, in)
		if shown(c) == "" {
			return
		}
		mustStart(t, c, start, total)
		collectGarbage()
	}
	t.Error("the group of deleted series never goes")
}

func TestTimes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		in := newIntegrator(t, registry.New(registry.Options{}), Options{Temporality: metric.Delta})
		began := time.Now()
		time.Sleep(time.Minute)
		c := take(t, in)
		if !c.Start.Equal(began) || !c.Time.Equal(began.Add(time.Minute)) {
			t.Errorf("period from %v to %v", c.Start, c.Time)
		}
		time.Sleep(time.Minute)
		c = take(t, in)
		if !c.Start.Equal(began) {
			t.Errorf("period from %v though nothing was acknowledged", c.Start)
		}
		ack(t, c)
		if next := take(t, in); !next.Start.Equal(c.Time) {
			t.Errorf("period from %v, want from %v", next.Start, c.Time)
		}
	})
}

func TestFolds(t *testing.T) {
	for fold, want := range map[metric.Fold]string{
		metric.FoldSum: "9", metric.FoldMin: "1", metric.FoldMax: "5", metric.FoldAvg: "3", metric.FoldLast: "5",
	} {
		for _, temporality := range []metric.Temporality{metric.Delta, metric.Cumulative} {
			r := registry.New(registry.Options{})
			level := define(t, r, metric.Descriptor{Name: "level", Kind: metric.Gauge, Number: metric.Float64, Keys: []string{"a"}, Fold: fold})
			in := newIntegrator(t, r, Options{Temporality: temporality, Views: newViews(t, View{Keep: []string{}})})
			for name, v := range map[string]float64{"x": 1, "y": 3, "z": 5} {
				level.SetGauge(v, name)
			}
			for range 2 {
				c := take(t, in)
				mustShow(t, c, "level{} "+want)
				ack(t, c)
			}
		}
	}
}

// TestFoldLast follows which member changed most recently.

func TestFoldLast(t *testing.T) {
	r := registry.New(registry.Options{})
	level := define(t, r, metric.Descriptor{Name: "level", Kind: metric.Gauge, Number: metric.Float64, Keys: []string{"a"}})
	in := newIntegrator(t, r, Options{Views: newViews(t, View{Match: Match{Name: "level"}, Keep: []string{}, Fold: metric.FoldLast})})
	level.SetGauge(1, "b")
	mustShow(t, take(t, in), "level{} 1")
	level.SetGauge(2, "c")
	mustShow(t, take(t, in), "level{} 2")
	level.SetGauge(3, "b")
	mustShow(t, take(t, in), "level{} 3")
	mustShow(t, take(t, in), "level{} 3")
	level.SetGauge(4, "a")
	mustShow(t, take(t, in), "level{} 4")
	level.Delete("a")
	mustShow(t, take(t, in), "level{} 3")
	level.Delete("b")
	mustShow(t, take(t, in), "level{} 2")
}

func TestGaugeWithoutAFoldKeepsItsLabels(t *testing.T) {
	r := registry.New(registry.Options{})
	level := define(t, r, metric.Descriptor{Name: "level", Kind: metric.Gauge, Number: metric.Float64, Keys: []string{"a", "b"}, DefaultKeys: []string{"a"}})
	var log strings.Builder
	in := newIntegrator(t, r, Options{Grouping: DefaultKeys, Logger: slog.New(slog.NewTextHandler(&log, nil))})
	level.SetGauge(1, "x", "y")
	level.SetGauge(2, "x", "z")
	for range 3 {
		mustShow(t, take(t, in), `level{a="x",b="y"} 1`, `level{a="x",b="z"} 2`)
	}
	if n := strings.Count(log.String(), "meter.Fold"); n != 1 {
		t.Errorf("logged %d times:\n%s", n, log.String())
	}
}

func TestHidden(t *testing.T) {
	for _, temporality := range []metric.Temporality{metric.Delta, metric.Cumulative} {
		r := registry.New(registry.Options{})
		i := define(t, r, metric.Descriptor{Name: "a_total", Kind: metric.Counter})
		in := newIntegrator(t, r, Options{Temporality: temporality, Views: newViews(t, View{Match: Match{Name: "a_*"}, Aggregation: metric.Drop})})
		i.AddInt(1)
		c := take(t, in)
		mustShow(t, c)
		ack(t, c)
	}
}

// TestUnforeseenConflicts defines, without Views.Define, what the views cannot be

// applied to.

func TestClosed(t *testing.T) {
	in := newIntegrator(t, registry.New(registry.Options{}), Options{})
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := in.Checkpoint(ended); !errors.Is(err, context.Canceled) {
		t.Errorf("checkpoint in a context that ended: %v", err)
	}
	c := take(t, in)
	in.Close()
	in.Close()
	if _, err := in.Checkpoint(t.Context()); !errors.Is(err, ErrClosed) {
		t.Errorf("checkpoint of a closed integrator: %v", err)
	}
	if err := in.Replace(nil); !errors.Is(err, ErrClosed) {
		t.Errorf("replacing views of a closed integrator: %v", err)
	}
	if err := c.Ack(); err == nil {
		t.Error("a closed integrator acknowledges")
	}
}

// TestClosedMetricIsDefinedAnew closes a metric with counts pending and defines

// it again before they were delivered.

// TestReplaceKeepsWhatCannotBeReadAgain merges groups further whose members have

// partly ended.

// TestReplaceBackAndForth replaces views twice without a collection between.

// TestReplaceThatFails leaves the views as they were.

// TestTotalsOfAClosedMetric closes a metric and defines it again, while the

// counts of the closed one are still arriving: the totals of the new one stay.

// TestEarlierNames merges metrics that the registry exposes under earlier names,

// beside their own or instead of it.

// TestNamesOfClosedMetrics defines a metric by the name of a sample that a closed

// one wrote.

func TestFewAllocations(t *testing.T) {
	for _, temporality := range []metric.Temporality{metric.Delta, metric.Cumulative} {
		counts := map[int]float64{}
		for _, n := range []int{100, 2000} {
			r := registry.New(registry.Options{})
			i := requests(t, r)
			for k := range n {
				i.AddInt(1, string(rune('a'+k%10)), string(rune(1000+k)))
			}
			in := newIntegrator(t, r, Options{Grouping: DefaultKeys, Temporality: temporality})
			checkpointAndAck(t, in)
			checkpointAndAck(t, in)
			counts[n] = testing.AllocsPerRun(5, func() { checkpointAndAck(t, in) })
		}
		if counts[2000] > counts[100]+10 || counts[100] > 100 {
			t.Errorf("%s: %v allocations of 100 series, %v of 2000", temporality, counts[100], counts[2000])
		}
	}
}
