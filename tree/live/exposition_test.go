package live

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/metertree/metertree/meter"
	"github.com/metertree/metertree/metric"
	"github.com/metertree/metertree/tree"
)

// TestEqualsExposition: one sample says what tree.Snapshot says about the same
// registry's exposition.
func TestEqualsExposition(t *testing.T) {
	inBubble(t, Options{}, func(t *testing.T, b bench) {
		rng := rand.New(rand.NewPCG(1, 1))
		c := b.scope.Counter("c_total", meter.Keys("x", "y"))
		g := b.scope.Gauge("g", meter.Keys("x"), meter.Fold(metric.FoldMax))
		h := b.scope.Histogram("h_seconds", meter.Keys("x"), meter.Unit("seconds"), meter.Buckets(1, 2, 5))
		for range 200 {
			x, y := []string{"", "a", "b"}[rng.IntN(3)], fmt.Sprint(rng.IntN(3))
			c.Add(int64(rng.IntN(5)), x, y)
			g.Set(float64(rng.IntN(100)), x)
			h.Observe(rng.Float64()*7, x)
		}
		live, shown := b.source, exposition(t.Context(), b.registry)
		for _, name := range []string{"c_total", "g", "h_seconds"} {
			f, sel := b.family(name), tree.Selector{Metric: name}
			for _, by := range []string{"", "x", "y"} {
				q := []tree.Query{{Family: f, Selector: sel, By: by}}
				got, err := live.Fold(t.Context(), q)
				if err != nil {
					t.Fatal(err)
				}
				want, _ := shown.Fold(t.Context(), q)
				if fmt.Sprint(got) != fmt.Sprint(want) {
					t.Errorf("%s by %q: %v, the exposition says %v", name, by, got, want)
				}
			}
			got, err := live.Axes(t.Context(), sel)
			want, _ := shown.Axes(t.Context(), sel)
			if err != nil || !slices.Equal(got, want) {
				t.Errorf("axes of %s: %v, %v; the exposition says %v", name, got, err, want)
			}
		}
	})
}

// exposition is what a scrape of a registry holds.
func exposition(ctx context.Context, p Producer) *tree.Snapshot {
	b := tree.NewSnapshotBuilder()
	for f := range p.Collect(ctx) {
		described := describe(&f.Descriptor)
		b.Declare(f.Descriptor.Name, tree.Metadata{Kind: described.Kind, Unit: described.Unit, Fold: described.Fold})
		for p := range f.Points {
			var labels []tree.Label
			for name, value := range p.Labels.All(f.Keys) {
				if value != "" {
					labels = append(labels, tree.Label{Name: name, Value: value})
				}
			}
			addPoint(b, &f.Descriptor, p, labels)
		}
	}
	return b.Build()
}

func addPoint(b *tree.SnapshotBuilder, d *metric.Descriptor, p *metric.Point, labels []tree.Label) {
	if d.Kind != metric.Histogram {
		b.Add(tree.Sample{Name: d.Name, Labels: labels, Value: valueOf(d, p)})
		return
	}
	total := 0.0
	for i, n := range p.Histogram.Counts {
		le := "+Inf"
		if i < len(p.Histogram.Bounds) {
			le = fmt.Sprint(p.Histogram.Bounds[i])
		}
		total += float64(n)
		with := append([]tree.Label{{Name: "le", Value: le}}, labels...)
		b.Add(tree.Sample{Name: d.Name + "_bucket", Labels: with, Value: total})
	}
	b.Add(tree.Sample{Name: d.Name + "_count", Labels: labels, Value: total})
	b.Add(tree.Sample{Name: d.Name + "_sum", Labels: labels, Value: p.Histogram.Sum})
}
