package promclient_test

import (
	"bytes"
	"maps"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"
	"google.golang.org/protobuf/proto"

	text "github.com/metertree/metertree/export/prometheus"
	"github.com/metertree/metertree/integrations/promclient"
	"github.com/metertree/metertree/meter"
	"github.com/metertree/metertree/registry"
)

// populated returns a registry with a metric of every kind, and label values
// that need escaping.
func populated() *registry.Registry {
	r := registry.New(registry.Options{})
	s := meter.New(r).Scope("shop").With("zone", "a")
	s.Counter("orders_total", meter.Help("Orders \\ taken\nso far."), meter.Keys("state")).Add(7, "paid")
	s.Counter("orders_total", meter.Keys("state")).Add(1, `od"d\`+"\n")
	s.FloatCounter("busy_seconds_total", meter.Unit("seconds")).Add(1.5)
	s.UpDownCounter("carts").Add(-3)
	s.Gauge("stock", meter.Keys("item")).Set(0.25, "é")
	h := s.Histogram("wait_seconds", meter.Buckets(0.1, 1))
	h.Observe(0.05)
	h.ObserveExemplar(0.5, "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7")
	h.Observe(7)
	return r
}

func TestGathererShowsEveryKind(t *testing.T) {
	want := `
# HELP shop_busy_seconds_total 
# TYPE shop_busy_seconds_total counter
shop_busy_seconds_total{zone="a"} 1.5
# HELP shop_carts 
# TYPE shop_carts gauge
shop_carts{zone="a"} -3
# HELP shop_orders_total Orders \\ taken\nso far.
# TYPE shop_orders_total counter
shop_orders_total{state="od\"d\\\n",zone="a"} 1
shop_orders_total{state="paid",zone="a"} 7
# HELP shop_stock 
# TYPE shop_stock gauge
shop_stock{item="é",zone="a"} 0.25
# HELP shop_wait_seconds 
# TYPE shop_wait_seconds histogram
shop_wait_seconds_bucket{zone="a",le="0.1"} 1
shop_wait_seconds_bucket{zone="a",le="1"} 2
shop_wait_seconds_bucket{zone="a",le="+Inf"} 3
shop_wait_seconds_sum{zone="a"} 7.55
shop_wait_seconds_count{zone="a"} 3
`
	err := testutil.GatherAndCompare(promclient.NewGatherer(populated()), strings.NewReader(want),
		"shop_busy_seconds_total", "shop_carts", "shop_orders_total", "shop_stock", "shop_wait_seconds")
	if err != nil {
		t.Error(err)
	}
}

func TestGathererCarriesExemplarsAndStart(t *testing.T) {
	families, err := promclient.NewGatherer(populated()).Gather()
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range families {
		if f.GetName() != "shop_wait_seconds" {
			continue
		}
		h := f.Metric[0].Histogram
		if h.CreatedTimestamp == nil {
			t.Error("the histogram does not say when it began")
		}
		e := h.Bucket[1].Exemplar
		if e == nil || e.GetValue() != 0.5 || e.Label[1].GetValue() != "4bf92f3577b34da6a3ce929d0e0e4736" {
			t.Errorf("exemplar of the second bucket is %v", e)
		}
		return
	}
	t.Error("the histogram is missing")
}

// TestGathererShowsExponentialHistogramsAsTheirsAre observes the same values
// with both libraries.
func TestGathererShowsExponentialHistogramsAsTheirsAre(t *testing.T) {
	r := registry.New(registry.Options{})
	ours := meter.New(r).Histogram("h", meter.Exponential(160))
	theirs := prometheus.NewHistogram(prometheus.HistogramOpts{
		Name: "h", NativeHistogramBucketFactor: 1.0027, NativeHistogramZeroThreshold: 0x1p-128,
	})
	for _, v := range []float64{1, 1.001, 1.1, 1.2, 1.3, 1.25, 0, -1, -1.1} {
		ours.Observe(v)
		theirs.Observe(v)
	}
	var want dto.Metric
	if err := theirs.Write(&want); err != nil {
		t.Fatal(err)
	}
	families, err := promclient.NewGatherer(r).Gather()
	if err != nil {
		t.Fatal(err)
	}
	got := families[0].Metric[0].Histogram
	if *got.Schema != *want.Histogram.Schema || *got.ZeroCount != 1 {
		t.Errorf("schema %d and %d zeros, want %d and 1", *got.Schema, *got.ZeroCount, *want.Histogram.Schema)
	}
	if g, w := buckets(got.PositiveSpan, got.PositiveDelta), buckets(want.Histogram.PositiveSpan, want.Histogram.PositiveDelta); !maps.Equal(g, w) {
		t.Errorf("positive buckets %v, want %v", g, w)
	}
	if g, w := buckets(got.NegativeSpan, got.NegativeDelta), buckets(want.Histogram.NegativeSpan, want.Histogram.NegativeDelta); !maps.Equal(g, w) {
		t.Errorf("negative buckets %v, want %v", g, w)
	}
}

// buckets returns the counts of a native histogram that are not zero.
func buckets(spans []*dto.BucketSpan, deltas []int64) map[int32]int64 {
	counts := map[int32]int64{}
	var index int32
	var count int64
	for _, span := range spans {
		index += span.GetOffset()
		for range span.GetLength() {
			count += deltas[0]
			deltas = deltas[1:]
			if count != 0 {
				counts[index] = count
			}
			index++
		}
	}
	return counts
}

// TestGathererJoinsTheirRegistry merges our registry with one of theirs on one
// page.
func TestGathererJoinsTheirRegistry(t *testing.T) {
	theirs := prometheus.NewRegistry()
	c := prometheus.NewCounter(prometheus.CounterOpts{Name: "legacy_total", Help: "Old."})
	theirs.MustRegister(c)
	c.Inc()
	n, err := testutil.GatherAndCount(prometheus.Gatherers{theirs, promclient.NewGatherer(populated())},
		"legacy_total", "shop_orders_total")
	if err != nil || n != 3 {
		t.Errorf("%d series and error %v, want 3 and none", n, err)
	}
}

// TestTextIsWhatTheirParserReads compares our own text exposition, read by the
// Prometheus project's parser, with what the gatherer shows.
func TestTextIsWhatTheirParserReads(t *testing.T) {
	r := populated()
	var page bytes.Buffer
	if _, err := text.Write(t.Context(), &page, r.Collect(t.Context())); err != nil {
		t.Fatal(err)
	}
	parser := expfmt.NewTextParser(model.UTF8Validation)
	parsed, err := parser.TextToMetricFamilies(&page)
	if err != nil {
		t.Fatal(err)
	}
	families, err := promclient.NewGatherer(r).Gather()
	if err != nil {
		t.Fatal(err)
	}
	if len(parsed) != len(families) {
		t.Errorf("%d families in the text, %d gathered", len(parsed), len(families))
	}
	for _, want := range families {
		got := parsed[want.GetName()]
		strip(want)
		if got == nil || !proto.Equal(got, want) {
			t.Errorf("text has\n%v\nthe registry\n%v", got, want)
		}
	}
}

// strip removes what the text format does not carry.
func strip(f *dto.MetricFamily) {
	f.Unit = nil
	if f.GetHelp() == "" {
		f.Help = nil
	}
	for _, m := range f.Metric {
		if m.Counter != nil {
			m.Counter.CreatedTimestamp = nil
		}
		if m.Histogram != nil {
			m.Histogram.CreatedTimestamp = nil
			for _, b := range m.Histogram.Bucket {
				b.Exemplar = nil
			}
		}
	}
}
