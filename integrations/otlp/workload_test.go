package otlp_test

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"math"
	"math/rand/v2"
	"testing"

	collector "go.opentelemetry.io/proto/otlp/collector/metrics/v1"

	"github.com/metertree/metertree/export"
	"github.com/metertree/metertree/integrate"
	"github.com/metertree/metertree/meter"
	"github.com/metertree/metertree/metric"
	"github.com/metertree/metertree/registry"
)

// workload is a registry with metrics of every kind, updated at random.
type workload struct {
	registry    *registry.Registry
	random      *rand.Rand
	counter     meter.Counter
	floats      meter.FloatCounter
	inFlight    meter.UpDownCounter
	temperature meter.Gauge
	explicit    meter.Histogram
	exponential meter.Histogram
	extremes    meter.Histogram
	exact       meter.Histogram
}

func newWorkload(seed uint64) *workload {
	r := registry.New(registry.Options{})
	s := meter.New(r).Scope("shop").With("zone", "a")
	keys := meter.Keys("operation", "status")
	return &workload{
		registry:    r,
		random:      rand.New(rand.NewPCG(seed, 1)),
		counter:     s.Counter("orders_total", keys, meter.Help("Orders taken.")),
		floats:      s.FloatCounter("busy_seconds_total", keys, meter.Unit("seconds")),
		inFlight:    s.UpDownCounter("in_flight", keys),
		temperature: s.Gauge("temperature_celsius", keys, meter.Unit("celsius")),
		explicit:    s.Histogram("wait_seconds", keys, meter.Unit("seconds"), meter.Buckets(.01, .1, 1)),
		exponential: s.Histogram("size_bytes", keys, meter.Unit("bytes"), meter.Exponential(40)),
		extremes:    s.Histogram("batch_size", keys, meter.MinMaxSumCount()),
		exact:       s.Histogram("rank", keys, meter.Exact(1000)),
	}
}

// update does n updates of some series.
func (w *workload) update(n int) {
	for range n {
		operation, status := fmt.Sprintf("op-%d", w.random.IntN(4)), []string{"ok", "error", "", "caf\u00e9 \"\\\n"}[w.random.IntN(4)]
		value := math.Exp(w.random.NormFloat64() * 4)
		switch w.random.IntN(8) {
		case 0:
			w.counter.Add(w.random.Int64N(1000), operation, status)
		case 1:
			w.floats.Add(value, operation, status)
		case 2:
			w.inFlight.Add(w.random.Int64N(9)-4, operation, status)
		case 3:
			w.temperature.Set(-value, operation, status)
		case 4:
			w.explicit.ObserveExemplar(value, fmt.Sprintf("%032x", w.random.Uint64()|1), fmt.Sprintf("%016x", w.random.Uint64()|1), operation, status)
		case 5:
			w.exponential.Observe(value-1, operation, status)
		case 6:
			w.extremes.Observe(-value, operation, status)
		case 7:
			w.exact.Observe(value, operation, status)
		}
	}
}

// mustBeIn fails the test unless a backend that was given the requests holds
// everything, and once.
func (w *workload) mustBeIn(t testing.TB, requests []*collector.ExportMetricsServiceRequest, temporality metric.Temporality) {
	t.Helper()
	got, want := received(t, requests), modelOf(w.registry.Collect(context.Background()))
	if temporality == metric.Delta {
		got, want = got.withoutExtremes(), want.withoutExtremes().withoutNothing()
	}
	got.mustBe(t, want)
}

// pipeline feeds an exporter from a registry, as a controller does.
type pipeline struct {
	integrator *integrate.Integrator
	exporter   export.Exporter
	// between is called after each family of a batch, if it is set.
	between func()
}

func newPipeline(t testing.TB, r *registry.Registry, temporality metric.Temporality, e export.Exporter) *pipeline {
	t.Helper()
	in, err := integrate.New(r, integrate.Options{Temporality: temporality})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(in.Close)
	return &pipeline{integrator: in, exporter: e}
}

// push exports once, and acknowledges what needs not be sent again.
func (p *pipeline) push(ctx context.Context) error {
	c, err := p.integrator.Checkpoint(ctx)
	if err != nil {
		return err
	}
	err = p.exporter.Export(ctx, &export.Batch{Temporality: c.Temporality, Start: c.Start, Time: c.Time, Families: p.families(c)})
	if err == nil || errors.Is(err, export.ErrRejected) {
		return errors.Join(err, c.Ack())
	}
	return err
}

func (p *pipeline) families(c *integrate.Checkpoint) iter.Seq[*metric.Family] {
	if p.between == nil {
		return c.Families()
	}
	return func(yield func(*metric.Family) bool) {
		for f := range c.Families() {
			if !yield(f) {
				return
			}
			p.between()
		}
	}
}

// mustPush exports once.
func (p *pipeline) mustPush(t testing.TB) {
	t.Helper()
	if err := p.push(t.Context()); err != nil {
		t.Fatal(err)
	}
}

// eachTemporality runs a test with both.
func eachTemporality(t *testing.T, test func(t *testing.T, temporality metric.Temporality)) {
	for _, temporality := range []metric.Temporality{metric.Cumulative, metric.Delta} {
		t.Run(temporality.String(), func(t *testing.T) { test(t, temporality) })
	}
}
