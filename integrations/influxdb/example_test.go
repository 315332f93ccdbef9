package influxdb_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"time"

	"github.com/metertree/metertree"
	"github.com/metertree/metertree/export"
	"github.com/metertree/metertree/integrations/influxdb"
	"github.com/metertree/metertree/meter"
	"github.com/metertree/metertree/metric"
)

// database stands in for one, and prints what is written to it.
func database(print func(r *http.Request, lines string)) *httptest.Server {
	return httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		lines, _ := io.ReadAll(r.Body)
		print(r, string(lines))
		w.WriteHeader(http.StatusNoContent)
	}))
}

func Example() {
	points := make(chan int, 100)
	server := database(func(_ *http.Request, lines string) { points <- len(lines) })
	defer server.Close()

	exporter, err := influxdb.New(server.URL, influxdb.V1{Database: "metrics"}, influxdb.Options{
		Tags: map[string]string{"host": "a"},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	rt, err := metertree.Start(context.Background(), metertree.Config{
		Listen:    metertree.NoListener,
		Exporters: []metertree.Exporter{{Name: "influxdb", Exporter: exporter}},
		Period:    10 * time.Second,
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	rt.Scope("app").Counter("calls_total", meter.Keys("status")).Add(3, "ok")
	// What is recorded at the end is exported too.
	if err := rt.Close(context.Background()); err != nil {
		fmt.Println(err)
	}
	fmt.Println(<-points > 0, exporter.Stats().Rejected)
	// Output: true 0
}

func ExampleNew() {
	server := database(func(r *http.Request, lines string) { fmt.Print(r.URL.Path, "\n", lines) })
	defer server.Close()

	exporter, err := influxdb.New(server.URL,
		influxdb.V2{Org: "shop", Bucket: "metrics", Token: "…"},
		influxdb.Options{Precision: influxdb.Seconds, Compression: influxdb.Uncompressed})
	if err != nil {
		fmt.Println(err)
		return
	}
	calls := &metric.Family{
		Descriptor: metric.Descriptor{Name: "calls_total", Kind: metric.Counter},
		Keys:       []string{"status"},
		Points: func(yield func(*metric.Point) bool) {
			yield(&metric.Point{Labels: `status="not found"`, Int: 42})
		},
	}
	at := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	batch := &export.Batch{Time: at, Families: slices.Values([]*metric.Family{calls})}
	if err := exporter.Export(context.Background(), batch); err != nil {
		fmt.Println(err)
	}
	// Output:
	// /api/v2/write
	// calls_total,status=not\ found value=42i 1772366400
}
