package aggregate

import "sync/atomic"

// drops counts updates that were ignored.
type drops struct{ n atomic.Uint64 }

// Dropped returns how many updates were ignored because their value cannot be
// kept: one that is not finite or, for an IntSum, out of range.
func (d *drops) Dropped() uint64 { return d.n.Load() }

// rejects counts a value that is not finite and reports whether it was one.
func (d *drops) rejects(v float64) bool {
	// The difference is NaN for infinities and for NaN.
	if v-v == 0 {
		return false
	}
	d.n.Add(1)
	return true
}
