//go:build !((amd64 || arm64) && gc && !race && !metertree_portable)

package cell

import "unsafe"

// observe counts v in a bucket of the window and adds it to the sum.
func (w *window) observe(bucket int, v float64) Outcome {
	for {
		hot := w.counts.hot.Load()
		if !hot.active() {
			return w.observeCold(bucket, v)
		}
		stripe := unsafe.Slice(hot.stripe(), len(w.counts.words))
		if _, ok := addFloat(&stripe[len(stripe)-1], v); !ok {
			// The stripe was sealed because the window is being demoted or
			// sealed: by now it shows which.
			continue
		}
		if _, ok := addInt(&stripe[bucket], 1); ok {
			return Taken
		}
		return w.countCold(bucket)
	}
}
