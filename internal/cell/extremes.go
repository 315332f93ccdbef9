package cell

import (
	"math"
	"sync/atomic"
)

// Extremes keeps the least and the greatest of the finite values it is offered.
// The zero value has none. It must not be copied. All methods may run at any
// time.
type Extremes struct {
	// lowest and highest hold order keys, the lowest inverted, so that both only
	// rise; a word of zero holds nothing.
	lowest, highest atomic.Uint64
}

// Offer takes v in. Offer a value before it is counted, so that none is counted
// that the extremes leave out.
func (e *Extremes) Offer(v float64) {
	key := orderKey(v)
	raise(&e.highest, key)
	raise(&e.lowest, ^key)
}

// Words returns the extremes in a form that merges by taking the greater of
// each word, and that is zero without values. See LowestOf and HighestOf.
func (e *Extremes) Words() (lowest, highest uint64) { return e.lowest.Load(), e.highest.Load() }

// LowestOf returns the least value from what Words returned first.
func LowestOf(word uint64) float64 { return fromOrderKey(^word) }

// HighestOf returns the greatest value from what Words returned second.
func HighestOf(word uint64) float64 { return fromOrderKey(word) }

// orderKey maps finite floats to integers of the same order, above zero and
// below the greatest uint64.
func orderKey(v float64) uint64 {
	bits := math.Float64bits(v)
	if bits>>63 != 0 {
		return ^bits
	}
	return bits | 1<<63
}

func fromOrderKey(key uint64) float64 {
	if key>>63 != 0 {
		return math.Float64frombits(key &^ (1 << 63))
	}
	return math.Float64frombits(^key)
}

// raise stores key if it exceeds what is stored; once the extremes are known
// that is a load and a comparison.
func raise(word *atomic.Uint64, key uint64) {
	for {
		old := word.Load()
		if key <= old || word.CompareAndSwap(old, key) {
			return
		}
	}
}
