package stdout_test

import (
	"context"
	"fmt"
	"os"
	"slices"
	"time"

	"github.com/metertree/metertree/export"
	"github.com/metertree/metertree/export/stdout"
	"github.com/metertree/metertree/metric"
)

func Example() {
	at := time.Date(2026, 3, 1, 12, 1, 0, 0, time.UTC)
	calls := &metric.Family{
		Descriptor: metric.Descriptor{Name: "calls_total", Kind: metric.Counter},
		Keys:       []string{"status"},
		Points: func(yield func(*metric.Point) bool) {
			yield(&metric.Point{Labels: `status="ok"`, Start: at.Add(-time.Minute), Int: 42})
		},
	}
	batch := &export.Batch{Time: at, Families: slices.Values([]*metric.Family{calls})}
	for _, format := range []stdout.Format{stdout.JSON, stdout.Table} {
		exporter, err := stdout.New(os.Stdout, stdout.Options{Format: format})
		if err != nil {
			fmt.Println(err)
			return
		}
		if err := exporter.Export(context.Background(), batch); err != nil {
			fmt.Println(err)
		}
	}
	// Output:
	// {"type":"point","name":"calls_total","kind":"counter","number":"int64","aggregation":"sum","temporality":"cumulative","labels":{"status":"ok"},"start":"2026-03-01T12:00:00Z","time":"2026-03-01T12:01:00Z","value":42}
	// {"type":"batch","temporality":"cumulative","time":"2026-03-01T12:01:00Z","points":1}
	// cumulative at 2026-03-01T12:01:00Z
	// NAME         KIND     LABELS       VALUE
	// calls_total  counter  status="ok"  42
}
