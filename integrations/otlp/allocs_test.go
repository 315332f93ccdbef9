package otlp_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"testing"

	"github.com/metertree/metertree/integrations/otlp"
	"github.com/metertree/metertree/meter"
	"github.com/metertree/metertree/metric"
	"github.com/metertree/metertree/registry"
)

// perPoint is how many allocations the official exporter makes for a point of a
// sum with three labels: one for the point, one for its value, one for the list
// of attributes, and three for each of these.
const perPoint = 12

// Beyond what the official exporter does with the points, an export allocates
// for requests alone.
func TestExportAllocatesForRequestsAlone(t *testing.T) {
	const series, requests, perRequest = 4000, 4, 200
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		// An error ends the request, which the exporter sees.
		_, _ = io.Copy(io.Discard, r.Body)
	}))
	defer server.Close()
	eachTemporality(t, func(t *testing.T, temporality metric.Temporality) {
		r := registry.New(registry.Options{})
		c := meter.New(r).Counter("calls_total", meter.Keys("operation", "shard", "status"))
		e := newExporter(t, otlp.HTTP, &receiver{url: server.URL}, func(o *otlp.Options) { o.RequestBytes = 128 << 10 })
		pipe := newPipeline(t, r, temporality, e)
		export := func() {
			for i := range series {
				c.Add(1000, "put", strconv.Itoa(i), "ok")
			}
			pipe.mustPush(t)
		}
		export() // makes what is kept
		before := e.Stats().Requests
		const runs = 5
		update := testing.AllocsPerRun(runs, func() {
			for i := range series {
				c.Add(1000, "put", strconv.Itoa(i), "ok")
			}
		})
		allocs := testing.AllocsPerRun(runs, export) - update
		if sent := (e.Stats().Requests - before) / (runs + 1); sent > requests {
			t.Fatalf("%d requests an export, want %d at most", sent, requests)
		}
		if limit := float64(perPoint*series + perRequest*requests); allocs > limit {
			t.Errorf("%v allocations for %d series, want %v at most", allocs, series, limit)
		}
	})
}
