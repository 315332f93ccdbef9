package pushtest

import (
	"testing"

	"github.com/metertree/metertree/registry"
)

// Collected returns the values that the counters and gauges of a registry have, by
// name{labels}.
func Collected(t testing.TB, r *registry.Registry) map[string]float64 {
	t.Helper()
	got := map[string]float64{}
	for f := range r.Collect(t.Context()) {
		for p := range f.Points {
			got[f.Descriptor.Name+"{"+p.Labels.String()+"}"] = p.Float
		}
	}
	return got
}
