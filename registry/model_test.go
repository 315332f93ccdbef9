package registry

import (
	"context"
	"fmt"
	"iter"
	"math"
	"math/rand/v2"
	"os"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/metertree/metertree/metric"
)

// The model of a registry is one number for each metric and label set. Random
// programs run against both; every acknowledged delta is added up, and in the
// end each reader must have been told exactly what was recorded.

// soakTime is how long a program runs: METERTREE_SOAK, or long enough to see
// series end and come back some thousand times.
func soakTime(t *testing.T) time.Duration {
	text := os.Getenv("METERTREE_SOAK")
	if text == "" {
		return time.Second
	}
	d, err := time.ParseDuration(text)
	if err != nil {
		t.Fatalf("METERTREE_SOAK=%q: %v: give a duration such as 60s", text, err)
	}
	return d
}

// tally counts by metric and label set. Values are integers, so floats add up
// exactly in any order.
type tally struct {
	mu    sync.Mutex
	total map[string]int64
}

func (t *tally) add(metric string, labels metric.LabelSet, v int64) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.total == nil {
		t.total = map[string]int64{}
	}
	t.total[metric+"{"+labels.String()+"}"] += v
}

// addCheckpoint adds the deltas of every sum and histogram.
func (t *tally) addCheckpoint(c *Checkpoint) { t.addCheckpointOf(c.Families()) }

func (t *tally) addCheckpointOf(families iter.Seq[*metric.Family]) {
	for f := range families {
		d := f.Descriptor
		for p := range f.Points {
			switch {
			case p.Exact != nil:
				t.add(d.Name+"_sum", p.Labels, int64(math.Round(p.Exact.Sum())))
				t.add(d.Name+"_count", p.Labels, int64(p.Exact.Count()))
			case d.Aggregation == metric.MinMaxSumCount:
				t.add(d.Name+"_sum", p.Labels, int64(math.Round(p.Summary.Sum)))
				t.add(d.Name+"_count", p.Labels, int64(p.Summary.Count))
			case p.Exponential != nil:
				t.add(d.Name+"_sum", p.Labels, int64(math.Round(p.Exponential.Sum)))
				t.add(d.Name+"_count", p.Labels, int64(p.Exponential.Count()))
			case d.Kind == metric.Histogram:
				t.add(d.Name+"_sum", p.Labels, int64(math.Round(p.Histogram.Sum)))
				t.add(d.Name+"_count", p.Labels, int64(p.Histogram.Count()))
			case d.Kind == metric.Gauge:
				if d.Fold == metric.FoldSum {
					t.add(d.Name, p.Labels, int64(p.Float))
				}
			case d.Number == metric.Float64:
				t.add(d.Name, p.Labels, int64(p.Float))
			default:
				t.add(d.Name, p.Labels, p.Int)
			}
		}
	}
}

type program struct {
	registry                                          *Registry
	ints, floats, updown, gauge, histograms, sketches *Instrument
	summaries, values                                 *Instrument
	recorded                                          tally
}

func newProgram(t *testing.T) *program {
	r := New(Options{ForgetAfter: 1})
	sketch := counter("ranges", "a")
	sketch.Kind, sketch.Number = metric.Histogram, metric.Float64
	sketch.Exponential.Size = 8
	kept := func(name string, as metric.Aggregation) *Instrument {
		d := counter(name, "a")
		d.Kind, d.Number, d.Aggregation, d.ExactLimit = metric.Histogram, metric.Float64, as, 0
		if as == metric.Exact {
			d.ExactLimit = 200
		}
		return define(t, r, d)
	}
	def := func(name string, kind metric.Kind, number metric.Number) *Instrument {
		d := counter(name, "a")
		d.Kind, d.Number = kind, number
		if kind == metric.Histogram {
			d.Bounds = []float64{1, 2, 4}
		}
		return define(t, r, d)
	}
	return &program{
		registry:   r,
		ints:       def("ints_total", metric.Counter, metric.Int64),
		floats:     def("floats_total", metric.Counter, metric.Float64),
		updown:     def("inflight", metric.UpDownCounter, metric.Int64),
		gauge:      def("level", metric.Gauge, metric.Float64),
		histograms: def("sizes", metric.Histogram, metric.Float64),
		sketches:   define(t, r, sketch),
		summaries:  kept("extremes", metric.MinMaxSumCount),
		values:     kept("values", metric.Exact),
	}
}

