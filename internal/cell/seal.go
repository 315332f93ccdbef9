package cell

import "math"

// sealBias is added to an integer word to seal it: an add that comes later
// sees a sum no honest count reaches, and knows that it came too late. It
// leaves room for sums up to MaxInt either way.
const sealBias = int64(1) << 62

// MaxInt bounds what an integer cell can count, and with it any single add.
const MaxInt = int64(1)<<61 - 1

// sealedFloat is the content of a sealed float word: a NaN that no arithmetic
// produces, so it cannot be mistaken for a sum that became NaN.
const sealedFloat = uint64(0x7ff8_5ea1_ed5e_a1ed)

// addInt adds to a shared word; ok is false, and nothing is added, if the word was
// sealed or would leave the range of a sum.
func addInt(w *word, v int64) (after uint64, ok bool) {
	after = w.Add(uint64(v))
	if int64(after) <= MaxInt {
		return after, true
	}
	// Refused adds must not pile up until the word wraps around.
	w.Add(uint64(-v))
	return after, false
}

// addFloat adds to a shared word of float bits; ok is false if the word was
// sealed.
func addFloat(w *word, v float64) (after uint64, ok bool) {
	for {
		old := w.Load()
		if old == sealedFloat {
			return 0, false
		}
		after = math.Float64bits(math.Float64frombits(old) + v)
		if w.CompareAndSwap(old, after) {
			return after, true
		}
	}
}

// sealInt seals a word and returns what it had counted.
func sealInt(w *word) uint64 { return w.Add(uint64(sealBias)) - uint64(sealBias) }

// sealFloat seals a word and returns the bits of what it had summed.
func sealFloat(w *word) uint64 { return w.Swap(sealedFloat) }
