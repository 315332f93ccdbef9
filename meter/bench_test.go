package meter_test

import (
	"sync/atomic"
	"testing"

	"github.com/metertree/metertree/meter"
)

// These show where the time of an update goes; what rivals need for the same
// work is in the benchmarks module.

func BenchmarkAtomic(b *testing.B) {
	var n atomic.Int64
	for b.Loop() {
		n.Add(1)
	}
}

func BenchmarkBoundCounter(b *testing.B) {
	s, _ := newScope()
	c := s.Counter("c_total", meter.Keys("a", "b", "c")).Bind("put", "ok", "shard-7")
	for b.Loop() {
		c.Add(1)
	}
}

func BenchmarkBoundCounterParallel(b *testing.B) {
	s, _ := newScope()
	c := s.Counter("c_total", meter.Keys("a", "b", "c")).Bind("put", "ok", "shard-7")
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			c.Add(1)
		}
	})
}

func BenchmarkDirectCounter(b *testing.B) {
	s, _ := newScope()
	c := s.Counter("c_total", meter.Keys("a", "b", "c"))
	labels := [3]string{"put", "ok", "shard-7"}
	for b.Loop() {
		c.Add(1, labels[0], labels[1], labels[2])
	}
}

func BenchmarkTypedCounter(b *testing.B) {
	type labels struct{ A, B, C string }
	s, _ := newScope()
	c := meter.MustCounter[labels](s, "c_total")
	l := labels{"put", "ok", "shard-7"}
	for b.Loop() {
		c.Add(1, l)
	}
}

func BenchmarkBoundHistogram(b *testing.B) {
	s, _ := newScope()
	h := s.Histogram("h_seconds").Bind()
	for b.Loop() {
		h.Observe(0.3)
	}
}

func BenchmarkBoundHistogramParallel(b *testing.B) {
	s, _ := newScope()
	h := s.Histogram("h_seconds").Bind()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			h.Observe(0.3)
		}
	})
}

func BenchmarkBoundGaugeSet(b *testing.B) {
	s, _ := newScope()
	g := s.Gauge("g").Bind()
	for b.Loop() {
		g.Set(1)
	}
}

func BenchmarkBoundGaugeAdd(b *testing.B) {
	s, _ := newScope()
	g := s.Gauge("g").Bind()
	for b.Loop() {
		g.Add(1)
	}
}

func BenchmarkNewSeries(b *testing.B) {
	s, _ := newScope()
	c := s.Counter("c_total", meter.Keys("a", "b"), meter.SeriesBudget(1<<30))
	var name [8]byte
	for n := 0; b.Loop(); n++ {
		for i := range name {
			name[i] = 'a' + byte(n>>(4*i)&15)
		}
		c.Add(1, "put", string(name[:]))
	}
}
