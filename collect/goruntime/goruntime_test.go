package goruntime

import (
	"context"
	"flag"
	"fmt"
	"math"
	"os"
	"runtime"
	"runtime/metrics"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/metertree/metertree/meter"
	"github.com/metertree/metertree/metric"
	"github.com/metertree/metertree/registry"
)

var update = flag.Bool("update", false, "rewrite the golden file")

// shape prints what a collection gives, with values masked.
func shape(ctx context.Context, r *registry.Registry) string {
	var b strings.Builder
	for f := range r.Collect(ctx) {
		if !strings.HasPrefix(f.Descriptor.Name, "go_") {
			continue
		}
		fmt.Fprintf(&b, "%s %s %s [%s]\n", f.Descriptor.Name, f.Descriptor.Kind, strings.Join(f.Descriptor.Scope, "/"), f.Descriptor.Help)
		for p := range f.Points {
			fmt.Fprintf(&b, "  {%s}", strings.ReplaceAll(p.Labels.String(), runtime.Version(), "VERSION"))
			if f.Descriptor.Kind == metric.Histogram {
				fmt.Fprintf(&b, " %d buckets", len(p.Histogram.Counts))
			}
			b.WriteString(" VALUE\n")
		}
	}
	return b.String()
}

func TestGolden(t *testing.T) {
	r := registry.New(registry.Options{})
	if err := Register(meter.New(r)); err != nil {
		t.Fatal(err)
	}
	got := shape(t.Context(), r)
	const golden = "testdata/golden.txt"
	if *update {
		if err := os.WriteFile(golden, []byte(got), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("got:\n%s\nwant (rewrite with -update if intended):\n%s", got, want)
	}
}

// The table in the package comment is where users look names up.
func TestEveryMetricIsDocumented(t *testing.T) {
	doc, err := os.ReadFile("doc.go")
	if err != nil {
		t.Fatal(err)
	}
	documented := map[string]string{}
	for line := range strings.Lines(string(doc)) {
		words := strings.Fields(strings.TrimPrefix(line, "//"))
		if len(words) > 2 && strings.HasPrefix(words[0], "go_") {
			name, _, _ := strings.Cut(words[0], "{")
			documented[name] = words[1]
		}
	}
	r := registry.New(registry.Options{})
	if err := Register(meter.New(r)); err != nil {
		t.Fatal(err)
	}
	for f := range r.Collect(t.Context()) {
		name := f.Descriptor.Name
		if !strings.HasPrefix(name, "go_") {
			continue
		}
		if documented[name] != f.Descriptor.Kind.String() {
			t.Errorf("%s is a %s, documented as %q", name, f.Descriptor.Kind, documented[name])
		}
		delete(documented, name)
	}
	for name := range documented {
		t.Errorf("%s is documented but not collected", name)
	}
}

// collected reads all values that are single numbers.
func collected(ctx context.Context, r *registry.Registry) map[string]float64 {
	values := map[string]float64{}
	for f := range r.Collect(ctx) {
		for p := range f.Points {
			values[f.Descriptor.Name] = p.Float
		}
	}
	return values
}

var sink []byte

func TestValuesFollowTheRuntime(t *testing.T) {
	r := registry.New(registry.Options{})
	if err := Register(meter.New(r)); err != nil {
		t.Fatal(err)
	}
	runtime.GC()
	before := collected(t.Context(), r)
	const more = 100
	stop := make(chan struct{})
	var all sync.WaitGroup
	for range more {
		all.Go(func() { <-stop })
	}
	sink = make([]byte, 1<<20)
	runtime.GC()
	after := collected(t.Context(), r)
	close(stop)
	all.Wait()

	if grew := after["go_goroutines"] - before["go_goroutines"]; grew < more-5 || grew > more+5 {
		t.Errorf("go_goroutines grew by %v, want about %d", grew, more)
	}
	if grew := after["go_memstats_alloc_bytes_total"] - before["go_memstats_alloc_bytes_total"]; grew < 1<<20 {
		t.Errorf("go_memstats_alloc_bytes_total grew by %v, want at least 1 MiB", grew)
	}
	if grew := after["go_gc_cycles_total"] - before["go_gc_cycles_total"]; grew < 1 {
		t.Errorf("go_gc_cycles_total grew by %v", grew)
	}
	if after["go_memstats_last_gc_time_seconds"] <= before["go_memstats_last_gc_time_seconds"] {
		t.Errorf("go_memstats_last_gc_time_seconds went from %v to %v",
			before["go_memstats_last_gc_time_seconds"], after["go_memstats_last_gc_time_seconds"])
	}
	if got := after["go_sched_gomaxprocs_threads"]; got != float64(runtime.GOMAXPROCS(0)) {
		t.Errorf("go_sched_gomaxprocs_threads = %v", got)
	}
	if after["go_threads"] < 1 {
		t.Errorf("go_threads = %v", after["go_threads"])
	}
	heap := after["go_memstats_heap_idle_bytes"] + after["go_memstats_heap_inuse_bytes"]
	if heap != after["go_memstats_heap_sys_bytes"] {
		t.Errorf("idle and in use make %v, not heap_sys %v: they are not of one reading", heap, after["go_memstats_heap_sys_bytes"])
	}
}

func TestRuntimeIsReadOncePerCollection(t *testing.T) {
	r := registry.New(registry.Options{})
	reader := newReader()
	scope := meter.New(r)
	scope.OnCollect(reader.refresh)
	if err := reader.register(scope.Scope("go")); err != nil {
		t.Fatal(err)
	}
	for range 3 {
		collected(t.Context(), r)
	}
	if reader.reads != 3 {
		t.Errorf("%d reads for 3 collections", reader.reads)
	}
}

func TestConcurrentCollections(t *testing.T) {
	r := registry.New(registry.Options{})
	if err := Register(meter.New(r)); err != nil {
		t.Fatal(err)
	}
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			for range 20 {
				if got := collected(t.Context(), r)["go_goroutines"]; got < 1 {
					t.Errorf("go_goroutines = %v", got)
				}
			}
		})
	}
	all.Wait()
}

