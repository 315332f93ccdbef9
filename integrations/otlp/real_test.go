package otlp_test

import (
	"context"
	"errors"
	"testing"
	"time"

	collector "go.opentelemetry.io/proto/otlp/collector/metrics/v1"
	pb "go.opentelemetry.io/proto/otlp/metrics/v1"

	"github.com/metertree/metertree/export"
	"github.com/metertree/metertree/integrations/otlp"
	"github.com/metertree/metertree/meter"
	"github.com/metertree/metertree/metric"
	"github.com/metertree/metertree/registry"
)

// What was recorded is what a real collector reads, of every kind.
func TestRealCollectorReadsWhatWasRecorded(t *testing.T) {
	eachProtocol(t, func(t *testing.T, p otlp.Protocol) {
		c := startCollector(t)
		eachTemporality(t, func(t *testing.T, temporality metric.Temporality) {
			before := len(c.taken(t))
			w := newWorkload(uint64(temporality) + 7)
			e := newExporter(t, p, &receiver{url: c.url(p)}, func(o *otlp.Options) {
				o.RequestBytes = 4 << 10 // several requests a batch
				o.Compression = otlp.Gzip
			})
			pipe := newPipeline(t, w.registry, temporality, e)
			for range 4 {
				w.update(500)
				pipe.mustPush(t)
			}
			taken := c.taken(t)[before:]
			w.mustBeIn(t, taken, temporality)
			if len(taken) < 8 {
				t.Errorf("4 batches came in %d requests, want more", len(taken))
			}
			mustHaveTimes(t, taken, temporality)
		})
	})
}

// The collector is killed in the middle of a batch and comes back: nothing that
// was recorded is missing, and no delta is counted twice, because every request
// that was taken was also answered.
func TestRealCollectorIsKilledAndComesBack(t *testing.T) {
	eachProtocol(t, func(t *testing.T, p otlp.Protocol) {
		eachTemporality(t, func(t *testing.T, temporality metric.Temporality) {
			c := startCollector(t)
			w := newWorkload(uint64(temporality) + 11)
			e := newExporter(t, p, &receiver{url: c.url(p)}, func(o *otlp.Options) {
				o.RequestBytes = 1 << 10
				// gRPC connects again after seconds only.
				o.Retry.Elapsed = time.Minute
			})
			pipe := newPipeline(t, w.registry, temporality, e)
			for range 2 {
				w.update(300)
				pipe.mustPush(t)
			}
			before := e.Stats().DeliveredPoints
			families := 0
			pipe.between = func() {
				if families++; families == 3 {
					c.process.Kill()
				}
			}
			for range 2 {
				w.update(300)
				ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
				if err := pipe.push(ctx); err == nil || errors.Is(err, export.ErrRejected) {
					t.Errorf("export to a collector that is gone: %v", err)
				}
				cancel()
			}
			if e.Stats().DeliveredPoints == before {
				t.Fatal("nothing of the batch was delivered before the collector was killed")
			}
			c.start(t)
			for range 2 {
				pipe.mustPush(t)
				w.update(300)
			}
			pipe.mustPush(t)
			w.mustBeIn(t, c.taken(t), temporality)
		})
	})
}

// mustHaveTimes fails the test unless deltas follow one another without a gap,
// and totals go on from one start.
func mustHaveTimes(t *testing.T, requests []*collector.ExportMetricsServiceRequest, temporality metric.Temporality) {
	t.Helper()
	starts := map[string]uint64{}
	// A batch of deltas is one period, and its requests have the same.
	var batch, before nanos
	for _, request := range requests {
		for _, m := range request.GetResourceMetrics()[0].GetScopeMetrics()[0].GetMetrics() {
			deltas, points := periods(m)
			if want := temporality == metric.Delta && m.GetName() != "shop_in_flight"; len(points) > 0 && deltas != want {
				t.Fatalf("%s: deltas %v, want %v", m.GetName(), deltas, want)
			}
			for labels, p := range points {
				key := m.GetName() + labels
				if p.start == 0 || p.end <= p.start {
					t.Errorf("%s: period from %d to %d", key, p.start, p.end)
				}
				if !deltas {
					if first := starts[key]; first != 0 && p.start != first {
						t.Errorf("%s: began at %d, then at %d", key, first, p.start)
					}
					starts[key] = p.start
					continue
				}
				if p != batch {
					before, batch = batch, p
				}
				if before.end != 0 && batch.start != before.end {
					t.Errorf("%s: begins at %d, want %d, where the last batch ended", key, batch.start, before.end)
				}
			}
		}
	}
}

// A series that was deleted and comes back begins anew, with a start of its own.
func TestSeriesThatComesBackHasItsOwnStart(t *testing.T) {
	f := newReceiver(t, otlp.HTTP)
	r := registry.New(registry.Options{})
	c := meter.New(r).Counter("calls_total", meter.Keys("status"))
	pipe := newPipeline(t, r, metric.Cumulative, newExporter(t, otlp.HTTP, f))
	var last nanos
	for round, want := range []int64{5, 10, 5} {
		if round == 2 && !c.Delete("ok") {
			t.Fatal("the series is not there")
		}
		c.Add(5, "ok")
		pipe.mustPush(t)
		taken := f.taken()
		for _, m := range taken[len(taken)-1].GetResourceMetrics()[0].GetScopeMetrics()[0].GetMetrics() {
			if m.GetName() != "calls_total" {
				continue
			}
			_, points := periods(m)
			p := points[`status="ok"`]
			if got := m.GetSum().GetDataPoints()[0].GetAsInt(); got != want {
				t.Errorf("export %d: %d, want %d", round+1, got, want)
			}
			if began := p.start != last.start; began != (round != 1) || p.start > p.end || p.end <= last.end {
				t.Errorf("export %d: from %d to %d, after %d to %d", round+1, p.start, p.end, last.start, last.end)
			}
			last = p
		}
	}
	if len(f.taken()) != 3 || last.start == 0 {
		t.Errorf("%d requests, the last from %d", len(f.taken()), last.start)
	}
}

type nanos struct{ start, end uint64 }

// periods returns the periods of a metric's points, by labels.
func periods(m *pb.Metric) (deltas bool, points map[string]nanos) {
	points = map[string]nanos{}
	var temporality pb.AggregationTemporality
	switch data := m.GetData().(type) {
	case *pb.Metric_Sum:
		temporality = data.Sum.GetAggregationTemporality()
		for _, p := range data.Sum.GetDataPoints() {
			points[labelsOf(p.GetAttributes())] = nanos{p.GetStartTimeUnixNano(), p.GetTimeUnixNano()}
		}
	case *pb.Metric_Histogram:
		temporality = data.Histogram.GetAggregationTemporality()
		for _, p := range data.Histogram.GetDataPoints() {
			points[labelsOf(p.GetAttributes())] = nanos{p.GetStartTimeUnixNano(), p.GetTimeUnixNano()}
		}
	case *pb.Metric_ExponentialHistogram:
		temporality = data.ExponentialHistogram.GetAggregationTemporality()
		for _, p := range data.ExponentialHistogram.GetDataPoints() {
			points[labelsOf(p.GetAttributes())] = nanos{p.GetStartTimeUnixNano(), p.GetTimeUnixNano()}
		}
	default:
		return false, nil
	}
	return temporality == pb.AggregationTemporality_AGGREGATION_TEMPORALITY_DELTA, points
}
