package integrate

import (
	"context"
	"fmt"
	"testing"

	"github.com/metertree/metertree/meter"
	"github.com/metertree/metertree/registry"
)

// TestBoundsOfGroupsAgree merges exponential histograms of different ranges into
// groups: from its own least bound upward each group has the bounds of all, as
// sum by (le) needs them.
func TestBoundsOfGroupsAgree(t *testing.T) {
	r := registry.New(registry.Options{})
	h := meter.New(r).Histogram("sizes", meter.Keys("group", "id"), meter.Exponential(40))
	for id := range 4 {
		h.Observe(float64(id+1), "small", fmt.Sprint(id))
		h.Observe(float64(int(1000)<<id), "large", fmt.Sprint(id))
	}
	views, err := NewViews(View{Match: Match{Name: "sizes"}, Drop: []string{"id"}})
	if err != nil {
		t.Fatal(err)
	}
	in, err := New(r, Options{Views: views})
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	c, err := in.Checkpoint(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	last := map[string]float64{}
	for f := range c.Families() {
		for p := range f.Points {
			if p.Exponential == nil {
				continue
			}
			bounds := p.Exponential.Explicit().Bounds
			last[p.Labels.String()] = bounds[len(bounds)-1]
		}
	}
	if small, large := last[`group="small"`], last[`group="large"`]; small != large || large < 8000 {
		t.Errorf("bounds end at %v and %v, want both where the greatest value is", small, large)
	}
}