func TestRegisterTwiceFails(t *testing.T) {
	r := registry.New(registry.Options{})
	if err := Register(meter.New(r)); err != nil {
		t.Fatal(err)
	}
	err := Register(meter.New(r))
	if err == nil || !strings.Contains(err.Error(), "go_info") {
		t.Errorf("err = %v, want one that names go_info", err)
	}
}

func TestRegisterOnTheZeroScope(t *testing.T) {
	if err := Register(meter.Scope{}); err != nil {
		t.Error(err)
	}
}

func TestLayoutKeepsCounts(t *testing.T) {
	edges := []float64{math.Inf(-1), 0, 5e-7, 1.5e-6, 9e-6, 1.1e-5, 2e-5, 6e-5, 2, 20, math.Inf(1)}
	l := newLayout(edges)
	want := []float64{1.5e-6, 1.1e-5, 6e-5, 2, 20}
	if !slices.Equal(l.bounds, want) {
		t.Fatalf("bounds %v, want %v", l.bounds, want)
	}
	p := l.point(histogramOfOnes(edges))
	if want := []uint64{3, 2, 2, 1, 1, 1}; !slices.Equal(p.Counts, want) {
		t.Errorf("counts %v, want %v", p.Counts, want)
	}
	if p.Count() != uint64(len(edges)-1) {
		t.Errorf("count %d, want %d", p.Count(), len(edges)-1)
	}
	if math.IsNaN(p.Sum) || math.IsInf(p.Sum, 0) {
		t.Errorf("sum %v", p.Sum)
	}
}

func histogramOfOnes(edges []float64) *metrics.Float64Histogram {
	h := &metrics.Float64Histogram{Buckets: edges, Counts: make([]uint64, len(edges)-1)}
	for i := range h.Counts {
		h.Counts[i] = 1
	}
	return h
}

func BenchmarkRefresh(b *testing.B) {
	r := newReader()
	b.ReportAllocs()
	for b.Loop() {
		r.refresh(b.Context())
	}
}
