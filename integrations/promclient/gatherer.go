package promclient

import (
	"context"
	"math"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/metertree/metertree/metric"
	"github.com/metertree/metertree/registry"
)

// NewGatherer returns a view of the registry. Each Gather is one collection;
// the families it returns are the caller's. It may be called from any
// goroutine at any time, and never fails.
func NewGatherer(r *registry.Registry) prometheus.Gatherer { return gatherer{r} }

type gatherer struct{ registry *registry.Registry }

// Gather implements prometheus.Gatherer.
func (g gatherer) Gather() ([]*dto.MetricFamily, error) {
	var families []*dto.MetricFamily
	for f := range g.registry.Collect(context.Background()) {
		family := &dto.MetricFamily{
			Name: proto.String(f.Descriptor.Name),
			Help: proto.String(f.Descriptor.Help),
			Type: typeOf(f.Descriptor.Kind).Enum(),
		}
		if f.Descriptor.Unit != "" {
			family.Unit = proto.String(f.Descriptor.Unit)
		}
		for p := range f.Points {
			family.Metric = append(family.Metric, convert(f, p))
		}
		if len(family.Metric) > 0 {
			families = append(families, family)
		}
	}
	return families, nil
}

// typeOf maps a kind to the exposed type. A sum that may fall is exposed as a
// gauge, as the exposition has no other type for it.
func typeOf(k metric.Kind) dto.MetricType {
	switch k {
	case metric.Counter:
		return dto.MetricType_COUNTER
	case metric.Histogram:
		return dto.MetricType_HISTOGRAM
	}
	return dto.MetricType_GAUGE
}

func convert(f *metric.Family, p *metric.Point) *dto.Metric {
	m := &dto.Metric{}
	for name, value := range p.Labels.All(f.Keys) {
		m.Label = append(m.Label, &dto.LabelPair{Name: proto.String(name), Value: proto.String(value)})
	}
	value := p.Float
	if f.Descriptor.Number == metric.Int64 {
		value = float64(p.Int)
	}
	switch f.Descriptor.Kind {
	case metric.Counter:
		m.Counter = &dto.Counter{Value: proto.Float64(value), CreatedTimestamp: created(p.Start)}
	case metric.Histogram:
		m.Histogram = convertHistogram(p)
	default:
		m.Gauge = &dto.Gauge{Value: proto.Float64(value)}
	}
	return m
}

func convertHistogram(p *metric.Point) *dto.Histogram {
	explicit := p.Buckets()
	h := &dto.Histogram{
		SampleSum:        proto.Float64(explicit.Sum),
		SampleCount:      proto.Uint64(explicit.Count()),
		CreatedTimestamp: created(p.Start),
	}
	var below uint64
	for i, count := range explicit.Counts {
		below += count
		bound := math.Inf(1)
		if i < len(explicit.Bounds) {
			bound = explicit.Bounds[i]
		}
		bucket := &dto.Bucket{UpperBound: proto.Float64(bound), CumulativeCount: proto.Uint64(below)}
		if i < len(p.Exemplars) && p.Exemplars[i] != nil {
			bucket.Exemplar = convertExemplar(p.Exemplars[i])
		}
		h.Bucket = append(h.Bucket, bucket)
	}
	if p.Exponential != nil {
		addNative(h, p.Exponential)
	}
	return h
}

func convertExemplar(e *metric.Exemplar) *dto.Exemplar {
	return &dto.Exemplar{
		Label: []*dto.LabelPair{
			{Name: proto.String("span_id"), Value: proto.String(e.SpanID)},
			{Name: proto.String("trace_id"), Value: proto.String(e.TraceID)},
		},
		Value:     proto.Float64(e.Value),
		Timestamp: timestamppb.New(e.Time),
	}
}

// created returns when a series began; nil if it does not say.
func created(start time.Time) *timestamppb.Timestamp {
	if start.IsZero() {
		return nil
	}
	return timestamppb.New(start)
}
