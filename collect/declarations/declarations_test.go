package declarations

import (
	"context"
	"flag"
	"fmt"
	"iter"
	"maps"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/metertree/metertree/export/prometheus"
	"github.com/metertree/metertree/meter"
	"github.com/metertree/metertree/metric"
	"github.com/metertree/metertree/registry"
)

var update = flag.Bool("update", false, "rewrite the golden exposition")

// app defines metrics of every kind, and ratios with values that need escaping.
func app(t *testing.T) *registry.Registry {
	t.Helper()
	r := registry.New(registry.Options{})
	root := meter.New(r)
	if err := Register(root); err != nil {
		t.Fatal(err)
	}
	s := root.Scope("app").With("shard", "0")
	keys := meter.Keys("operation", "status")
	calls := s.Counter("calls_total", keys, meter.Role(metric.RoleTraffic))
	retries := s.Scope("write_buffer").Counter("retries_total", meter.Keys("operation"))
	s.Histogram("call_duration_seconds", meter.Unit("seconds"), meter.Role(metric.RoleLatency))
	s.Histogram("batch", meter.MinMaxSumCount())
	s.UpDownCounter("in_flight")
	s.Gauge("fill", meter.Fold(metric.FoldMax), meter.Role(metric.RoleSaturation))
	s.Gauge("temperature", meter.Unit("celsius"))
	for _, err := range []error{
		meter.Ratio(s, "call_error_ratio", calls, meter.Where("status", "error", "a|\"b\"\\\n"), meter.Role(metric.RoleErrors),
			meter.Help("How much of the calls fails: \"error\" and what is\nworse.")),
		meter.RatioOf(s, "retry_ratio", retries, calls, meter.Among("status", "ok")),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	return r
}

// only yields the families of this package.
func only(ctx context.Context, r *registry.Registry) iter.Seq[*metric.Family] {
	own := []string{metric.MetricInfo, metric.RatioInfo, "metertree_declarations_left_out"}
	return func(yield func(*metric.Family) bool) {
		for f := range r.Collect(ctx) {
			if slices.Contains(own, f.Descriptor.Name) && !yield(f) {
				return
			}
		}
	}
}

func TestGolden(t *testing.T) {
	const golden = "testdata/golden.txt"
	var b strings.Builder
	if _, err := prometheus.Write(t.Context(), &b, only(t.Context(), app(t))); err != nil {
		t.Fatal(err)
	}
	if *update {
		if err := os.WriteFile(golden, []byte(b.String()), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if got := b.String(); got != string(want) {
		t.Errorf("got:\n%s\nwant (rewrite with -update if intended):\n%s", got, want)
	}
}

// infos returns the labels of each series of a metric.
func infos(t *testing.T, r *registry.Registry, name string) (all []map[string]string) {
	t.Helper()
	for f := range only(t.Context(), r) {
		if f.Descriptor.Name != name {
			continue
		}
		for p := range f.Points {
			if p.Float != 1 {
				t.Errorf("%s{%s} is %v, want 1", name, p.Labels, p.Float)
			}
			all = append(all, maps.Collect(p.Labels.All(f.Keys)))
		}
	}
	return all
}

// What a viewer reads from the series is what was declared.
func TestDeclarationsTravel(t *testing.T) {
	r := app(t)
	metrics, ratios := infos(t, r, metric.MetricInfo), infos(t, r, metric.RatioInfo)
	declared := map[string]metric.Descriptor{}
	for d := range r.Declarations() {
		declared[d.Name] = d
	}
	if len(metrics) != len(declared) {
		t.Errorf("%d metrics are declared, want %d", len(metrics), len(declared))
	}
	for _, labels := range metrics {
		d, err := metric.ParseMetricInfo(func(name string) string { return labels[name] })
		if err != nil {
			t.Error(err)
			continue
		}
		if want := declared[d.Name].Info(); !slices.Equal(d.Info(), want) {
			t.Errorf("%v travelled as %v", want, d.Info())
		}
	}
	read := map[string]metric.Ratio{}
	for _, labels := range ratios {
		ratio, err := metric.ParseRatioInfo(func(name string) string { return labels[name] })
		if err != nil {
			t.Error(err)
		}
		read[ratio.Name] = ratio
	}
	n := 0
	for want := range r.Ratios() {
		n++
		got := read[want.Name]
		if err := want.Conflict(got); err != nil || !slices.Equal(got.Axes, want.Axes) {
			t.Errorf("%+v travelled as %+v", want, got)
		}
	}
	if n != 2 || len(read) != n {
		t.Errorf("%d ratios travelled as %d, want 2", n, len(read))
	}
}

func TestTheFirstByNameAreDeclared(t *testing.T) {
	r := registry.New(registry.Options{})
	scope := meter.New(r)
	for i := range Limit {
		if _, err := scope.NewCounter(fmt.Sprintf("c%06d_total", i)); err != nil {
			t.Fatal(err)
		}
	}
	if err := Register(scope); err != nil {
		t.Fatal(err)
	}
	metrics := infos(t, r, metric.MetricInfo)
	if len(metrics) != Limit || metrics[0]["metric"] != "c000000_total" || metrics[Limit-1]["metric"] != fmt.Sprintf("c%06d_total", Limit-1) {
		t.Errorf("%d metrics from %s to %s, want the first %d", len(metrics), metrics[0]["metric"], metrics[len(metrics)-1]["metric"], Limit)
	}
	own := 0
	for range r.Declarations() {
		own++
	}
	for f := range only(t.Context(), r) {
		for p := range f.Points {
			if f.Descriptor.Name == "metertree_declarations_left_out" && p.Float != float64(own-Limit) {
				t.Errorf("%v are left out, want %d", p.Float, own-Limit)
			}
		}
	}
}

func TestRegisterTwiceIsAnError(t *testing.T) {
	scope := meter.New(registry.New(registry.Options{}))
	if err := Register(scope); err != nil {
		t.Fatal(err)
	}
	if err := Register(scope); err == nil || !strings.Contains(err.Error(), metric.MetricInfo) {
		t.Errorf("the second Register: %v", err)
	}
	if err := Register(meter.Scope{}); err != nil {
		t.Errorf("on the zero scope: %v", err)
	}
}

// Metrics may be defined and closed while others are being collected.
func TestConcurrentDefinitions(t *testing.T) {
	r := app(t)
	scope := meter.New(r).Scope("other")
	var all sync.WaitGroup
	all.Go(func() {
		for range 200 {
			c := scope.Counter("c_total", meter.Keys("status"))
			if err := meter.Ratio(scope, "ratio", c, meter.Where("status", "x")); err != nil {
				t.Error(err)
			}
			c.Close()
		}
	})
	for range 4 {
		all.Go(func() {
			for range 20 {
				for f := range only(context.Background(), r) {
					for range f.Points {
					}
				}
			}
		})
	}
	all.Wait()
	if got := infos(t, r, metric.RatioInfo); len(got) != 2 {
		t.Errorf("%d ratios are left, want 2", len(got))
	}
}
