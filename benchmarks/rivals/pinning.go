package rivals

import (
	"sync/atomic"
	_ "unsafe" // for linkname

	"github.com/metertree/metertree/benchmarks/work"
)

// NamePinning heads the column of Pinning.
const NamePinning = "pin, unpin"

// Pinning is what our per-processor update cannot cost less than: it pins its
// goroutine to the processor, and lets go, and adds nothing in between.
func Pinning() Rival {
	pin := func() Case {
		pinned := new(atomic.Int64)
		return Case{
			Run: func(n int) {
				for range n {
					procPin()
					procUnpin()
				}
				pinned.Add(int64(n))
			},
			Check: func(updates int) error { return counted(float64(pinned.Load()), updates) },
		}
	}
	return Rival{
		Name: NamePinning,
		Updates: map[work.Row]func() Case{
			work.CounterBound:         pin,
			work.CounterBoundParallel: pin,
		},
		Unlike: map[work.Row]string{
			work.CounterBound:         countsNothing,
			work.CounterBoundParallel: countsNothing,
		},
	}
}

const countsNothing = "it adds nothing, and shows what pinning alone costs"

//go:linkname procPin runtime.procPin
func procPin() int

//go:linkname procUnpin runtime.procUnpin
func procUnpin()
