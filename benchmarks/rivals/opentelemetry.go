package rivals

import (
	"context"
	"fmt"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"
	sdk "go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/exemplar"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"

	"github.com/metertree/metertree/benchmarks/work"
)

// OpenTelemetry is that project's metrics SDK, read by a ManualReader. Its
// nearest form of a bound series is an attribute set prepared once. It has no
// text format, no limit on series is set, and exemplars are off.
func OpenTelemetry() Rival {
	return Rival{
		Name:   NameOpenTelemetry,
		Module: "go.opentelemetry.io/otel/sdk/metric",
		Updates: map[work.Row]func() Case{
			work.CounterBound:         otelCounterBound,
			work.CounterBoundParallel: otelCounterBound,
			work.CounterDirect:        otelCounterDirect,
			work.HistogramBound:       otelHistogramBound,
			work.HistogramParallel:    otelHistogramBound,
			work.ExponentialBound:     otelExponentialBound,
			work.GaugeSet:             otelGaugeSet,
			work.GaugeAdd:             otelGaugeAdd,
		},
		Populations: map[work.Kind]func(int) Population{
			work.Counters:   otelCounters,
			work.Histograms: otelHistograms,
		},
		Reduced: map[work.Temporality]func(int) Population{
			work.Totals: func(int) Population { return otelReduced(sdk.CumulativeTemporalitySelector) },
			work.Deltas: func(int) Population { return otelReduced(sdk.DeltaTemporalitySelector) },
		},
		Unlike: map[work.Row]string{
			work.Reduce(work.Totals): reducesEarly,
			work.Reduce(work.Deltas): reducesEarly,
		},
	}
}

func otelMeter(options ...sdk.Option) (*sdk.ManualReader, metric.Meter) {
	return otelMeterOf(sdk.NewManualReader(), options...)
}

func otelMeterOf(reader *sdk.ManualReader, options ...sdk.Option) (*sdk.ManualReader, metric.Meter) {
	options = append(options, sdk.WithReader(reader), sdk.WithCardinalityLimit(0), sdk.WithExemplarFilter(exemplar.AlwaysOffFilter))
	return reader, sdk.NewMeterProvider(options...).Meter("benchmarks")
}

func otelAttributes(l *work.Labels) attribute.Set {
	return attribute.NewSet(
		attribute.String("operation", l.Operation),
		attribute.String("status", l.Status),
		attribute.String("shard", l.Shard),
	)
}

func otelCase(reader *sdk.ManualReader, run func(int)) Case {
	return Case{Run: run, Check: func(updates int) error {
		_, total, err := otelTotal(reader)
		if err != nil {
			return err
		}
		return counted(total, updates)
	}}
}

// otelTotal returns how many series the reader sees and what they add up to;
// histograms add up their counts.
func otelTotal(reader *sdk.ManualReader) (series int, total float64, err error) {
	return otelTotalOf(reader, new(metricdata.ResourceMetrics))
}

// otelTotalOf collects into data that the caller keeps.
func otelTotalOf(reader *sdk.ManualReader, data *metricdata.ResourceMetrics) (series int, total float64, err error) {
	if err := reader.Collect(context.Background(), data); err != nil {
		return 0, 0, err
	}
	for _, scope := range data.ScopeMetrics {
		for _, m := range scope.Metrics {
			n, sum, err := otelSum(m.Data)
			if err != nil {
				return 0, 0, err
			}
			series += n
			total += sum
		}
	}
	return series, total, nil
}

func otelSum(data metricdata.Aggregation) (series int, total float64, err error) {
	switch data := data.(type) {
	case metricdata.Sum[int64]:
		for _, p := range data.DataPoints {
			total += float64(p.Value)
		}
		return len(data.DataPoints), total, nil
	case metricdata.Sum[float64]:
		for _, p := range data.DataPoints {
			total += p.Value
		}
		return len(data.DataPoints), total, nil
	case metricdata.Gauge[float64]:
		for _, p := range data.DataPoints {
			total += p.Value
		}
		return len(data.DataPoints), total, nil
	case metricdata.Histogram[float64]:
		for _, p := range data.DataPoints {
			total += float64(p.Count)
		}
		return len(data.DataPoints), total, nil
	case metricdata.ExponentialHistogram[float64]:
		for _, p := range data.DataPoints {
			total += float64(p.Count)
		}
		return len(data.DataPoints), total, nil
	}
	return 0, 0, fmt.Errorf("collected data of the unexpected type %T", data)
}

func otelCounter() (*sdk.ManualReader, metric.Int64Counter) {
	reader, m := otelMeter()
	return reader, must(m.Int64Counter(counterName))
}

func otelHistogram(options ...sdk.Option) (*sdk.ManualReader, metric.Float64Histogram) {
	reader, m := otelMeter(options...)
	return reader, must(m.Float64Histogram(histogramName, metric.WithExplicitBucketBoundaries(work.Bounds...)))
}

