package otlp

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"testing"
	"time"

	"github.com/metertree/metertree/export"
	"github.com/metertree/metertree/metric"
)

// However large a batch is, what is converted at a time is as large as a request.
func TestChunkStaysSmall(t *testing.T) {
	const series, requestBytes = 50_000, 32 << 10
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		// An error ends the request, which the exporter sees.
		_, _ = io.Copy(io.Discard, r.Body)
	}))
	defer server.Close()
	e, err := New(t.Context(), Options{Protocol: HTTP, Endpoint: server.URL, RequestBytes: requestBytes})
	if err != nil {
		t.Fatal(err)
	}
	keys := []string{"of"}
	now := time.Now()
	family := &metric.Family{
		Descriptor: metric.Descriptor{Name: "calls_total", Kind: metric.Counter, Keys: keys},
		Keys:       keys,
		Points: func(yield func(*metric.Point) bool) {
			for i := range series {
				p := metric.Point{Labels: metric.EncodeLabels(keys, []string{fmt.Sprintf("%06d", i)}), Start: now, Int: 1}
				if !yield(&p) {
					return
				}
			}
		},
	}
	batch := &export.Batch{Start: now, Time: now.Add(time.Second), Families: slices.Values([]*metric.Family{family})}
	if err := e.Export(t.Context(), batch); err != nil {
		t.Fatal(err)
	}
	if n := cap(e.chunk.ints); n > requestBytes/16 {
		t.Errorf("the chunk has room for %d points of %d", n, series)
	}
	if s := e.Stats(); s.DeliveredPoints != series {
		t.Errorf("%d points were delivered, want %d", s.DeliveredPoints, series)
	}
	if err := e.Shutdown(t.Context()); err != nil {
		t.Error(err)
	}
}

// Among deltas, series that counted nothing take no room, however many there are.
func TestIdleSeriesTakeNoRoom(t *testing.T) {
	const series, requestBytes = 20_000, 8 << 10
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	defer server.Close()
	e, err := New(t.Context(), Options{Protocol: HTTP, Endpoint: server.URL, RequestBytes: requestBytes})
	if err != nil {
		t.Fatal(err)
	}
	keys, bounds := []string{"of"}, []float64{1, 2, 3}
	now := time.Now()
	family := &metric.Family{
		Descriptor: metric.Descriptor{Name: "wait_seconds", Kind: metric.Histogram, Keys: keys, Bounds: bounds},
		Keys:       keys,
		Points: func(yield func(*metric.Point) bool) {
			for i := range series {
				p := metric.Point{
					Labels:    metric.EncodeLabels(keys, []string{fmt.Sprintf("%06d", i)}),
					Histogram: metric.HistogramPoint{Bounds: bounds, Counts: make([]uint64, 4)},
				}
				if i%1000 == 0 {
					p.Histogram.Counts[1] = 1
				}
				if !yield(&p) {
					return
				}
			}
		},
	}
	batch := &export.Batch{Temporality: metric.Delta, Start: now, Time: now.Add(time.Second), Families: slices.Values([]*metric.Family{family})}
	if err := e.Export(t.Context(), batch); err != nil {
		t.Fatal(err)
	}
	if s := e.Stats(); s.DeliveredPoints != series/1000 || s.Requests != 1 {
		t.Errorf("stats %+v, want %d points in 1 request", s, series/1000)
	}
	if n := cap(e.chunk.counts); n > series/10 {
		t.Errorf("the chunk has room for %d counts", n)
	}
	if err := e.Shutdown(t.Context()); err != nil {
		t.Error(err)
	}
}
