package rivals

import (
	"context"
	"errors"

	"go.opentelemetry.io/otel/exporters/otlp/otlpmetric/otlpmetrichttp"
	"go.opentelemetry.io/otel/metric"
	sdk "go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"

	"github.com/metertree/metertree/benchmarks/work"
	"github.com/metertree/metertree/export"
	"github.com/metertree/metertree/integrate"
	"github.com/metertree/metertree/integrations/otlp"
	"github.com/metertree/metertree/meter"
	"github.com/metertree/metertree/registry"
)

// Pusher is a registry full of series of one kind that are exported by OTLP over
// HTTP.
type Pusher struct {
	// Fill makes a series of each label set, or updates it.
	Fill func(sets []work.Labels)
	// Push reads all series and exports them.
	Push func(ctx context.Context) error
	// Close frees what Push used.
	Close func(ctx context.Context) error
}

// Pushers make, for each library that exports by OTLP, an empty registry whose
// exports go to the URL of a receiver. Both send what the official exporter
// makes of it, uncompressed; each as it does by itself, the SDK all series in
// one request, metertree in requests of about a mebibyte.
func Pushers() map[string]func(k work.Kind, series int, url string) (Pusher, error) {
	return map[string]func(work.Kind, int, string) (Pusher, error){
		NameMetertree:     metertreePusher,
		NameOpenTelemetry: otelPusher,
	}
}

// pushedValue is what each update of a counter adds: the totals are not so small
// that Go need not allocate them.
const pushedValue = 1000

func metertreePusher(k work.Kind, series int, url string) (Pusher, error) {
	r := registry.New(registry.Options{})
	s := meter.New(r)
	exporter, err := otlp.New(context.Background(), otlp.Options{Protocol: otlp.HTTP, Endpoint: url, Compression: otlp.NoCompression})
	if err != nil {
		return Pusher{}, err
	}
	in, err := integrate.New(r, integrate.Options{})
	if err != nil {
		return Pusher{}, errors.Join(err, exporter.Shutdown(context.Background()))
	}
	p := Pusher{
		Push: func(ctx context.Context) error {
			c, err := in.Checkpoint(ctx)
			if err != nil {
				return err
			}
			batch := export.Batch{Temporality: c.Temporality, Start: c.Start, Time: c.Time, Families: c.Families()}
			if err := exporter.Export(ctx, &batch); err != nil {
				return err
			}
			return c.Ack()
		},
		Close: func(ctx context.Context) error {
			in.Close()
			return exporter.Shutdown(ctx)
		},
	}
	if k == work.Histograms {
		h := s.Histogram(histogramName, meter.Keys(work.Keys...), meter.Buckets(work.Bounds...), meter.SeriesBudget(series))
		p.Fill = fill(func(l *work.Labels) { h.Observe(firstValue, l.Operation, l.Status, l.Shard) })
		return p, nil
	}
	c := s.Counter(counterName, meter.Keys(work.Keys...), meter.SeriesBudget(series))
	p.Fill = fill(func(l *work.Labels) { c.Add(pushedValue, l.Operation, l.Status, l.Shard) })
	return p, nil
}

func otelPusher(k work.Kind, _ int, url string) (Pusher, error) {
	ctx := context.Background()
	exporter, err := otlpmetrichttp.New(ctx,
		otlpmetrichttp.WithEndpointURL(url), otlpmetrichttp.WithCompression(otlpmetrichttp.NoCompression))
	if err != nil {
		return Pusher{}, err
	}
	p := Pusher{Close: exporter.Shutdown}
	var reader *sdk.ManualReader
	if k == work.Histograms {
		var h metric.Float64Histogram
		reader, h = otelHistogram()
		p.Fill = fill(func(l *work.Labels) { h.Record(ctx, firstValue, metric.WithAttributeSet(otelAttributes(l))) })
	} else {
		var c metric.Int64Counter
		reader, c = otelCounter()
		p.Fill = fill(func(l *work.Labels) { c.Add(ctx, pushedValue, metric.WithAttributeSet(otelAttributes(l))) })
	}
	// It is kept, as the SDK recommends.
	data := new(metricdata.ResourceMetrics)
	p.Push = func(ctx context.Context) error {
		if err := reader.Collect(ctx, data); err != nil {
			return err
		}
		return exporter.Export(ctx, data)
	}
	return p, nil
}

func fill(update func(l *work.Labels)) func(sets []work.Labels) {
	return func(sets []work.Labels) {
		for i := range sets {
			update(&sets[i])
		}
	}
}
