package rivals

import (
	"math"
	"sync/atomic"

	"github.com/metertree/metertree/benchmarks/work"
)

// Atomic is the floor that the figures are compared with: one word in memory
// and sync/atomic, neither labels nor names.
func Atomic() Rival {
	return Rival{
		Name: NameAtomic,
		Updates: map[work.Row]func() Case{
			work.CounterBound:         atomicAdd,
			work.CounterBoundParallel: atomicAdd,
			work.GaugeSet:             atomicStore,
		},
	}
}

func atomicAdd() Case {
	word := new(atomic.Int64)
	return Case{
		Run: func(n int) {
			for range n {
				word.Add(1)
			}
		},
		Check: func(updates int) error { return counted(float64(word.Load()), updates) },
	}
}

func atomicStore() Case {
	word := new(atomic.Uint64)
	last := 0.0
	return Case{
		Run: func(n int) {
			v := last
			for range n {
				v++
				word.Store(math.Float64bits(v))
			}
			last = v
		},
		Check: func(updates int) error { return counted(math.Float64frombits(word.Load()), updates) },
	}
}
