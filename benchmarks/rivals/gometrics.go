package rivals

import (
	"time"

	"github.com/hashicorp/go-metrics"

	"github.com/metertree/metertree/benchmarks/work"
)

// GoMetrics is HashiCorp's library with its in-memory sink. It binds no
// series and has no buckets, so only direct counters compare.
func GoMetrics() Rival {
	return Rival{
		Name:   "go-metrics",
		Module: "github.com/hashicorp/go-metrics",
		Updates: map[work.Row]func() Case{
			work.CounterDirect: goMetricsCounterDirect,
		},
		Populations: map[work.Kind]func(int) Population{
			work.Counters: goMetricsCounters,
		},
	}
}

var goMetricsKey = []string{"requests", "total"}

func goMetricsSink() (*metrics.InmemSink, *metrics.Metrics) {
	sink := metrics.NewInmemSink(24*time.Hour, 48*time.Hour)
	config := metrics.DefaultConfig("")
	config.EnableHostname = false
	config.EnableRuntimeMetrics = false
	return sink, must(metrics.New(config, sink))
}

func goMetricsLabels(l *work.Labels) []metrics.Label {
	return []metrics.Label{
		{Name: "operation", Value: l.Operation},
		{Name: "status", Value: l.Status},
		{Name: "shard", Value: l.Shard},
	}
}

// goMetricsTotal returns how many series the sink has and what they add up to.
func goMetricsTotal(sink *metrics.InmemSink) (series int, total float64) {
	for _, interval := range sink.Data() {
		series += len(interval.Counters)
		for _, c := range interval.Counters {
			total += c.Sum
		}
	}
	return series, total
}

func goMetricsCounterDirect() Case {
	sink, m := goMetricsSink()
	sets := work.Rotation()
	return Case{
		Run: func(n int) {
			for i := range n {
				m.IncrCounterWithLabels(goMetricsKey, 1, goMetricsLabels(&sets[i&work.RotationMask]))
			}
		},
		Check: func(updates int) error {
			_, total := goMetricsTotal(sink)
			return counted(total, updates)
		},
	}
}

func goMetricsCounters(int) Population {
	sink, m := goMetricsSink()
	return Population{
		Fill: func(sets []work.Labels) {
			for i := range sets {
				m.IncrCounterWithLabels(goMetricsKey, 1, goMetricsLabels(&sets[i]))
			}
		},
		Update: func(l *work.Labels) { m.IncrCounterWithLabels(goMetricsKey, 1, goMetricsLabels(l)) },
		Collect: func() error {
			sink.Data()
			return nil
		},
		Check: func(series, updates int) error {
			got, total := goMetricsTotal(sink)
			return populated(got, series, total, updates)
		},
	}
}
