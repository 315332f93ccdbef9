package declarations

import (
	"fmt"
	"testing"

	"github.com/metertree/metertree/meter"
	"github.com/metertree/metertree/metric"
	"github.com/metertree/metertree/registry"
)

// many returns a registry of n metrics and their declarations.
func many(tb testing.TB, n int) *registry.Registry {
	tb.Helper()
	r := registry.New(registry.Options{})
	scope := meter.New(r)
	for i := range n {
		scope.Scope("app").Counter(fmt.Sprintf("c%d_total", i), meter.Keys("operation", "status"))
	}
	if err := Register(scope); err != nil {
		tb.Fatal(err)
	}
	return r
}

func read(tb testing.TB, r *registry.Registry) (points int) {
	for f := range r.Families(tb.Context()) {
		if f.Descriptor.Name == metric.MetricInfo {
			for range f.Points {
				points++
			}
		}
	}
	return points
}

// Declarations are made when something is declared, not at every scrape.
func TestUnchangedDeclarationsAllocateLittle(t *testing.T) {
	r := many(t, 200)
	if n := read(t, r); n < 200 {
		t.Fatalf("%d metrics are declared, want 200 and the registry's own", n)
	}
	few := testing.AllocsPerRun(50, func() { read(t, r) })
	if few > 20 {
		t.Errorf("%v allocations for a scrape of 200 declarations, want those of any callback", few)
	}
}

func BenchmarkMetricInfo(b *testing.B) {
	r := many(b, 200)
	b.ReportAllocs()
	for b.Loop() {
		read(b, r)
	}
}
