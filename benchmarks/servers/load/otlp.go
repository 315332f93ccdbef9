package load

import (
	"fmt"

	collector "go.opentelemetry.io/proto/otlp/collector/metrics/v1"
	common "go.opentelemetry.io/proto/otlp/common/v1"
	metrics "go.opentelemetry.io/proto/otlp/metrics/v1"
	resource "go.opentelemetry.io/proto/otlp/resource/v1"
	"google.golang.org/protobuf/proto"
)

// Names of what OTLP carries, before a server makes them Prometheus's.
const (
	otlpRequests = "cart_requests"
	otlpLatency  = "cart_request_duration"
)

// OTLPNames are those under which Prometheus keeps what OTLP carries.
func OTLPNames() []string {
	return append(histogramNames(otlpLatency+"_seconds"), otlpRequests+"_total")
}

// SamplesPerHistogram is how many samples Prometheus keeps of one histogram
// point: buckets, sum and count.
const SamplesPerHistogram = Buckets + 2

// OTLP puts cumulative sums and histograms over a span into requests in
// protobuf. Each sender is one resource, and its requests have points of all its
// sums and histograms.
func OTLP(s Span, senders, sums, histograms int) (Push, error) {
	push := make(Push, senders)
	for sender := range senders {
		r := newReading(sender, sums, histograms, uint64(s.Begin.Add(-s.Step).UnixNano()))
		for tick := range s.Ticks {
			r.advance(tick, uint64(s.At(tick).UnixNano()))
			body, err := proto.Marshal(r.request)
			if err != nil {
				return nil, fmt.Errorf("encoding a request of OTLP: %w", err)
			}
			push[sender] = append(push[sender], Request{
				Body: body, Points: sums + histograms, Samples: sums + histograms*SamplesPerHistogram,
			})
		}
	}
	return push, nil
}

// reading is a request whose points are changed from tick to tick.
type reading struct {
	sender     uint64
	request    *collector.ExportMetricsServiceRequest
	sums       []*metrics.NumberDataPoint
	histograms []*metrics.HistogramDataPoint
}

func newReading(sender, sums, histograms int, start uint64) *reading {
	r := &reading{sender: uint64(sender)}
	for i := range sums {
		r.sums = append(r.sums, &metrics.NumberDataPoint{
			Attributes:        attributes("path", Path(i/statuses), "status", codes[i%statuses]),
			StartTimeUnixNano: start, Value: &metrics.NumberDataPoint_AsInt{},
		})
	}
	limits := []float64{.005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10}
	for i := range histograms {
		r.histograms = append(r.histograms, &metrics.HistogramDataPoint{
			Attributes:        attributes("path", Path(i)),
			StartTimeUnixNano: start, ExplicitBounds: limits,
			BucketCounts: make([]uint64, Buckets), Sum: new(float64),
		})
	}
	const cumulative = metrics.AggregationTemporality_AGGREGATION_TEMPORALITY_CUMULATIVE
	r.request = &collector.ExportMetricsServiceRequest{ResourceMetrics: []*metrics.ResourceMetrics{{
		Resource: &resource.Resource{Attributes: attributes("service.name", "cart", "service.instance.id", Instance(sender))},
		ScopeMetrics: []*metrics.ScopeMetrics{{
			Scope: &common.InstrumentationScope{Name: "cart"},
			Metrics: []*metrics.Metric{
				{Name: otlpRequests, Unit: "{request}", Data: &metrics.Metric_Sum{Sum: &metrics.Sum{
					DataPoints: r.sums, AggregationTemporality: cumulative, IsMonotonic: true,
				}}},
				{Name: otlpLatency, Unit: "s", Data: &metrics.Metric_Histogram{Histogram: &metrics.Histogram{
					DataPoints: r.histograms, AggregationTemporality: cumulative,
				}}},
			},
		}},
	}}}
	return r
}

func (r *reading) advance(tick int, at uint64) {
	for i, point := range r.sums {
		point.TimeUnixNano = at
		point.Value.(*metrics.NumberDataPoint_AsInt).AsInt = counted(mix(r.sender<<32|uint64(i)), tick)
	}
	for i, point := range r.histograms {
		n := counted(mix(r.sender<<32|1<<31|uint64(i)), tick)
		point.TimeUnixNano = at
		before := int64(0)
		for k, share := range shares {
			point.BucketCounts[k] = uint64(n * (share - before))
			before = share
		}
		point.Count = uint64(n * before)
		*point.Sum = float64(n * before * 3)
	}
}

// attributes takes names and values in turns.
func attributes(pairs ...string) (all []*common.KeyValue) {
	for i := 0; i < len(pairs); i += 2 {
		all = append(all, &common.KeyValue{
			Key: pairs[i], Value: &common.AnyValue{Value: &common.AnyValue_StringValue{StringValue: pairs[i+1]}},
		})
	}
	return all
}
