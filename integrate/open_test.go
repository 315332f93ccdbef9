package integrate

import (
	"context"
	"fmt"
	"sync"
	"testing"

	"github.com/metertree/metertree/metric"
	"github.com/metertree/metertree/registry"
)

// TestLabelsAppear lets labels of an open metric appear while integrators of every
// sort read it, and counts what they were told.
func TestLabelsAppear(t *testing.T) {
	keep := newViews(t, View{Match: Match{Name: "calls_total"}, Keep: []string{"a"}})
	for name, options := range map[string]Options{
		"totals":        {Temporality: metric.Cumulative},
		"deltas":        {Temporality: metric.Delta},
		"merged totals": {Temporality: metric.Cumulative, Views: keep},
		"merged deltas": {Temporality: metric.Delta, Views: keep},
	} {
		t.Run(name, func(t *testing.T) {
			r := registry.New(registry.Options{})
			in := newIntegrator(t, r, options)
			const labels, each = 24, 200
			var updates sync.WaitGroup
			updates.Go(func() {
				for n := range labels {
					i, err := r.Define(registry.Definition{Open: true, Descriptor: metric.Descriptor{
						Name: "calls_total", Kind: metric.Counter, Keys: []string{"a", fmt.Sprintf("b%02d", labels-n)},
					}})
					if err != nil {
						t.Error(err)
						return
					}
					for k := range each {
						i.AddInt(1, fmt.Sprint(k%3), "x")
					}
				}
			})
			var total int64
			read := func() {
				c, err := in.Checkpoint(context.Background())
				if err != nil {
					t.Fatal(err)
				}
				if options.Temporality == metric.Cumulative {
					total = 0
				}
				for f := range c.Families() {
					if f.Descriptor.Name != "calls_total" {
						continue
					}
					for p := range f.Points {
						total += p.Int
						if values := p.Labels.Values(nil, f.Keys); len(values) != len(f.Keys) {
							t.Errorf("%s has %d values of %d labels", p.Labels, len(values), len(f.Keys))
						}
					}
				}
				ack(t, c)
			}
			for range 50 {
				read()
			}
			updates.Wait()
			read()
			if total != labels*each {
				t.Errorf("the integrator was told of %d updates, want %d", total, labels*each)
			}
		})
	}
}

// TestViewsOfConstantLabels lets a view drop a label beside a constant one.
func TestViewsOfConstantLabels(t *testing.T) {
	views := newViews(t, View{Match: Match{Name: "calls_total"}, Drop: []string{"a"}})
	r := registry.New(registry.Options{Define: views.Define})
	i := define(t, r, metric.Descriptor{
		Name: "calls_total", Kind: metric.Counter, Keys: []string{"a", "b"}, Const: metric.Labels{{Name: "zone", Value: "z"}},
	})
	i.AddInt(1, "x", "y")
	in := newIntegrator(t, r, Options{Views: views})
	if got, want := shown(take(t, in)), `calls_total{b="y",zone="z"} 1`; got != want {
		t.Errorf("shows %s, want %s", got, want)
	}
}
