package rivals

import (
	"bufio"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"

	"github.com/VictoriaMetrics/metrics"

	"github.com/metertree/metertree/benchmarks/work"
)

// VictoriaMetrics is that project's client library. Its histogram has no
// bounds to choose; it counts in logarithmic ranges of its own.
func VictoriaMetrics() Rival {
	return Rival{
		Name:   NameVictoriaMetrics,
		Module: "github.com/VictoriaMetrics/metrics",
		Updates: map[work.Row]func() Case{
			work.CounterBound:         victoriaCounterBound,
			work.CounterBoundParallel: victoriaCounterBound,
			work.CounterDirect:        victoriaCounterDirect,
			work.HistogramBound:       victoriaHistogramBound,
			work.HistogramParallel:    victoriaHistogramBound,
			work.GaugeSet:             victoriaGaugeSet,
			work.GaugeAdd:             victoriaGaugeAdd,
		},
		Populations: map[work.Kind]func(int) Population{
			work.Counters:   victoriaCounters,
			work.Histograms: victoriaHistograms,
		},
	}
}

func victoriaCounterSeries(l *work.Labels) string {
	return fmt.Sprintf(counterName+`{operation=%q,status=%q,shard=%q}`, l.Operation, l.Status, l.Shard)
}

func victoriaHistogramSeries(l *work.Labels) string {
	return fmt.Sprintf(histogramName+`{operation=%q,status=%q,shard=%q}`, l.Operation, l.Status, l.Shard)
}

func victoriaCase(set *metrics.Set, run func(int)) Case {
	return Case{Run: run, Check: func(updates int) error {
		_, total, err := victoriaTotal(set)
		if err != nil {
			return err
		}
		return counted(total, updates)
	}}
}

// victoriaTotal returns how many series the set has and what they add up to;
// histograms add up their counts. It reads the exposition, which is the only
// view of all series that the library offers.
func victoriaTotal(set *metrics.Set) (series int, total float64, err error) {
	reader, writer := io.Pipe()
	go func() {
		set.WritePrometheus(writer)
		writer.Close()
	}()
	lines := bufio.NewScanner(reader)
	for lines.Scan() {
		name, value, found := strings.Cut(lines.Text(), " ")
		if !found || strings.Contains(name, "_bucket{") || strings.Contains(name, "_sum{") {
			continue
		}
		v, err := strconv.ParseFloat(value, 64)
		if err != nil {
			return 0, 0, fmt.Errorf("value of line %q: %w", lines.Text(), err)
		}
		series++
		total += v
	}
	return series, total, lines.Err()
}

func victoriaCounterBound() Case {
	set := metrics.NewSet()
	c := set.NewCounter(victoriaCounterSeries(&bound))
	return victoriaCase(set, func(n int) {
		for range n {
			c.Inc()
		}
	})
}

func victoriaCounterDirect() Case {
	set := metrics.NewSet()
	sets := work.Rotation()
	return victoriaCase(set, func(n int) {
		for i := range n {
			set.GetOrCreateCounter(victoriaCounterSeries(&sets[i&work.RotationMask])).Inc()
		}
	})
}

func victoriaHistogramBound() Case {
	set := metrics.NewSet()
	h := set.NewHistogram(victoriaHistogramSeries(&bound))
	values := work.Values()
	return victoriaCase(set, func(n int) {
		for i := range n {
			h.Update(values[i&work.ValueMask])
		}
	})
}

func victoriaGauge() (*metrics.Set, *metrics.Gauge) {
	set := metrics.NewSet()
	return set, set.NewGauge(fmt.Sprintf(gaugeName+`{operation=%q,status=%q,shard=%q}`, bound.Operation, bound.Status, bound.Shard), nil)
}

func victoriaGaugeSet() Case {
	set, g := victoriaGauge()
	last := 0.0
	return victoriaCase(set, func(n int) {
		v := last
		for range n {
			v++
			g.Set(v)
		}
		last = v
	})
}

func victoriaGaugeAdd() Case {
	set, g := victoriaGauge()
	return victoriaCase(set, func(n int) {
		for range n {
			g.Add(1)
		}
	})
}

func victoriaCounters(int) Population {
	set := metrics.NewSet()
	p := victoriaPopulation(set)
	p.Fill = func(sets []work.Labels) {
		for i := range sets {
			set.GetOrCreateCounter(victoriaCounterSeries(&sets[i])).Inc()
		}
	}
	p.Update = func(l *work.Labels) { set.GetOrCreateCounter(victoriaCounterSeries(l)).Inc() }
	return p
}

func victoriaHistograms(int) Population {
	set := metrics.NewSet()
	p := victoriaPopulation(set)
	p.Fill = func(sets []work.Labels) {
		for i := range sets {
			set.GetOrCreateHistogram(victoriaHistogramSeries(&sets[i])).Update(firstValue)
		}
	}
	p.Update = func(l *work.Labels) { set.GetOrCreateHistogram(victoriaHistogramSeries(l)).Update(firstValue) }
	return p
}

func victoriaPopulation(set *metrics.Set) Population {
	return Population{
		Collect: func() error {
			set.WritePrometheus(io.Discard)
			return nil
		},
		Expose: map[work.Format]func(io.Writer) error{
			work.Text: func(w io.Writer) error {
				set.WritePrometheus(w)
				return nil
			},
		},
		Handler: func() http.Handler {
			return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { set.WritePrometheus(w) })
		},
		Check: func(series, updates int) error {
			got, total, err := victoriaTotal(set)
			if err != nil {
				return err
			}
			return populated(got, series, total, updates)
		},
	}
}
