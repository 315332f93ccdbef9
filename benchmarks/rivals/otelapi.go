package rivals

import (
	"context"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"
	"go.opentelemetry.io/otel/metric/x"
	sdk "go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"

	"github.com/metertree/metertree/benchmarks/work"
	"github.com/metertree/metertree/integrations/otelapi"
	own "github.com/metertree/metertree/metric"
	"github.com/metertree/metertree/registry"
)

// Names of OpenTelemetry's metrics API on its SDK and on a metertree registry.
const (
	NameAPIOnSDK       = "OpenTelemetry API on its SDK"
	NameAPIOnMetertree = "OpenTelemetry API on metertree"
)

// CounterRaw is the row of attributes that are given anew with every update by the
// experimental option that makes no set of them, and is used again.
const CounterRaw work.Row = "counter, direct, 3 dynamic labels, not made into a set"

// APIOnSDK is OpenTelemetry's metrics API on its SDK, as OpenTelemetry is, with
// the calls of APIOnMetertree.
func APIOnSDK() Rival {
	return otelapiRival(NameAPIOnSDK, "go.opentelemetry.io/otel/sdk/metric", func(exponential bool) otelapiBackend {
		var views []sdk.Option
		if exponential {
			views = append(views, sdk.WithView(sdk.NewView(
				sdk.Instrument{Name: histogramName},
				sdk.Stream{Aggregation: sdk.AggregationBase2ExponentialHistogram{MaxSize: exponentialSize, MaxScale: 20}},
			)))
		}
		reader, m := otelMeter(views...)
		data := new(metricdata.ResourceMetrics)
		return otelapiBackend{m, func() (int, float64, error) { return otelTotalOf(reader, data) }}
	})
}

// APIOnMetertree is OpenTelemetry's metrics API on a metertree registry.
func APIOnMetertree() Rival {
	return otelapiRival(NameAPIOnMetertree, "github.com/metertree/metertree/integrations/otelapi", func(exponential bool) otelapiBackend {
		r := registry.New(registry.Options{})
		options := otelapi.Options{CardinalityLimit: 1 << 30}
		if exponential {
			options.Exponential = own.ExponentialLayout{Size: exponentialSize, ZeroThreshold: 1e-128}
		}
		provider := must(otelapi.New(r, options))
		return otelapiBackend{provider.Meter("benchmarks"), func() (int, float64, error) { return otelapiTotal(r) }}
	})
}

// otelapiBackend is a meter with what collects and tells how many series it has made
// and what they add up to. The SDK collects into data that is kept, as it recommends.
type otelapiBackend struct {
	metric.Meter
	total func() (series int, total float64, err error)
}

func otelapiRival(name, module string, backend func(exponential bool) otelapiBackend) Rival {
	plain := func(c func(otelapiBackend) func(int)) func() Case {
		return func() Case { return otelapiCase(backend(false), c) }
	}
	return Rival{
		Name:   name,
		Module: module,
		Updates: map[work.Row]func() Case{
			work.CounterBound:         plain(otelapiCounter),
			work.CounterBoundParallel: plain(otelapiCounter),
			work.CounterDirect:        plain(otelapiDynamic),
			CounterRaw:                plain(otelapiRaw),
			work.HistogramBound:       plain(otelapiHistogram),
			work.HistogramParallel:    plain(otelapiHistogram),
			work.ExponentialBound: func() Case {
				return otelapiCase(backend(true), otelapiExponential)
			},
			work.GaugeSet: plain(otelapiGauge),
			work.GaugeAdd: plain(otelapiUpDown),
		},
		Populations: map[work.Kind]func(int) Population{
			work.Counters:   func(int) Population { return otelapiCounters(backend(false)) },
			work.Histograms: func(int) Population { return otelapiHistograms(backend(false)) },
		},
	}
}

func otelapiCase(b otelapiBackend, run func(otelapiBackend) func(int)) Case {
	return Case{Run: run(b), Check: func(updates int) error {
		_, total, err := b.total()
		if err != nil {
			return err
		}
		return counted(total, updates)
	}}
}

// otelapiTotal reads the metrics that were made through the API.
func otelapiTotal(r *registry.Registry) (series int, total float64, err error) {
	for f := range r.Collect(context.Background()) {
		if _, scoped := labelAt(f.Keys, "otel_scope_name"); !scoped {
			continue
		}
		for p := range f.Points {
			series++
			switch {
			case p.Exponential != nil:
				total += float64(p.Exponential.Count())
			case f.Descriptor.Kind == own.Histogram:
				total += float64(p.Histogram.Count())
			default:
				total += p.Number(&f.Descriptor)
			}
		}
	}
	return series, total, nil
}

