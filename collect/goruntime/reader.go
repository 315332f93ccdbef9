package goruntime

import (
	"context"
	"runtime"
	"runtime/debug"
	"runtime/metrics"
	"sync"
	"sync/atomic"

	"github.com/metertree/metertree/metric"
)

// reader reads the runtime once per collection. What it read is never changed
// afterwards, so collections that overlap cannot disturb one another.
type reader struct {
	latest  atomic.Pointer[snapshot]
	layouts map[string]layout

	mu      sync.Mutex
	samples []metrics.Sample
	gcStats debug.GCStats
	// reads counts calls of metrics.Read, for tests.
	reads int
}

// snapshot is the runtime's state at one collection.
type snapshot struct {
	// values are counts and sizes by their name in runtime/metrics.
	values     map[string]float64
	histograms map[string]metric.HistogramPoint
	threads    float64
	// lastGC is in seconds of Unix time, 0 before the first cycle.
	lastGC float64
}

func newReader() *reader {
	r := &reader{layouts: map[string]layout{}}
	wanted := map[string]bool{}
	for _, v := range values {
		for _, part := range v.parts {
			wanted[part] = true
		}
	}
	for _, d := range distributions {
		wanted[d.source] = true
	}
	for _, d := range metrics.All() {
		if wanted[d.Name] {
			r.samples = append(r.samples, metrics.Sample{Name: d.Name})
		}
	}
	metrics.Read(r.samples)
	return r
}

// provides reports whether the running runtime has all of the named metrics.
func (r *reader) provides(names []string) bool {
	for _, name := range names {
		if r.sample(name) == nil {
			return false
		}
	}
	return true
}

func (r *reader) sample(name string) *metrics.Sample {
	for i := range r.samples {
		if r.samples[i].Name == name {
			return &r.samples[i]
		}
	}
	return nil
}

// edges returns the bucket edges of one of the runtime's histograms.
func (r *reader) edges(name string) (edges []float64, ok bool) {
	s := r.sample(name)
	if s == nil || s.Value.Kind() != metrics.KindFloat64Histogram {
		return nil, false
	}
	return s.Value.Float64Histogram().Buckets, true
}

// refresh takes a new snapshot.
func (r *reader) refresh(context.Context) {
	r.mu.Lock()
	defer r.mu.Unlock()
	metrics.Read(r.samples)
	r.reads++
	s := &snapshot{
		values:     make(map[string]float64, len(r.samples)),
		histograms: make(map[string]metric.HistogramPoint, len(r.layouts)),
	}
	for i := range r.samples {
		name, v := r.samples[i].Name, r.samples[i].Value
		switch v.Kind() {
		case metrics.KindUint64:
			s.values[name] = float64(v.Uint64())
		case metrics.KindFloat64:
			s.values[name] = v.Float64()
		case metrics.KindFloat64Histogram:
			if l, ok := r.layouts[name]; ok {
				s.histograms[name] = l.point(v.Float64Histogram())
			}
		}
	}
	threads, _ := runtime.ThreadCreateProfile(nil)
	s.threads = float64(threads)
	debug.ReadGCStats(&r.gcStats)
	if !r.gcStats.LastGC.IsZero() && r.gcStats.LastGC.UnixNano() > 0 {
		s.lastGC = float64(r.gcStats.LastGC.UnixNano()) / 1e9
	}
	r.latest.Store(s)
}
