package otlp_test

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"testing"
	"time"

	collector "go.opentelemetry.io/proto/otlp/collector/metrics/v1"

	"github.com/metertree/metertree/export"
	"github.com/metertree/metertree/integrations/otlp"
	"github.com/metertree/metertree/metric"
)

// counts returns a batch of deltas with one counter of each name, which has
// counted 1, and cancels when the first was read.
func counts(cancel func(), names ...string) *export.Batch {
	start := time.Unix(1000, 0)
	families := func(yield func(*metric.Family) bool) {
		for _, name := range names {
			f := &metric.Family{
				Descriptor: metric.Descriptor{Name: name, Kind: metric.Counter},
				Points:     slices.Values([]*metric.Point{{Start: start, Int: 1}}),
			}
			if !yield(f) {
				return
			}
			if cancel != nil {
				cancel()
				return
			}
		}
	}
	return &export.Batch{Temporality: metric.Delta, Start: start, Time: start.Add(time.Second), Families: families}
}

// What was left out of a batch because it had arrived is not left out of a later
// one, even if the clock stands still.
func TestSettledPartsAreLeftOutOnce(t *testing.T) {
	f := newReceiver(t, otlp.HTTP)
	f.set(func() {
		f.serve = func(n int, w http.ResponseWriter, _ *http.Request, _ *collector.ExportMetricsServiceRequest) bool {
			if n == 2 {
				w.WriteHeader(http.StatusForbidden)
			}
			return n == 2
		}
	})
	e := newExporter(t, otlp.HTTP, f, func(o *otlp.Options) { o.RequestBytes = 1 })
	for i, want := range []model{
		{"a_total{}": {kind: "counter int64", integer: 1}},
		{"a_total{}": {kind: "counter int64", integer: 1}, "b_total{}": {kind: "counter int64", integer: 1}},
		{"a_total{}": {kind: "counter int64", integer: 2}, "b_total{}": {kind: "counter int64", integer: 2}},
	} {
		err := e.Export(t.Context(), counts(nil, "a_total", "b_total"))
		if (err != nil) != (i == 0) {
			t.Fatalf("export %d: %v", i+1, err)
		}
		received(t, f.taken()).mustBe(t, want)
	}
}

// A batch may end with its context: then it was not delivered as a whole.
func TestBatchThatEndsWithItsContext(t *testing.T) {
	f := newReceiver(t, otlp.HTTP)
	e := newExporter(t, otlp.HTTP, f, func(o *otlp.Options) { o.RequestBytes = 1 })
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	err := e.Export(ctx, counts(cancel, "a_total", "b_total"))
	if !errors.Is(err, context.Canceled) || len(f.taken()) != 1 {
		t.Errorf("err = %v after %d requests, want that of the context after 1", err, len(f.taken()))
	}
}
