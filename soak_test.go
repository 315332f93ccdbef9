//go:build !metertree_off

package metertree_test

import (
	"context"
	"errors"
	"io"
	"math/rand/v2"
	"net/http"
	"os"
	"runtime"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/metertree/metertree"
	"github.com/metertree/metertree/export"
	"github.com/metertree/metertree/meter"
	"github.com/metertree/metertree/metric"
)

// soakTime is how long the pipeline is under fire: METERTREE_SOAK, or long
// enough to see some scrapes and exports.
func soakTime(t *testing.T) time.Duration {
	text := os.Getenv("METERTREE_SOAK")
	if text == "" {
		return 2 * time.Second
	}
	d, err := time.ParseDuration(text)
	if err != nil {
		t.Fatalf("METERTREE_SOAK=%q: %v: give a duration such as 60s", text, err)
	}
	return d
}

// unreliable is an exporter that fails most of the time, and adds up what it was
// given when it did not.
type unreliable struct {
	rng       *rand.Rand
	delivered map[string]int64
	exports   atomic.Int64
}

var errUnreliable = errors.New("backend is not reachable")

func (u *unreliable) Export(_ context.Context, batch *export.Batch) error {
	u.exports.Add(1)
	if u.rng.IntN(4) > 0 {
		return errUnreliable
	}
	u.take(batch)
	return nil
}

func (u *unreliable) take(batch *export.Batch) {
	for f := range batch.Families {
		d := &f.Descriptor
		for p := range f.Points {
			switch {
			case d.Kind == metric.Histogram:
				u.delivered[d.Name] += int64(p.Histogram.Count())
				u.delivered[d.Name+" sum"] += int64(p.Histogram.Sum)
			case d.Number == metric.Int64 && d.Kind != metric.Gauge:
				u.delivered[d.Name] += p.Int
			}
		}
	}
}

// Shutdown has nothing left to deliver.
func (*unreliable) Shutdown(context.Context) error { return nil }

// TestPipelineUnderFire updates many series on all cores while two scrapers read
// and a push exporter fails most of the time. In the end the totals are exact,
// and memory has stayed flat.
func TestPipelineUnderFire(t *testing.T) {
	series := 20_000
	if os.Getenv("METERTREE_SOAK") != "" {
		series = 200_000
	}
	exporter := &unreliable{rng: rand.New(rand.NewPCG(1, 1)), delivered: map[string]int64{}}
	rt, err := metertree.Start(context.Background(), metertree.Config{
		Listen: "127.0.0.1:0", SeriesBudget: series + 10, Grace: time.Minute, Period: 100 * time.Millisecond,
		Exporters: []metertree.Exporter{{Name: "unreliable", Exporter: exporter, Temporality: metric.Delta}},
	})
	if err != nil {
		t.Fatal(err)
	}
	load := newLoad(rt, series)
	var scrapers sync.WaitGroup
	var stop atomic.Bool
	scrapes := [2]int{}
	for i := range scrapes {
		scrapers.Go(func() {
			for !stop.Load() {
				scrapeWhole(t, rt)
				scrapes[i]++
			}
		})
	}
	flat := load.run(soakTime(t))
	stop.Store(true)
	scrapers.Wait()
	deliverTheRest(t, rt, exporter)
	if err := rt.Close(context.Background()); err != nil && !errors.Is(err, errUnreliable) {
		t.Error(err)
	}
	for name, want := range map[string]int64{
		"soak_calls_total": load.calls.Load(), "soak_sizes": load.observed.Load(), "soak_sizes sum": load.observedSum.Load(),
	} {
		if got := exporter.delivered[name]; got != want {
			t.Errorf("%s: %d were delivered, %d recorded", name, got, want)
		}
	}
	first, last := flat[0], flat[len(flat)-1]
	if limit := first + first/4 + 8<<20 + uint64(series)*busySeries; last > limit {
		t.Errorf("heap grew from %d to %d bytes, beyond %d: %v", first, last, limit, flat)
	}
	t.Logf("%d series, %d updates, %v scrapes, %d exports, heap %v", series, load.calls.Load(), scrapes, exporter.exports.Load(), flat)
}

// busySeries is how many bytes more a series may take, once, when it proves busy
// and gets words of its own for each processor. All of them are busy here, and
// since all count alike, they may prove it within the same second.
const busySeries = 160

// deliverTheRest flushes until the exporter has taken what was pending.
func deliverTheRest(t *testing.T, rt *metertree.Runtime, exporter *unreliable) {
	t.Helper()
	for range 200 {
		if rt.Flush(context.Background()) == nil {
			return
		}
	}
	t.Errorf("no export in %d succeeded", exporter.exports.Load())
}

// scrapeWhole reads the whole exposition over the network.
func scrapeWhole(t *testing.T, rt *metertree.Runtime) {
	answer, err := http.Get("http://" + rt.Addr().String() + "/metrics")
	if err != nil {
		t.Error(err)
		return
	}
	defer answer.Body.Close()
	if _, err := io.Copy(io.Discard, answer.Body); err != nil || answer.StatusCode != http.StatusOK {
		t.Errorf("scrape: status %d, %v", answer.StatusCode, err)
	}
}

// load updates counters and histograms of many label sets.
type load struct {
	counter                      meter.Counter
	histogram                    meter.Histogram
	ids                          []string
	calls, observed, observedSum atomic.Int64
}

func newLoad(rt *metertree.Runtime, series int) *load {
	l := &load{
		counter:   rt.Scope("soak").Counter("calls_total", meter.Keys("id")),
		histogram: rt.Scope("soak").Histogram("sizes", meter.Keys("id"), meter.Buckets(1, 10)),
	}
	for i := range series {
		l.ids = append(l.ids, strconv.Itoa(i))
	}
	for _, id := range l.ids {
		l.counter.Add(1, id)
		l.calls.Add(1)
	}
	return l
}

// run updates on all cores for a while and returns the size of the heap at
// moments on the way.
func (l *load) run(duration time.Duration) (heap []uint64) {
	var stop atomic.Bool
	var writers sync.WaitGroup
	for id := range runtime.GOMAXPROCS(0) {
		writers.Go(func() { l.write(rand.New(rand.NewPCG(2, uint64(id))), &stop) })
	}
	ticker := time.NewTicker(duration / 10)
	defer ticker.Stop()
	for range 10 {
		<-ticker.C
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		heap = append(heap, m.HeapAlloc)
	}
	stop.Store(true)
	writers.Wait()
	return heap[2:]
}

func (l *load) write(rng *rand.Rand, stop *atomic.Bool) {
	var calls, observed, sum int64
	for !stop.Load() {
		for range 1000 {
			l.counter.Add(2, l.ids[rng.IntN(len(l.ids))])
			calls += 2
		}
		// A thousand of the histograms, so that these settle early.
		for range 100 {
			v := rng.IntN(20)
			l.histogram.Observe(float64(v), l.ids[rng.IntN(1000)])
			observed, sum = observed+1, sum+int64(v)
		}
	}
	l.calls.Add(calls)
	l.observed.Add(observed)
	l.observedSum.Add(sum)
}
