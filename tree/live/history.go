package live

import (
	"fmt"
	"maps"
	"slices"
	"time"
)

// history is the samples that are kept, oldest first.
type history struct {
	keep     time.Duration
	maxBytes int

	samples []*sample
	bytes   int
	cut     bool // the bound in bytes shortened it
}

func (h *history) newest() *sample {
	if len(h.samples) == 0 {
		return nil
	}
	return h.samples[len(h.samples)-1]
}

// add appends a sample, and drops the oldest that are too old or too much.
func (h *history) add(s *sample) {
	h.samples = append(h.samples, s)
	h.bytes += s.bytes
	drop := 0
	for drop < len(h.samples)-1 && s.at.Sub(h.samples[drop].at) > h.keep {
		h.bytes -= h.samples[drop].bytes
		h.cut = false // it reaches back as far as it should
		drop++
	}
	for drop < len(h.samples)-1 && h.bytes+s.labelBytes > h.maxBytes {
		h.bytes -= h.samples[drop].bytes
		h.cut = true
		drop++
	}
	// Cloned, so that the array does not hold what was dropped.
	if drop > 0 {
		h.samples = slices.Clone(h.samples[drop:])
	}
}

func (h *history) forget() { h.samples, h.bytes, h.cut = nil, 0, false }

// notices are the bounds that are hit, as sentences.
func (h *history) notices(maxSeries int) []string {
	last := h.newest()
	if last == nil {
		return nil
	}
	var list []string
	for _, name := range slices.Sorted(maps.Keys(last.left)) {
		list = append(list, leftOut(name, last.left[name], maxSeries).Error())
	}
	if h.cut {
		reach := last.at.Sub(h.samples[0].at).Round(time.Second)
		list = append(list, fmt.Sprintf("history reaches back %s and not %s, to stay within %d bytes: raise MaxBytes for more", reach, h.keep, h.maxBytes))
	}
	return list
}

// leftOut says that a metric is not among the samples.
func leftOut(name string, series, maxSeries int) error {
	return fmt.Errorf("metric %s is left out: with its %d series a sample would have more than %d: give it fewer label values, or raise MaxSeries", name, series, maxSeries)
}
