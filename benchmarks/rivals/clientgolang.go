package rivals

import (
	"io"
	"net/http"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"

	"github.com/metertree/metertree/benchmarks/work"
)

// ClientGolang is the Prometheus project's client library.
func ClientGolang() Rival {
	return Rival{
		Name:   NameClientGolang,
		Module: "github.com/prometheus/client_golang",
		Updates: map[work.Row]func() Case{
			work.CounterBound:         clientGolangCounterBound,
			work.CounterBoundParallel: clientGolangCounterBound,
			work.CounterDirect:        clientGolangCounterDirect,
			work.HistogramBound:       clientGolangHistogramBound,
			work.HistogramParallel:    clientGolangHistogramBound,
			work.ExponentialBound:     clientGolangNativeBound,
			work.GaugeSet:             clientGolangGaugeSet,
			work.GaugeAdd:             clientGolangGaugeAdd,
			work.Middleware:           clientGolangMiddleware,
		},
		Populations: map[work.Kind]func(int) Population{
			work.Counters:   clientGolangCounters,
			work.Histograms: clientGolangHistograms,
		},
	}
}

func clientGolangCase(r *prometheus.Registry, run func(int)) Case {
	return Case{Run: run, Check: func(updates int) error {
		_, total, err := clientGolangTotal(r)
		if err != nil {
			return err
		}
		return counted(total, updates)
	}}
}

// clientGolangTotal returns how many series the registry has and what they add
// up to; histograms add up their counts.
func clientGolangTotal(r *prometheus.Registry) (series int, total float64, err error) {
	families, err := r.Gather()
	if err != nil {
		return 0, 0, err
	}
	for _, family := range families {
		for _, m := range family.GetMetric() {
			series++
			total += clientGolangValue(m)
		}
	}
	return series, total, nil
}

func clientGolangValue(m *dto.Metric) float64 {
	return m.GetCounter().GetValue() + m.GetGauge().GetValue() + float64(m.GetHistogram().GetSampleCount())
}

func clientGolangCounterVec() (*prometheus.Registry, *prometheus.CounterVec) {
	r := prometheus.NewRegistry()
	v := prometheus.NewCounterVec(prometheus.CounterOpts{Name: counterName}, work.Keys)
	r.MustRegister(v)
	return r, v
}

func clientGolangHistogramVec(o prometheus.HistogramOpts) (*prometheus.Registry, *prometheus.HistogramVec) {
	r := prometheus.NewRegistry()
	v := prometheus.NewHistogramVec(o, work.Keys)
	r.MustRegister(v)
	return r, v
}

var clientGolangExplicit = prometheus.HistogramOpts{Name: histogramName, Buckets: work.Bounds}

func clientGolangCounterBound() Case {
	r, v := clientGolangCounterVec()
	c := v.WithLabelValues(bound.Operation, bound.Status, bound.Shard)
	return clientGolangCase(r, func(n int) {
		for range n {
			c.Inc()
		}
	})
}

func clientGolangCounterDirect() Case {
	r, v := clientGolangCounterVec()
	sets := work.Rotation()
	return clientGolangCase(r, func(n int) {
		for i := range n {
			l := &sets[i&work.RotationMask]
			v.WithLabelValues(l.Operation, l.Status, l.Shard).Inc()
		}
	})
}

func clientGolangHistogramBound() Case { return clientGolangObserve(clientGolangExplicit) }

func clientGolangNativeBound() Case {
	return clientGolangObserve(prometheus.HistogramOpts{Name: histogramName, NativeHistogramBucketFactor: 1.1, NativeHistogramMaxBucketNumber: exponentialSize})
}

func clientGolangObserve(o prometheus.HistogramOpts) Case {
	r, v := clientGolangHistogramVec(o)
	h := v.WithLabelValues(bound.Operation, bound.Status, bound.Shard)
	values := work.Values()
	return clientGolangCase(r, func(n int) {
		for i := range n {
			h.Observe(values[i&work.ValueMask])
		}
	})
}

func clientGolangGauge() (*prometheus.Registry, prometheus.Gauge) {
	r := prometheus.NewRegistry()
	v := prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: gaugeName}, work.Keys)
	r.MustRegister(v)
	return r, v.WithLabelValues(bound.Operation, bound.Status, bound.Shard)
}

func clientGolangGaugeSet() Case {
	r, g := clientGolangGauge()
	last := 0.0
	return clientGolangCase(r, func(n int) {
		v := last
		for range n {
			v++
			g.Set(v)
		}
		last = v
	})
}

func clientGolangGaugeAdd() Case {
	r, g := clientGolangGauge()
	return clientGolangCase(r, func(n int) {
		for range n {
			g.Add(1)
		}
	})
}

func clientGolangCounters(int) Population {
	r, v := clientGolangCounterVec()
	p := clientGolangPopulation(r)
	p.Fill = func(sets []work.Labels) {
		for i := range sets {
			v.WithLabelValues(sets[i].Operation, sets[i].Status, sets[i].Shard).Inc()
		}
	}
	p.Update = func(l *work.Labels) { v.WithLabelValues(l.Operation, l.Status, l.Shard).Inc() }
	return p
}

func clientGolangHistograms(int) Population {
	r, v := clientGolangHistogramVec(clientGolangExplicit)
	p := clientGolangPopulation(r)
	p.Fill = func(sets []work.Labels) {
		for i := range sets {
			v.WithLabelValues(sets[i].Operation, sets[i].Status, sets[i].Shard).Observe(firstValue)
		}
	}
	p.Update = func(l *work.Labels) { v.WithLabelValues(l.Operation, l.Status, l.Shard).Observe(firstValue) }
	return p
}

func clientGolangPopulation(r *prometheus.Registry) Population {
	return Population{
		Collect: func() error {
			_, err := r.Gather()
			return err
		},
		Expose: map[work.Format]func(io.Writer) error{
			work.Text:        clientGolangExpose(r, expfmt.TypeTextPlain),
			work.OpenMetrics: clientGolangExpose(r, expfmt.TypeOpenMetrics),
			work.Protobuf:    clientGolangExpose(r, expfmt.TypeProtoDelim),
		},
		Handler: func() http.Handler { return promhttp.HandlerFor(r, promhttp.HandlerOpts{}) },
		Check: func(series, updates int) error {
			got, total, err := clientGolangTotal(r)
			if err != nil {
				return err
			}
			return populated(got, series, total, updates)
		},
	}
}

func clientGolangExpose(r *prometheus.Registry, format expfmt.FormatType) func(io.Writer) error {
	return func(w io.Writer) error {
		families, err := r.Gather()
		if err != nil {
			return err
		}
		encoder := expfmt.NewEncoder(w, expfmt.NewFormat(format))
		for _, family := range families {
			if err := encoder.Encode(family); err != nil {
				return err
			}
		}
		if closer, ok := encoder.(expfmt.Closer); ok {
			return closer.Close()
		}
		return nil
	}
}
