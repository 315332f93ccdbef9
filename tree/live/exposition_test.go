package live

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/metertree/metertree/meter"
	"github.com/metertree/metertree/metric"
	"github.com/metertree/metertree/tree"
)

// TestEqualsExposition: one sample says what tree.Snapshot says about the same
// registry's exposition, whatever is selected, left out and folded in.
func TestEqualsExposition(t *testing.T) {
	inBubble(t, Options{}, func(t *testing.T, b bench) {
		fillAll(b.scope)
		shown := exposition(t.Context(), b.registry)
		got, err := b.source.Families(t.Context())
		want, _ := shown.Families(t.Context())
		if err != nil || fmt.Sprint(got) != fmt.Sprint(want) {
			t.Errorf("families: %v, %v; the exposition says %v", got, err, want)
		}
		if f := b.family("c_total"); !slices.Equal(f.Axes, []string{"y", "x"}) || f.Role != metric.RoleTraffic {
			t.Errorf("c_total has the axes %q and the role %q", f.Axes, f.Role)
		}
		for _, f := range want {
			sel := tree.Selector{Metric: f.Name}
			got, err := b.source.Axes(t.Context(), sel)
			want, _ := shown.Axes(t.Context(), sel)
			if err != nil || !slices.Equal(got, want) {
				t.Errorf("axes of %s: %v, %v; the exposition says %v", f.Name, got, err, want)
			}
		}
		mixed := 0
		for _, q := range everyQuery(want) {
			got, err := b.source.Fold(t.Context(), []tree.Query{q})
			if err != nil {
				t.Fatal(err)
			}
			if !got[0].At.Equal(time.Now()) {
				t.Errorf("%v is of %s", q, got[0].At)
			}
			got[0].At = time.Time{}
			want, _ := shown.Fold(t.Context(), []tree.Query{q})
			if fmt.Sprint(got) != fmt.Sprint(want) {
				t.Errorf("%v: %v, the exposition says %v", q, got, want)
			}
			if got[0].MixedBuckets {
				mixed++
			}
		}
		if mixed == 0 {
			t.Error("no query mixes buckets")
		}
	})
}

// fillAll makes metrics of all kinds with the labels x and y.
func fillAll(scope meter.Scope) {
	rng := rand.New(rand.NewPCG(1, 1))
	keys := meter.Keys("x", "y")
	c := scope.Counter("c_total", keys, meter.DefaultKeys("y"), meter.Role(metric.RoleTraffic))
	d := scope.Counter("d_total", keys)
	g := scope.Gauge("g", keys, meter.Fold(metric.FoldMax))
	n := scope.Gauge("n", keys, meter.Fold(metric.FoldNone))
	h := scope.Histogram("h_seconds", keys, meter.Unit("seconds"), meter.Buckets(1, 2, 5))
	i := scope.Histogram("i_seconds", keys, meter.Unit("seconds"), meter.Buckets(1, 3))
	for range 200 {
		x, y := []string{"", "a", "b"}[rng.IntN(3)], fmt.Sprint(rng.IntN(3))
		c.Add(int64(rng.IntN(5)), x, y)
		d.Add(int64(rng.IntN(5)), x, y)
		g.Set(float64(rng.IntN(100)), x, y)
		n.Set(float64(rng.IntN(100)), x, y)
		h.Observe(rng.Float64()*7, x, y)
		i.Observe(rng.Float64()*7, x, y)
	}
}

// everyQuery asks for each family, alone and with one of its kind, by each label,
// whole and in part.
func everyQuery(families []tree.Family) (all []tree.Query) {
	for _, f := range families {
		q := tree.Query{Family: f, Selector: tree.Selector{Metric: f.Name}}
		forms := []tree.Query{q, q, q, q, q, q}
		forms[1].Where = metric.Matchers{}.With("x", "a", "")
		forms[2].Except = &tree.Exclusion{Label: "x", Values: []string{"", "b"}}
		forms[3].Selector = q.Selector.With("y", "1")
		forms[4].As = tree.MeaningTotal
		forms[5].Limit = -1
		for _, form := range forms {
			for _, by := range []string{"", "x", "y"} {
				form.By = by
				all = append(all, form)
				for _, other := range families {
					if other.Kind == f.Kind && other.Name != f.Name {
						with := form
						with.Also = []tree.Part{{Family: other, Where: metric.Matchers{}.With("y", "0", "1")}}
						all = append(all, with)
					}
				}
			}
		}
	}
	return all
}

// exposition is what a scrape of a registry holds.
func exposition(ctx context.Context, p Producer) *tree.Snapshot {
	b := tree.NewSnapshotBuilder()
	for f := range p.Collect(ctx) {
		described := describe(&f.Descriptor)
		b.Declare(f.Descriptor.Name, tree.Metadata{
			Kind: described.Kind, Unit: described.Unit, Help: described.Help, Fold: described.Fold, Role: described.Role, Axes: described.Axes,
		})
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
