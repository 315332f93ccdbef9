package cell

import "math"

// Value is a number that is set or added to, in float64; the last write wins.
// The zero value is at zero. A Value must not be copied.
type Value struct{ word word }

// Set replaces the value and reports whether the cell took it; a sealed cell
// does not. It compares before it swaps because a blind store could overwrite
// the seal, and the write after it would then be lost.
func (c *Value) Set(v float64) bool {
	for {
		old := c.word.Load()
		if old == sealedFloat {
			return false
		}
		if c.word.CompareAndSwap(old, math.Float64bits(v)) {
			return true
		}
	}
}

// Add adds v and reports whether the cell took it; a sealed cell does not.
func (c *Value) Add(v float64) bool {
	_, ok := addFloat(&c.word, v)
	return ok
}

// Load returns the value; of a sealed cell it is meaningless.
func (c *Value) Load() float64 { return math.Float64frombits(c.word.Load()) }

// Bits returns the bits of the value, as Load.
func (c *Value) Bits() uint64 { return c.word.Load() }

// Seal makes every later write report false and returns the last value.
func (c *Value) Seal() float64 { return math.Float64frombits(sealFloat(&c.word)) }
