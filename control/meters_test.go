package control

import (
	"context"
	"testing"
	"time"

	"github.com/metertree/metertree/export/exporttest"
	"github.com/metertree/metertree/meter"
	"github.com/metertree/metertree/metric"
	"github.com/metertree/metertree/registry"
)

// shown returns what a registry shows as a map from name and labels to the value,
// which of a histogram is its count.
func shown(r *registry.Registry) map[string]float64 {
	all := map[string]float64{}
	for f := range r.Collect(context.Background()) {
		for p := range f.Points {
			value := p.Number(&f.Descriptor)
			if f.Descriptor.Kind == metric.Histogram {
				value = float64(p.Histogram.Count())
			}
			all[f.Descriptor.Name+"{"+p.Labels.String()+"}"] = value
		}
	}
	return all
}

func TestExportsAreMetered(t *testing.T) {
	r := registry.New(registry.Options{})
	bubble(t, "a b", func(o *PushOptions) {
		o.Scope = meter.New(r)
		o.Timeout = 1500 * ms
	}, func(h *harness) {
		h.sinks["a"].Next(exporttest.Deliver, exporttest.Fail(errDown), exporttest.Reject(errDown),
			exporttest.Panic("boom"), exporttest.Hang)
		h.sinks["b"].Always(exporttest.Fail(errDown))
		start := time.Now()
		h.Start()
		time.Sleep(7500 * ms)
		// The hanging one began at 5 s and was cut short at 6.5 s.
		got := shown(r)
		for series, want := range map[string]float64{
			`metertree_exports_total{outcome="delivered",target="a"}`:     2,
			`metertree_exports_total{outcome="failed",target="a"}`:        2,
			`metertree_exports_total{outcome="rejected",target="a"}`:      1,
			`metertree_exports_total{outcome="panicked",target="a"}`:      1,
			`metertree_exports_total{outcome="skipped",target="a"}`:       1,
			`metertree_exports_total{outcome="failed",target="b"}`:        7,
			`metertree_exports_total{outcome="skipped",target="b"}`:       0,
			`metertree_export_duration_seconds{target="a"}`:               6,
			`metertree_export_last_success_timestamp_seconds{target="a"}`: float64(start.UnixMilli())/1000 + 7,
		} {
			if value, ok := got[series]; value != want || !ok {
				t.Errorf("%s = %v, want %v", series, value, want)
			}
		}
		if v, ok := got[`metertree_export_last_success_timestamp_seconds{target="b"}`]; ok {
			t.Errorf("target b, which never succeeded, shows a last success at %v", v)
		}
		_ = h.shut()
	})
}
