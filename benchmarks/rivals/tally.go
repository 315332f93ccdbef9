package rivals

import (
	"time"

	"github.com/uber-go/tally/v4"

	"github.com/metertree/metertree/benchmarks/work"
)

// Tally is Uber's library. It hands what it counts to a reporter and has no
// text format of its own.
func Tally() Rival {
	return Rival{
		Name:   "tally",
		Module: "github.com/uber-go/tally/v4",
		Updates: map[work.Row]func() Case{
			work.CounterBound:         tallyCounterBound,
			work.CounterBoundParallel: tallyCounterBound,
			work.CounterDirect:        tallyCounterDirect,
			work.HistogramBound:       tallyHistogramBound,
			work.HistogramParallel:    tallyHistogramBound,
			work.GaugeSet:             tallyGaugeSet,
		},
		Unlike: map[work.Row]string{
			work.HistogramBound:    tallyNoSum,
			work.HistogramParallel: tallyNoSum,
		},
		Populations: map[work.Kind]func(int) Population{
			work.Counters:   tallyCounters,
			work.Histograms: tallyHistograms,
		},
	}
}

const tallyNoSum = "it keeps no sum of the observed values"

// tallyTotal is a reporter that adds up what it is given when its scope
// closes.
type tallyTotal struct {
	series int
	total  float64
}

func (t *tallyTotal) Reporting() bool                  { return true }
func (t *tallyTotal) Tagging() bool                    { return true }
func (t *tallyTotal) Capabilities() tally.Capabilities { return t }
func (t *tallyTotal) Flush()                           {}

func (t *tallyTotal) add(v float64) {
	t.series++
	t.total += v
}

func (t *tallyTotal) ReportCounter(_ string, _ map[string]string, v int64) { t.add(float64(v)) }
func (t *tallyTotal) ReportGauge(_ string, _ map[string]string, v float64) { t.add(v) }

func (t *tallyTotal) ReportTimer(string, map[string]string, time.Duration) {}

func (t *tallyTotal) ReportHistogramValueSamples(_ string, _ map[string]string, _ tally.Buckets, _, _ float64, n int64) {
	t.add(float64(n))
}

func (t *tallyTotal) ReportHistogramDurationSamples(string, map[string]string, tally.Buckets, time.Duration, time.Duration, int64) {
}

func tallyScope() (scope tally.Scope, total func() (*tallyTotal, error)) {
	reporter := &tallyTotal{}
	scope, closer := tally.NewRootScope(tally.ScopeOptions{Reporter: reporter, OmitCardinalityMetrics: true}, 0)
	return scope, func() (*tallyTotal, error) {
		err := closer.Close()
		return reporter, err
	}
}

func tallyCase(total func() (*tallyTotal, error), run func(int)) Case {
	return Case{Run: run, Check: func(updates int) error {
		got, err := total()
		if err != nil {
			return err
		}
		return counted(got.total, updates)
	}}
}

func tallyTags(l *work.Labels) map[string]string {
	return map[string]string{"operation": l.Operation, "status": l.Status, "shard": l.Shard}
}

func tallyCounterBound() Case {
	scope, total := tallyScope()
	c := scope.Tagged(tallyTags(&bound)).Counter(counterName)
	return tallyCase(total, func(n int) {
		for range n {
			c.Inc(1)
		}
	})
}

func tallyCounterDirect() Case {
	scope, total := tallyScope()
	sets := work.Rotation()
	return tallyCase(total, func(n int) {
		for i := range n {
			scope.Tagged(tallyTags(&sets[i&work.RotationMask])).Counter(counterName).Inc(1)
		}
	})
}

func tallyHistogramBound() Case {
	scope, total := tallyScope()
	h := scope.Tagged(tallyTags(&bound)).Histogram(histogramName, tally.ValueBuckets(work.Bounds))
	values := work.Values()
	return tallyCase(total, func(n int) {
		for i := range n {
			h.RecordValue(values[i&work.ValueMask])
		}
	})
}

func tallyGaugeSet() Case {
	scope, total := tallyScope()
	g := scope.Tagged(tallyTags(&bound)).Gauge(gaugeName)
	last := 0.0
	return tallyCase(total, func(n int) {
		v := last
		for range n {
			v++
			g.Update(v)
		}
		last = v
	})
}

func tallyCounters(int) Population {
	scope, total := tallyScope()
	p := tallyPopulation(total)
	p.Fill = func(sets []work.Labels) {
		for i := range sets {
			scope.Tagged(tallyTags(&sets[i])).Counter(counterName).Inc(1)
		}
	}
	p.Update = func(l *work.Labels) { scope.Tagged(tallyTags(l)).Counter(counterName).Inc(1) }
	return p
}

func tallyHistograms(int) Population {
	scope, total := tallyScope()
	buckets := tally.ValueBuckets(work.Bounds)
	p := tallyPopulation(total)
	p.Fill = func(sets []work.Labels) {
		for i := range sets {
			scope.Tagged(tallyTags(&sets[i])).Histogram(histogramName, buckets).RecordValue(firstValue)
		}
	}
	p.Update = func(l *work.Labels) {
		scope.Tagged(tallyTags(l)).Histogram(histogramName, buckets).RecordValue(firstValue)
	}
	return p
}

// tallyPopulation has no Collect: the library reports on its own.
func tallyPopulation(total func() (*tallyTotal, error)) Population {
	return Population{Check: func(series, updates int) error {
		got, err := total()
		if err != nil {
			return err
		}
		return populated(got.series, series, got.total, updates)
	}}
}
