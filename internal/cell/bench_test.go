package cell

import (
	"sync/atomic"
	"testing"
)

func BenchmarkAtomicAdd(b *testing.B) {
	var w atomic.Int64
	for b.Loop() {
		w.Add(1)
	}
}

func BenchmarkSumAddInt(b *testing.B) {
	var s Sum
	for b.Loop() {
		s.AddInt(1)
	}
}

func BenchmarkSumAddIntParallel(b *testing.B) {
	var s Sum
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			s.AddInt(1)
		}
	})
}

func BenchmarkHistogramObserve(b *testing.B) {
	h := newHistogram(13)
	for b.Loop() {
		h.Observe(5)
	}
}

func BenchmarkHistogramObserveParallel(b *testing.B) {
	h := newHistogram(13)
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			h.Observe(5)
		}
	})
}