// write runs random updates until stop is set.
func (p *program) write(rng *rand.Rand, stop *atomic.Bool) {
	value := func() string { return fmt.Sprint("v", rng.IntN(6)) }
	record := func(name, a string, v int64) {
		p.recorded.add(name, metric.EncodeLabels([]string{"a"}, []string{a}), v)
	}
	for !stop.Load() {
		a, n := value(), int64(rng.IntN(5))
		times := int64(1)
		if rng.IntN(50) == 0 {
			times = 3000 // hot enough to be promoted
		}
		switch rng.IntN(12) {
		case 0, 1:
			for range times {
				p.ints.AddInt(n, a)
			}
			record("ints_total", a, n*times)
		case 2:
			bound := p.ints.Bind([]string{a})
			if rng.IntN(2) == 0 {
				bound.Unpin()
			}
			for range times {
				bound.AddInt(n)
				if rng.IntN(100) == 0 {
					runtime.Gosched()
				}
			}
			bound.Unpin()
			record("ints_total", a, n*times)
		case 3:
			for range times {
				p.floats.AddFloat(float64(n), a)
			}
			record("floats_total", a, n*times)
		case 4:
			bound := p.updown.Bind([]string{a})
			bound.Unpin()
			bound.AddInt(-n)
			bound.AddInt(2 * n)
			record("inflight", a, n)
		case 5, 6:
			bound := p.histograms.Bind([]string{a})
			bound.Unpin()
			for range times {
				bound.Observe(float64(n))
			}
			record("sizes_sum", a, n*times)
			record("sizes_count", a, times)
		case 7:
			p.gauge.SetGauge(float64(n), a)
		case 8:
			// Ranges that change make sketches coarser all the time.
			v := int64(rng.IntN(5)) << rng.IntN(20)
			for range times {
				p.sketches.Observe(float64(v), a)
			}
			record("ranges_sum", a, v*times)
			record("ranges_count", a, times)
		case 9:
			p.summaries.Observe(float64(n), a)
			record("extremes_sum", a, n)
			record("extremes_count", a, 1)
		case 10:
			p.values.Observe(float64(n), a)
			record("values_sum", a, n)
			record("values_count", a, 1)
		case 11:
			instruments := []*Instrument{p.ints, p.floats, p.updown, p.gauge, p.histograms, p.sketches, p.summaries, p.values}
			instruments[rng.IntN(len(instruments))].Delete(a)
		}
	}
}

// read takes checkpoints until stop is set, acknowledges some, and returns what
// was acknowledged.
func (p *program) read(t *testing.T, reader *Reader, rng *rand.Rand, stop *atomic.Bool) *tally {
	defer reader.Close()
	acknowledged := &tally{}
	take := func(ack bool) {
		c, err := reader.Checkpoint(context.Background())
		if err != nil {
			t.Error(err)
			return
		}
		checkOrder(t, c)
		told := &tally{}
		told.addCheckpoint(c)
		if !ack {
			return
		}
		if err := c.Ack(); err != nil {
			t.Error(err)
			return
		}
		for series, v := range told.total {
			acknowledged.addNamed(series, v)
		}
	}
	for !stop.Load() {
		take(rng.IntN(3) > 0)
		runtime.Gosched()
	}
	// Ended series settle with a garbage collection.
	for range 3 {
		runtime.GC()
		take(true)
	}
	return acknowledged
}

// checkOrder checks that a checkpoint has every label set once, in order.
func checkOrder(t *testing.T, c *Checkpoint) {
	for f := range c.Families() {
		last, first := metric.LabelSet(""), true
		for p := range f.Points {
			if !first && p.Labels <= last {
				t.Errorf("%s{%s} comes after {%s}", f.Descriptor.Name, p.Labels, last)
			}
			last, first = p.Labels, false
		}
	}
}

func (t *tally) addNamed(series string, v int64) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.total == nil {
		t.total = map[string]int64{}
	}
	t.total[series] += v
}

func TestNothingIsLost(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(0))
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	p := newProgram(t)
	var stopWriters, stopReaders atomic.Bool
	var writers, readers sync.WaitGroup
	acknowledged := make([]*tally, 3)
	for i := range acknowledged {
		rng := rand.New(rand.NewPCG(seed, uint64(100+i)))
		reader := p.registry.NewReader()
		readers.Go(func() { acknowledged[i] = p.read(t, reader, rng, &stopReaders) })
	}
	for i := range 4 {
		rng := rand.New(rand.NewPCG(seed, uint64(i)))
		writers.Go(func() { p.write(rng, &stopWriters) })
	}
	readers.Go(func() {
		for !stopReaders.Load() {
			for f := range p.registry.Collect(context.Background()) {
				for range f.Points {
				}
			}
			runtime.Gosched()
		}
	})
	for end, n := time.Now().Add(soakTime(t)), 0; time.Now().Before(end); n++ {
		runtime.GOMAXPROCS(1 + n%4)
		runtime.GC()
		runtime.Gosched()
	}
	stopWriters.Store(true)
	writers.Wait()
	stopReaders.Store(true)
	readers.Wait()
	for i, got := range acknowledged {
		compare(t, fmt.Sprintf("reader %d", i), got.total, p.recorded.total)
	}
}

func compare(t *testing.T, who string, got, want map[string]int64) {
	t.Helper()
	for series, v := range want {
		if got[series] != v {
			t.Errorf("%s was told %d of %s, but %d were recorded", who, got[series], series, v)
		}
	}
	for series, v := range got {
		if _, known := want[series]; !known && v != 0 && series[:9] != "metertree" {
			t.Errorf("%s was told %d of %s, which was never recorded", who, v, series)
		}
	}
}
