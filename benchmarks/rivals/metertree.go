package rivals

import (
	"context"
	"errors"
	"io"
	"net/http"

	"github.com/metertree/metertree/admission"
	"github.com/metertree/metertree/benchmarks/work"
	"github.com/metertree/metertree/export/prometheus"
	"github.com/metertree/metertree/integrate"
	"github.com/metertree/metertree/meter"
	"github.com/metertree/metertree/metric"
	"github.com/metertree/metertree/policy"
	"github.com/metertree/metertree/policy/tenant"
	"github.com/metertree/metertree/registry"
)

// Metertree is this project's library.
func Metertree() Rival {
	return Rival{
		Name:   NameMetertree,
		Module: "github.com/metertree/metertree",
		Updates: map[work.Row]func() Case{
			work.CounterBound:         metertreeCounterBound,
			work.CounterBoundParallel: metertreeCounterBound,
			work.CounterDirect:        metertreeCounterDirect,
			work.CounterTyped:         metertreeCounterTyped,
			work.CounterGuarded:       metertreeCounterGuarded,
			work.HistogramBound:       metertreeHistogramBound,
			work.HistogramParallel:    metertreeHistogramBound,
			work.ExponentialBound:     metertreeExponentialBound,
			work.GaugeSet:             metertreeGaugeSet,
			work.GaugeAdd:             metertreeGaugeAdd,
			work.Middleware:           metertreeMiddleware,
		},
		Populations: map[work.Kind]func(int) Population{
			work.Counters:   metertreeCounters,
			work.Histograms: metertreeHistograms,
		},
		Reduced: map[work.Temporality]func(int) Population{
			work.Totals: func(series int) Population { return metertreeReduced(series, metric.Cumulative) },
			work.Deltas: func(series int) Population { return metertreeReduced(series, metric.Delta) },
		},
	}
}

func metertreeScope() (*registry.Registry, meter.Scope) {
	r := registry.New(registry.Options{})
	return r, meter.New(r)
}

func metertreeCase(r *registry.Registry, name string, run func(int)) Case {
	return Case{Run: run, Check: func(updates int) error {
		_, total := metertreeTotal(r, name)
		return counted(total, updates)
	}}
}

// metertreeTotal returns how many series a metric has and what they add up
// to; histograms add up their counts.
func metertreeTotal(r *registry.Registry, name string) (series int, total float64) {
	for family := range r.Collect(context.Background()) {
		if family.Descriptor.Name == name {
			n, sum := metertreeSum(family)
			series += n
			total += sum
		}
	}
	return series, total
}

func metertreeSum(family *metric.Family) (series int, total float64) {
	for p := range family.Points {
		series++
		switch {
		case p.Exponential != nil:
			total += float64(p.Exponential.Count())
		case family.Descriptor.Kind == metric.Histogram:
			total += float64(p.Histogram.Count())
		default:
			total += p.Number(&family.Descriptor)
		}
	}
	return series, total
}

func metertreeCounterBound() Case {
	r, scope := metertreeScope()
	c := scope.Counter(counterName, meter.Keys(work.Keys...)).Bind(bound.Operation, bound.Status, bound.Shard)
	return metertreeCase(r, counterName, func(n int) {
		for range n {
			c.Inc()
		}
	})
}

func metertreeCounterDirect() Case {
	r, scope := metertreeScope()
	c := scope.Counter(counterName, meter.Keys(work.Keys...))
	sets := work.Rotation()
	return metertreeCase(r, counterName, func(n int) {
		for i := range n {
			l := &sets[i&work.RotationMask]
			c.Inc(l.Operation, l.Status, l.Shard)
		}
	})
}

func metertreeCounterTyped() Case {
	r, scope := metertreeScope()
	c := meter.MustCounter[work.Labels](scope, counterName)
	sets := work.Rotation()
	return metertreeCase(r, counterName, func(n int) {
		for i := range n {
			c.Inc(sets[i&work.RotationMask])
		}
	})
}

// metertreeCounterGuarded updates series of tenants that have their place.
func metertreeCounterGuarded() Case {
	guard := must(tenant.New(tenant.Options{Metrics: policy.Patterns{counterName}}))
	p := must(admission.New(admission.Options{Tenants: guard, TenantLabel: work.Keys[2]}))
	r := registry.New(registry.Options{Define: p.Define})
	defer p.Attach(r)()
	c := meter.New(r).Counter(counterName, meter.Keys(work.Keys...), meter.PerTenant())
	sets := work.Rotation()
	for i := range sets {
		guard.Resolve(sets[i].Shard)
	}
	r.Refresh(context.Background()) // gives them their places
	return metertreeCase(r, counterName, func(n int) {
		for i := range n {
			l := &sets[i&work.RotationMask]
			c.Inc(l.Operation, l.Status, l.Shard)
		}
	})
}

func metertreeHistogramBound() Case { return metertreeObserve(meter.Buckets(work.Bounds...)) }

