package remotewrite

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/metertree/metertree/export"
	"github.com/metertree/metertree/metric"
)

// testNative reads native histograms back, and their ends.
func testNative(t *testing.T, b *backend) {
	e := b.exporter(t, "native", Options{Histograms: Native})
	f := newFamily(metric.Descriptor{Name: "h", Kind: metric.Histogram, Number: metric.Float64, Exponential: metric.ExponentialLayout{Size: 160}},
		metric.Point{Labels: labelled("a"), Start: time.Now().Add(-time.Minute), Exponential: &metric.ExponentialPoint{Scale: 1, ZeroThreshold: 0.5, Zero: 1, Sum: 9,
			PositiveFirst: 2, Positive: []uint64{1, 0, 0, 0, 2}, NegativeFirst: 0, Negative: []uint64{4}}})
	batch := totals(f)
	batch.Time = time.Now().Add(-time.Second)
	mustExport(t, e, batch)
	got := b.query(t, `h{job="native"}`, batch.Time)
	if len(got) != 1 || got[0].Histogram[1] == nil {
		t.Fatalf("got %v", got)
	}
	var h struct {
		Count, Sum string
		Buckets    [][]any
	}
	if err := json.Unmarshal(got[0].Histogram[1], &h); err != nil {
		t.Fatal(err)
	}
	// Of the boundaries 0 is open at the left, 1 at the right, 3 at neither side.
	want := "[[1 -1.414213562373095 -1 4] [3 -0.5 0.5 1] [0 2 2.82842712474619 1] [0 8 11.31370849898476 2]]"
	if h.Count != "8" || h.Sum != "9" || fmt.Sprint(h.Buckets) != want {
		t.Errorf("got %+v, want 8 values, the sum 9 and %s", h, want)
	}
	ended := totals()
	ended.Time = time.Now()
	mustExport(t, e, ended)
	if got := b.query(t, `h{job="native"}`, ended.Time); len(got) != 0 {
		t.Errorf("%v is shown after its end", got)
	}
}

// testStarts asks for the value of a counter when it began, which the receiver
// knows to be zero.
func testStarts(t *testing.T, b *backend) {
	now := time.Now()
	e := b.exporter(t, "starts", Options{})
	batch := totals(newFamily(metric.Descriptor{Name: "calls_total", Kind: metric.Counter},
		metric.Point{Labels: labelled("a"), Start: now.Add(-time.Minute), Int: 42}))
	batch.Time = now
	mustExport(t, e, batch)
	for _, test := range []struct {
		at   time.Time
		want float64
	}{{now.Add(-time.Minute), 0}, {now, 42}} {
		got := b.query(t, `calls_total{job="starts"}`, test.at)
		if len(got) != 1 || got[0].number(t) != test.want {
			t.Errorf("at %v it is %v, want %v", test.at, got, test.want)
		}
	}
}

// testExemplars reads exemplars back.
func testExemplars(t *testing.T, b *backend) {
	now := time.Now()
	e := b.exporter(t, "exemplars", Options{})
	f := newFamily(metric.Descriptor{Name: "h", Kind: metric.Histogram, Bounds: []float64{1}}, metric.Point{Labels: labelled("a"),
		Histogram: metric.HistogramPoint{Bounds: []float64{1}, Counts: []uint64{1, 1}},
		Exemplars: []*metric.Exemplar{{TraceID: "t1", SpanID: "s1", Value: 0.5, Time: now.Add(-time.Second)}, nil}})
	batch := totals(f)
	batch.Time = now
	mustExport(t, e, batch)
	var answer struct {
		Data []struct {
			SeriesLabels map[string]string
			Exemplars    []struct {
				Labels map[string]string
				Value  string
			}
		}
	}
	b.get(t, fmt.Sprintf("/api/v1/query_exemplars?query=%s&start=%d&end=%d", url.QueryEscape(`h_bucket{job="exemplars"}`),
		now.Add(-time.Minute).Unix(), now.Add(time.Minute).Unix()), &answer)
	const want = `[{map[__name__:h_bucket job:exemplars l:a le:1] [{map[span_id:s1 trace_id:t1] 0.5}]}]`
	if got := fmt.Sprint(answer.Data); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

// testOutOfOrder rejects what the receiver says it will never take, in its words.
func testOutOfOrder(t *testing.T, b *backend) {
	now := time.Now()
	write := func(at time.Time, labels ...string) (Stats, error) {
		e := b.exporter(t, "order", Options{})
		batch := totals(level(labels...))
		batch.Time = at
		err := e.Export(t.Context(), batch)
		return e.Stats(), err
	}
	if _, err := write(now, "a"); err != nil {
		t.Fatal(err)
	}
	s, err := write(now.Add(-time.Minute), "a", "b", "c")
	if !errors.Is(err, export.ErrRejected) || !strings.Contains(err.Error(), "1 samples were not taken") || !strings.Contains(err.Error(), "out of order") {
		t.Errorf("error is %v", err)
	}
	if s.Delivered != 2 || s.Rejected != 1 || s.Version != Version2 {
		t.Errorf("counted %+v", s)
	}
}