func labelAt(keys []string, name string) (at int, found bool) {
	for at, key := range keys {
		if key == name {
			return at, true
		}
	}
	return 0, false
}

func otelapiCounter(b otelapiBackend) func(int) {
	c := must(b.Int64Counter(counterName))
	options := []metric.AddOption{metric.WithAttributeSet(otelAttributes(&bound))}
	ctx := context.Background()
	return func(n int) {
		for range n {
			c.Add(ctx, 1, options...)
		}
	}
}

// otelapiDynamic gives attributes with every update.
func otelapiDynamic(b otelapiBackend) func(int) {
	c := must(b.Int64Counter(counterName))
	sets := work.Rotation()
	ctx := context.Background()
	return func(n int) {
		for i := range n {
			l := &sets[i&work.RotationMask]
			c.Add(ctx, 1, metric.WithAttributes(
				attribute.String("operation", l.Operation),
				attribute.String("status", l.Status),
				attribute.String("shard", l.Shard),
			))
		}
	}
}

func otelapiRaw(b otelapiBackend) func(int) {
	c := must(b.Int64Counter(counterName))
	sets := work.Rotation()
	ctx := context.Background()
	return func(n int) {
		attributes := make([]attribute.KeyValue, 3)
		option := x.WithUnsafeAttributes(attributes...)
		options := []metric.AddOption{option}
		for i := range n {
			l := &sets[i&work.RotationMask]
			attributes[0] = attribute.String("operation", l.Operation)
			attributes[1] = attribute.String("status", l.Status)
			attributes[2] = attribute.String("shard", l.Shard)
			c.Add(ctx, 1, options...)
		}
	}
}

func otelapiHistogram(b otelapiBackend) func(int) {
	return otelapiRecord(must(b.Float64Histogram(histogramName, metric.WithExplicitBucketBoundaries(work.Bounds...))))
}

func otelapiExponential(b otelapiBackend) func(int) {
	return otelapiRecord(must(b.Float64Histogram(histogramName)))
}

func otelapiRecord(h metric.Float64Histogram) func(int) {
	options := []metric.RecordOption{metric.WithAttributeSet(otelAttributes(&bound))}
	values := work.Values()
	ctx := context.Background()
	return func(n int) {
		for i := range n {
			h.Record(ctx, values[i&work.ValueMask], options...)
		}
	}
}

func otelapiGauge(b otelapiBackend) func(int) {
	g := must(b.Float64Gauge(gaugeName))
	options := []metric.RecordOption{metric.WithAttributeSet(otelAttributes(&bound))}
	ctx := context.Background()
	last := 0.0
	return func(n int) {
		for range n {
			last++
			g.Record(ctx, last, options...)
		}
	}
}

func otelapiUpDown(b otelapiBackend) func(int) {
	g := must(b.Float64UpDownCounter(gaugeName))
	options := []metric.AddOption{metric.WithAttributeSet(otelAttributes(&bound))}
	ctx := context.Background()
	return func(n int) {
		for range n {
			g.Add(ctx, 1, options...)
		}
	}
}

func otelapiCounters(b otelapiBackend) Population {
	c := must(b.Int64Counter(counterName))
	ctx := context.Background()
	return otelapiPopulation(b, func(l *work.Labels) {
		c.Add(ctx, 1, metric.WithAttributeSet(otelAttributes(l)))
	})
}

func otelapiHistograms(b otelapiBackend) Population {
	h := must(b.Float64Histogram(histogramName, metric.WithExplicitBucketBoundaries(work.Bounds...)))
	ctx := context.Background()
	return otelapiPopulation(b, func(l *work.Labels) {
		h.Record(ctx, firstValue, metric.WithAttributeSet(otelAttributes(l)))
	})
}

func otelapiPopulation(b otelapiBackend, update func(*work.Labels)) Population {
	return Population{
		Fill: func(sets []work.Labels) {
			for i := range sets {
				update(&sets[i])
			}
		},
		Update: update,
		Collect: func() error {
			_, _, err := b.total()
			return err
		},
		Check: func(series, updates int) error {
			got, total, err := b.total()
			if err != nil {
				return err
			}
			return populated(got, series, total, updates)
		},
	}
}
