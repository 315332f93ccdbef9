package gateway

import (
	"fmt"
	"io"
	"testing"
	"time"

	"go.opentelemetry.io/collector/pdata/pmetric"
	"go.opentelemetry.io/collector/pdata/pmetric/pmetricotlp"

	"github.com/metertree/metertree/server/internal/gateway/merge"
	"github.com/metertree/metertree/server/internal/gateway/push"
)

const benchPoints = 1000

// benchBodies are pushes of ten processes, one after the other in time: counters of
// four attributes and some histograms, totals as the SDKs send them.
func benchBodies(tb testing.TB, rounds int, temporality pmetric.AggregationTemporality) [][]byte {
	tb.Helper()
	began := time.Now().Add(-time.Hour)
	var bodies [][]byte
	for round := range rounds {
		for instance := range 10 {
			md := pmetric.NewMetrics()
			resource := md.ResourceMetrics().AppendEmpty()
			resource.Resource().Attributes().PutStr("service.name", "checkout")
			resource.Resource().Attributes().PutStr("service.instance.id", fmt.Sprint("instance-", instance))
			resource.Resource().Attributes().PutStr("k8s.pod.name", fmt.Sprint("checkout-7f-", instance))
			scope := resource.ScopeMetrics().AppendEmpty()
			scope.Scope().SetName("example.org/shop")
			fillBench(scope, began, round, temporality)
			body, err := pmetricotlp.NewExportRequestFromMetrics(md).MarshalProto()
			if err != nil {
				tb.Fatal(err)
			}
			bodies = append(bodies, body)
		}
	}
	return bodies
}

func fillBench(scope pmetric.ScopeMetrics, began time.Time, round int, temporality pmetric.AggregationTemporality) {
	at := began.Add(time.Duration(round+1) * time.Second)
	start := began
	if temporality == pmetric.AggregationTemporalityDelta {
		start = at.Add(-time.Second)
	}
	for m := range benchPoints / 100 {
		one := scope.Metrics().AppendEmpty()
		one.SetName(fmt.Sprintf("shop.calls.kind%d", m))
		sum := one.SetEmptySum()
		sum.SetIsMonotonic(true)
		sum.SetAggregationTemporality(temporality)
		for i := range 100 {
			p := sum.DataPoints().AppendEmpty()
			p.SetStartTimestamp(stampOf(start))
			p.SetTimestamp(stampOf(at))
			p.SetIntValue(int64(i * (round + 1)))
			p.Attributes().PutStr("http.request.method", "GET")
			p.Attributes().PutStr("http.route", fmt.Sprint("/api/v1/things/", i%25))
			p.Attributes().PutStr("http.response.status_code", fmt.Sprint(200+i/25))
			p.Attributes().PutStr("server.address", "shop.example.org")
		}
	}
}

func reportPoints(b *testing.B) {
	b.ReportMetric(float64(b.N)*benchPoints/b.Elapsed().Seconds(), "points/s")
}

// BenchmarkMerge decodes and merges pushes of 1,000 points on one processor.
func BenchmarkMerge(b *testing.B) {
	for _, temporality := range []pmetric.AggregationTemporality{pmetric.AggregationTemporalityCumulative, pmetric.AggregationTemporalityDelta} {
		b.Run(temporality.String(), func(b *testing.B) {
			bodies := benchBodies(b, 60, temporality)
			state := merge.New(merge.DefaultSettings())
			at := time.Now().UnixNano()
			b.ReportAllocs()
			for i := 0; b.Loop(); i++ {
				if i > 0 && i%len(bodies) == 0 {
					state = merge.New(merge.DefaultSettings())
				}
				batch, err := push.Decode(push.Request{Protocol: push.OTLP, Body: bodies[i%len(bodies)]}, push.DefaultLimits, at)
				if err != nil {
					b.Fatal(err)
				}
				if o := state.Apply(at, batch); o.Merged == 0 {
					b.Fatalf("%+v", o)
				}
			}
			reportPoints(b)
		})
	}
}

// BenchmarkPush does the same through a gateway, by several pushers at once, with
// the journal at each level of durability.
func BenchmarkPush(b *testing.B) {
	bodies := benchBodies(b, 60, pmetric.AggregationTemporalityCumulative)
	for _, d := range []Durability{Disk, Process, Shutdown} {
		b.Run(d.String(), func(b *testing.B) {
			options := Defaults(b.TempDir())
			options.Durability = d
			g, err := Open(options)
			if err != nil {
				b.Fatal(err)
			}
			b.SetParallelism(4)
			b.RunParallel(func(pb *testing.PB) {
				for i := 0; pb.Next(); i++ {
					if _, err := g.Push(push.Request{Protocol: push.OTLP, Body: bodies[i%len(bodies)]}); err != nil {
						b.Error(err)
					}
				}
			})
			reportPoints(b)
			if err := g.Close(); err != nil {
				b.Fatal(err)
			}
		})
	}
}

// BenchmarkSnapshot writes a state of 100,000 streams, and BenchmarkScrape reads
// it: pushes wait for both.
func BenchmarkSnapshot(b *testing.B) {
	state := stateOf(b, 100_000)
	for b.Loop() {
		if err := state.Write(io.Discard); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkScrape(b *testing.B) {
	state := stateOf(b, 100_000)
	for b.Loop() {
		if len(state.Collect().Families) == 0 {
			b.Fatal("nothing to scrape")
		}
	}
}

// stateOf has streams of 100 processes, which are merged into a hundredth of as
// many series.
func stateOf(b *testing.B, streams int) *merge.State {
	b.Helper()
	state := merge.New(merge.DefaultSettings())
	at := time.Now()
	for instance := range 100 {
		md := counterPush(fmt.Sprint(instance), at.Add(-time.Minute), at, 1)
		points := md.ResourceMetrics().At(0).ScopeMetrics().At(0).Metrics().At(0).Sum().DataPoints()
		for i := range streams/100 - 1 {
			points.At(0).CopyTo(points.AppendEmpty())
			points.At(i+1).Attributes().PutStr("http.route", fmt.Sprint("/api/v1/things/", i))
		}
		body, err := (&pmetric.ProtoMarshaler{}).MarshalMetrics(md)
		if err != nil {
			b.Fatal(err)
		}
		batch, err := push.Decode(push.Request{Protocol: push.OTLP, Body: body}, push.DefaultLimits, at.UnixNano())
		if err != nil {
			b.Fatal(err)
		}
		state.Apply(at.UnixNano(), batch)
	}
	if n := state.Size().Streams; n != streams {
		b.Fatalf("%d streams, want %d", n, streams)
	}
	return state
}
