//go:build (amd64 || arm64) && gc && !race && !metertree_portable

package cell

import "unsafe"

// observe counts v in a bucket of the window and adds it to the sum.
func (w *window) observe(bucket int, v float64) Outcome {
	p := procPin()
	if hot := w.counts.hot.Load(); hot != nil && uint(p) < uint(len(hot.lanes)) {
		lane := unsafe.Slice(hot.lanes[p], len(w.counts.words))
		lane[bucket]++
		last := &lane[len(lane)-1]
		*last = addFloatBits(*last, v)
		procUnpin()
		return Taken
	}
	procUnpin()
	return w.observeCold(bucket, v)
}
