package integrate

import (
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"testing"

	"github.com/metertree/metertree/metric"
	"github.com/metertree/metertree/registry"
)

// failures returns what metertree_view_failures_total counts, one line a series.
func failures(t *testing.T, r *registry.Registry) (all []string) {
	t.Helper()
	for f := range r.Collect(t.Context()) {
		if f.Descriptor.Name != "metertree_view_failures_total" {
			continue
		}
		for p := range f.Points {
			all = append(all, fmt.Sprintf("%s %d", strings.Join(p.Labels.Values(nil, f.Keys), " "), p.Int))
		}
	}
	return all
}

// A metric that is defined later, and to which the views cannot be applied, never
// gets out with a label that they drop.
func TestDroppedLabelsNeverGetOut(t *testing.T) {
	secret := metric.Descriptor{Keys: []string{"op", "secret"}}
	with := func(name string, kind metric.Kind, change func(*metric.Descriptor)) metric.Descriptor {
		d := secret
		d.Name, d.Kind = name, kind
		if change != nil {
			change(&d)
		}
		return d
	}
	exact := func(d *metric.Descriptor) { d.Aggregation = metric.Exact }
	drop := View{Drop: []string{"secret"}}
	for _, test := range []struct {
		why     string
		views   []View
		defined []metric.Descriptor
		shown   []string
		counted []string
	}{
		{"a gauge without a fold", []View{drop}, []metric.Descriptor{with("g", metric.Gauge, nil)},
			nil, []string{"e g labels 1"}},
		{"a label that is there is added", []View{drop, {Add: metric.Labels{{Name: "op", Value: "any"}}}}, []metric.Descriptor{with("c", metric.Counter, nil)},
			nil, []string{"e c labels 1"}},
		{"contradictory names", []View{drop, {Match: Match{Name: "c*"}, Rename: "d"}, {Match: Match{Name: "*c"}, Rename: "e"}}, []metric.Descriptor{with("c", metric.Counter, nil)},
			nil, []string{"e c contradiction 1"}},
		{"values that were not kept", []View{drop, {Match: Match{Name: "h"}, Rename: "i", Buckets: []float64{3}}}, []metric.Descriptor{with("h", metric.Histogram, func(d *metric.Descriptor) { d.Bounds = []float64{1, 2} })},
			[]string{`i{op="put"} [1 2] [1 0 0] sum 1`}, []string{"e h values 1"}},
		{"a name that is taken", []View{drop, {Match: Match{Name: "c"}, Rename: "u"}}, []metric.Descriptor{with("u", metric.UpDownCounter, nil), with("c", metric.Counter, nil)},
			[]string{`c{op="put"} 1`, `u{op="put"} 1`}, []string{"e c name 1"}},
		{"samples that are taken", []View{drop, {Match: Match{Name: "h"}, Aggregation: metric.MinMaxSumCount}}, []metric.Descriptor{with("h", metric.Histogram, exact), with("h_min", metric.Counter, nil)},
			[]string{`h{op="put"} [1] missed 0 sum 1`, `h_min{op="put"} 1`}, []string{"e h_min values 1"}},
	} {
		for _, temporality := range []metric.Temporality{metric.Delta, metric.Cumulative} {
			r := registry.New(registry.Options{})
			var log strings.Builder
			in := newIntegrator(t, r, Options{Temporality: temporality, Views: newViews(t, test.views...), Exporter: "e",
				Logger: slog.New(slog.NewTextHandler(&log, nil))})
			take(t, in)
			for _, d := range test.defined {
				i := define(t, r, d)
				switch d.Kind {
				case metric.Gauge:
					i.SetGauge(1, "put", "hidden")
				case metric.Histogram:
					i.Observe(1, "put", "hidden")
				default:
					i.AddInt(1, "put", "hidden")
				}
			}
			for range 3 {
				c := take(t, in)
				if got := shown(c); got != lines(test.shown...) || strings.Contains(got, "hidden") {
					t.Errorf("%s: shown:\n%s\nwant:\n%s", test.why, got, lines(test.shown...))
				}
			}
			if got := failures(t, r); !slices.Equal(got, test.counted) {
				t.Errorf("%s: counted %q, want %q", test.why, got, test.counted)
			}
			if n := strings.Count(log.String(), "\n"); n != 1 {
				t.Errorf("%s: %d lines are logged, want 1:\n%s", test.why, n, log.String())
			}
			// Whoever can mend it is told.
			if _, err := New(r, in.options); err == nil {
				t.Errorf("%s: another integrator takes the views", test.why)
			}
		}
	}
}

// A fault is counted again when it comes again, and what was hidden is shown with
// all of its counts once the views can be applied.
func TestFaultsAreCountedWhenTheyBegin(t *testing.T) {
	r := registry.New(registry.Options{})
	views := newViews(t, View{Match: Match{Name: "c"}, Add: metric.Labels{{Name: "op", Value: "any"}}})
	in := newIntegrator(t, r, Options{Views: views, Exporter: "e"})
	d := metric.Descriptor{Name: "c", Kind: metric.Counter, Keys: []string{"op"}}
	i := define(t, r, d)
	i.AddInt(1, "put")
	mustShow(t, take(t, in))
	if err := in.Replace(nil); err != nil {
		t.Fatal(err)
	}
	i.AddInt(1, "put")
	mustShow(t, take(t, in), `c{op="put"} 2`)
	mustSay(t, in.Replace(views), `"op"`)
	if got, want := failures(t, r), []string{"e c labels 1"}; !slices.Equal(got, want) {
		t.Errorf("counted %q, want %q", got, want)
	}
}

// Metrics that come and go without a view count nothing.
func TestClosedMetricsAreNoFaults(t *testing.T) {
	r := registry.New(registry.Options{})
	in := newIntegrator(t, r, Options{Exporter: "e"})
	sizes := define(t, r, metric.Descriptor{Name: "sizes", Kind: metric.Histogram})
	sizes.Observe(1)
	take(t, in)
	sizes.Close()
	define(t, r, metric.Descriptor{Name: "sizes_count", Kind: metric.Counter}).AddInt(1)
	take(t, in)
	if got := failures(t, r); len(got) > 0 {
		t.Errorf("counted %q, want nothing", got)
	}
}
