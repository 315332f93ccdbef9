package meter_test

import (
	"context"
	"fmt"
	"slices"
	"testing"

	"github.com/metertree/metertree/meter"
	"github.com/metertree/metertree/metric"
	"github.com/metertree/metertree/registry"
)

// shown returns what a collection shows, one line a series, without the
// registry's own metrics.
func shown(r *registry.Registry) []string {
	var lines []string
	for f := range r.Collect(context.Background()) {
		d := f.Descriptor
		if slices.Equal(d.Scope, []string{"metertree"}) {
			continue
		}
		for p := range f.Points {
			value := fmt.Sprint(p.Int)
			switch {
			case d.Kind == metric.Histogram:
				value = fmt.Sprint(p.Histogram.Counts, p.Histogram.Sum)
			case d.Number == metric.Float64:
				value = fmt.Sprint(p.Float)
			}
			lines = append(lines, fmt.Sprintf("%s{%s} %s", d.Name, p.Labels, value))
		}
	}
	return lines
}

// newScope returns a root scope and its registry.
func newScope() (meter.Scope, *registry.Registry) {
	r := registry.New(registry.Options{})
	return meter.New(r), r
}

func expect(t *testing.T, r *registry.Registry, want ...string) {
	t.Helper()
	if got := shown(r); !slices.Equal(got, want) {
		t.Errorf("shown:\n%q\nwant:\n%q", got, want)
	}
}