func otelCounterBound() Case {
	reader, c := otelCounter()
	options := []metric.AddOption{metric.WithAttributeSet(otelAttributes(&bound))}
	ctx := context.Background()
	return otelCase(reader, func(n int) {
		for range n {
			c.Add(ctx, 1, options...)
		}
	})
}

func otelCounterDirect() Case {
	reader, c := otelCounter()
	sets := work.Rotation()
	ctx := context.Background()
	return otelCase(reader, func(n int) {
		for i := range n {
			c.Add(ctx, 1, metric.WithAttributeSet(otelAttributes(&sets[i&work.RotationMask])))
		}
	})
}

func otelHistogramBound() Case { return otelRecord(otelHistogram()) }

func otelExponentialBound() Case {
	return otelRecord(otelHistogram(sdk.WithView(sdk.NewView(
		sdk.Instrument{Name: histogramName},
		sdk.Stream{Aggregation: sdk.AggregationBase2ExponentialHistogram{MaxSize: exponentialSize, MaxScale: 20}},
	))))
}

func otelRecord(reader *sdk.ManualReader, h metric.Float64Histogram) Case {
	options := []metric.RecordOption{metric.WithAttributeSet(otelAttributes(&bound))}
	values := work.Values()
	ctx := context.Background()
	return otelCase(reader, func(n int) {
		for i := range n {
			h.Record(ctx, values[i&work.ValueMask], options...)
		}
	})
}

func otelGaugeSet() Case {
	reader, m := otelMeter()
	g := must(m.Float64Gauge(gaugeName))
	options := []metric.RecordOption{metric.WithAttributeSet(otelAttributes(&bound))}
	ctx := context.Background()
	last := 0.0
	return otelCase(reader, func(n int) {
		v := last
		for range n {
			v++
			g.Record(ctx, v, options...)
		}
		last = v
	})
}

// otelGaugeAdd uses an up-down counter: a gauge cannot be added to.
func otelGaugeAdd() Case {
	reader, m := otelMeter()
	g := must(m.Float64UpDownCounter(gaugeName))
	options := []metric.AddOption{metric.WithAttributeSet(otelAttributes(&bound))}
	ctx := context.Background()
	return otelCase(reader, func(n int) {
		for range n {
			g.Add(ctx, 1, options...)
		}
	})
}

func otelCounters(int) Population {
	reader, c := otelCounter()
	ctx := context.Background()
	p := otelPopulation(reader)
	p.Fill = func(sets []work.Labels) {
		for i := range sets {
			c.Add(ctx, 1, metric.WithAttributeSet(otelAttributes(&sets[i])))
		}
	}
	p.Update = func(l *work.Labels) { c.Add(ctx, 1, metric.WithAttributeSet(otelAttributes(l))) }
	return p
}

func otelHistograms(int) Population {
	reader, h := otelHistogram()
	ctx := context.Background()
	p := otelPopulation(reader)
	p.Fill = func(sets []work.Labels) {
		for i := range sets {
			h.Record(ctx, firstValue, metric.WithAttributeSet(otelAttributes(&sets[i])))
		}
	}
	p.Update = func(l *work.Labels) { h.Record(ctx, firstValue, metric.WithAttributeSet(otelAttributes(l))) }
	return p
}

// otelPopulation collects into data that it keeps, as the SDK recommends; what
// is kept counts as memory of the collection, not of the caller.
func otelPopulation(reader *sdk.ManualReader) Population {
	data := new(metricdata.ResourceMetrics)
	return Population{
		Collect: func() error { return reader.Collect(context.Background(), data) },
		Check: func(series, updates int) error {
			got, total, err := otelTotal(reader)
			if err != nil {
				return err
			}
			return populated(got, series, total, updates)
		},
	}
}

// otelReduced drops the label by a view.
func otelReduced(temporality sdk.TemporalitySelector) Population {
	keep := make([]attribute.Key, len(work.ReducedKeys))
	for i, key := range work.ReducedKeys {
		keep[i] = attribute.Key(key)
	}
	view := sdk.NewView(sdk.Instrument{Name: counterName}, sdk.Stream{AttributeFilter: attribute.NewAllowKeysFilter(keep...)})
	reader, m := otelMeterOf(sdk.NewManualReader(sdk.WithTemporalitySelector(temporality)), sdk.WithView(view))
	c := must(m.Int64Counter(counterName))
	ctx := context.Background()
	shown := &reduction{deltas: temporality(sdk.InstrumentKindCounter) == metricdata.DeltaTemporality}
	data := new(metricdata.ResourceMetrics)
	return Population{
		Fill: func(sets []work.Labels) {
			for i := range sets {
				c.Add(ctx, 1, metric.WithAttributeSet(otelAttributes(&sets[i])))
			}
		},
		Update: func(l *work.Labels) { c.Add(ctx, 1, metric.WithAttributeSet(otelAttributes(l))) },
		Collect: func() error {
			groups, total, err := otelTotalOf(reader, data)
			if err != nil {
				return err
			}
			shown.show(groups, total)
			return nil
		},
		Check: shown.check,
	}
}
