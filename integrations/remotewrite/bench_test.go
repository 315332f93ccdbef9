package remotewrite

import (
	"fmt"
	"testing"

	"github.com/metertree/metertree/metric"
)

// BenchmarkEncode writes a request of gauges, by series.
func BenchmarkEncode(b *testing.B) {
	for _, version := range []Version{Version1, Version2} {
		b.Run(version.String(), func(b *testing.B) {
			p := newPlan(level(), metric.Cumulative, []metric.Label{{Name: "job", Value: "a"}})
			r := &request{}
			r.reset(noon.UnixMilli())
			for i := range DefaultMaxSamples {
				r.add(p, labelled(fmt.Sprint("value ", i)), place{part: partValue})
			}
			var e encoder
			b.ReportAllocs()
			for b.Loop() {
				e.encode(r.whole(), version)
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/DefaultMaxSamples, "ns/series")
		})
	}
}