func metertreeExponentialBound() Case { return metertreeObserve(meter.Exponential(exponentialSize)) }

func metertreeObserve(buckets meter.Option) Case {
	r, scope := metertreeScope()
	h := scope.Histogram(histogramName, meter.Keys(work.Keys...), buckets).Bind(bound.Operation, bound.Status, bound.Shard)
	values := work.Values()
	return metertreeCase(r, histogramName, func(n int) {
		for i := range n {
			h.Observe(values[i&work.ValueMask])
		}
	})
}

func metertreeGaugeSet() Case {
	r, scope := metertreeScope()
	g := scope.Gauge(gaugeName, meter.Keys(work.Keys...)).Bind(bound.Operation, bound.Status, bound.Shard)
	last := 0.0
	return metertreeCase(r, gaugeName, func(n int) {
		v := last
		for range n {
			v++
			g.Set(v)
		}
		last = v
	})
}

func metertreeGaugeAdd() Case {
	r, scope := metertreeScope()
	g := scope.Gauge(gaugeName, meter.Keys(work.Keys...)).Bind(bound.Operation, bound.Status, bound.Shard)
	return metertreeCase(r, gaugeName, func(n int) {
		for range n {
			g.Add(1)
		}
	})
}

func metertreeCounters(series int) Population {
	r, scope := metertreeScope()
	c := scope.Counter(counterName, meter.Keys(work.Keys...), meter.SeriesBudget(series))
	p := metertreePopulation(r, counterName)
	p.Fill = func(sets []work.Labels) {
		for i := range sets {
			c.Inc(sets[i].Operation, sets[i].Status, sets[i].Shard)
		}
	}
	p.Update = func(l *work.Labels) { c.Inc(l.Operation, l.Status, l.Shard) }
	return p
}

func metertreeHistograms(series int) Population {
	r, scope := metertreeScope()
	h := scope.Histogram(histogramName, meter.Keys(work.Keys...), meter.Buckets(work.Bounds...), meter.SeriesBudget(series))
	p := metertreePopulation(r, histogramName)
	p.Fill = func(sets []work.Labels) {
		for i := range sets {
			h.Observe(firstValue, sets[i].Operation, sets[i].Status, sets[i].Shard)
		}
	}
	p.Update = func(l *work.Labels) { h.Observe(firstValue, l.Operation, l.Status, l.Shard) }
	return p
}

func metertreePopulation(r *registry.Registry, name string) Population {
	return Population{
		Collect: func() error {
			points := 0
			for family := range r.Collect(context.Background()) {
				for range family.Points {
					points++
				}
			}
			if points == 0 {
				return errors.New("collection shows no series")
			}
			return nil
		},
		Expose: map[work.Format]func(io.Writer) error{
			work.Text:        metertreeExpose(r, prometheus.Text),
			work.OpenMetrics: metertreeExpose(r, prometheus.OpenMetrics),
			work.Protobuf:    metertreeExpose(r, prometheus.Protobuf),
		},
		Handler: func() http.Handler { return prometheus.Handler(r, prometheus.Options{}) },
		Check: func(series, updates int) error {
			got, total := metertreeTotal(r, name)
			return populated(got, series, total, updates)
		},
	}
}

func metertreeExpose(r *registry.Registry, format prometheus.Format) func(io.Writer) error {
	return func(w io.Writer) error {
		_, err := prometheus.Exposition{Format: format}.Write(context.Background(), w, r.Collect(context.Background()))
		return err
	}
}

func metertreeReduced(series int, temporality metric.Temporality) Population {
	r, scope := metertreeScope()
	c := scope.Counter(counterName, meter.Keys(work.Keys...), meter.DefaultKeys(work.ReducedKeys...), meter.SeriesBudget(series))
	in := must(integrate.New(r, integrate.Options{Grouping: integrate.DefaultKeys, Temporality: temporality}))
	shown := &reduction{deltas: temporality == metric.Delta}
	return Population{
		Fill: func(sets []work.Labels) {
			for i := range sets {
				c.Inc(sets[i].Operation, sets[i].Status, sets[i].Shard)
			}
		},
		Update:  func(l *work.Labels) { c.Inc(l.Operation, l.Status, l.Shard) },
		Collect: func() error { return metertreeReduce(in, shown) },
		Check:   shown.check,
	}
}

// metertreeReduce takes a checkpoint, reads it and acknowledges it.
func metertreeReduce(in *integrate.Integrator, shown *reduction) error {
	checkpoint, err := in.Checkpoint(context.Background())
	if err != nil {
		return err
	}
	groups, total := 0, 0.0
	for family := range checkpoint.Families() {
		if family.Descriptor.Name != counterName {
			continue
		}
		for p := range family.Points {
			groups++
			total += p.Number(&family.Descriptor)
		}
	}
	shown.show(groups, total)
	return checkpoint.Ack()
}
