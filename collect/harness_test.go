package collect_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/metertree/metertree/collect"
	"github.com/metertree/metertree/meter"
	"github.com/metertree/metertree/metric"
	"github.com/metertree/metertree/registry"
)

// newScope returns a root scope and its registry.
func newScope() (meter.Scope, *registry.Registry) {
	r := registry.New(registry.Options{})
	return meter.New(r), r
}

// newRefresher returns a refresher of a scope, and its registry.
func newRefresher(t testing.TB, options collect.Options) (*collect.Refresher, meter.Scope, *registry.Registry) {
	t.Helper()
	scope, r := newScope()
	options.Scope = scope
	refresher, err := collect.NewRefresher(options)
	if err != nil {
		t.Fatal(err)
	}
	return refresher, scope, r
}

// shown returns what a collection shows, one line a series, without metertree's
// own.
func shown(ctx context.Context, r *registry.Registry) []string {
	return series(ctx, r, func(name string) bool { return !strings.HasPrefix(name, "metertree_") })
}

// own returns the refresher's own series, without the durations.
func own(ctx context.Context, r *registry.Registry) []string {
	return series(ctx, r, func(name string) bool {
		return strings.HasPrefix(name, "metertree_collector_") && name != "metertree_collector_duration_seconds"
	})
}

func series(ctx context.Context, r *registry.Registry, wanted func(name string) bool) []string {
	var lines []string
	for f := range r.Collect(ctx) {
		d := f.Descriptor
		if !wanted(d.Name) {
			continue
		}
		for p := range f.Points {
			value := fmt.Sprint(p.Int)
			switch {
			case d.Kind == metric.Histogram:
				value = fmt.Sprint(p.Histogram.Count(), p.Histogram.Sum)
			case d.Number == metric.Float64:
				value = fmt.Sprint(p.Float)
			}
			lines = append(lines, fmt.Sprintf("%s{%s} %s", d.Name, p.Labels, value))
		}
	}
	return lines
}

func expect(t *testing.T, got []string, want ...string) {
	t.Helper()
	if !slices.Equal(got, want) {
		t.Errorf("shown:\n%s\nwant:\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

// has reports whether a series is shown as it is written.
func has(t *testing.T, r *registry.Registry, want string) {
	t.Helper()
	all := series(context.Background(), r, func(string) bool { return true })
	if !slices.Contains(all, want) {
		t.Errorf("%s is not shown, but\n%s", want, strings.Join(all, "\n"))
	}
}

func mustAdd(t testing.TB, r *collect.Refresher, name string, c collect.Collector, s collect.Schedule) *collect.Handle {
	t.Helper()
	h, err := r.Add(name, c, s)
	if err != nil {
		t.Fatal(err)
	}
	return h
}

func mustEnd(t testing.TB, end func(context.Context) error) {
	t.Helper()
	if err := end(context.Background()); err != nil {
		t.Error(err)
	}
}

// always is a schedule of a collector that each collection runs.
var always = collect.Schedule{TTL: -1}

// number makes a collector of one gauge from a function.
func number(scope meter.Scope, name string, read func(context.Context) (float64, error)) collect.Collector {
	gauge := scope.Gauge(name, meter.Keys("component"))
	return collect.State(read, func(v float64, out *collect.Gauges) { out.Set(gauge, v, "a") })
}
