package cell

import (
	"math"
	"math/rand/v2"
	"testing"
)

func BenchmarkSketchObserve(b *testing.B) {
	s, values := benchSketch(b)
	i := 0
	for b.Loop() {
		s.Observe(values[i&(len(values)-1)])
		i++
	}
}

func BenchmarkSketchObserveParallel(b *testing.B) {
	s, values := benchSketch(b)
	b.RunParallel(func(pb *testing.PB) {
		i := 0
		for pb.Next() {
			s.Observe(values[i&(len(values)-1)])
			i++
		}
	})
}

func benchSketch(b *testing.B) (*Sketch, []float64) {
	s := mustSketch(b, 160)
	random := rand.New(rand.NewPCG(1, 1))
	values := make([]float64, 4096)
	for i := range values {
		values[i] = math.Exp(random.NormFloat64() - 3)
	}
	for range 4 {
		for _, v := range values {
			s.Observe(v)
		}
	}
	return s, values
}
