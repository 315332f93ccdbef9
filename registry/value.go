package registry

import (
	"math"

	"github.com/metertree/metertree/metric"
)

// setValue sets a point's value from words: the bits of a number, or of a
// histogram the counts and last the sum.
func setValue(p *metric.Point, d metric.Descriptor, words []uint64) {
	switch {
	case d.Kind == metric.Histogram:
		last := len(words) - 1
		p.Histogram = metric.HistogramPoint{
			Bounds: d.Bounds,
			Counts: words[:last],
			Sum:    math.Float64frombits(words[last]),
		}
	case d.Number == metric.Float64:
		p.Float = math.Float64frombits(words[0])
	default:
		p.Int = int64(words[0])
	}
}

// floatWord returns the position of the only word that holds the bits of a
// float, or -1.
func floatWord(d metric.Descriptor, words int) int {
	if d.Kind == metric.Histogram || d.Number == metric.Float64 {
		return words - 1
	}
	return -1
}

// subtract takes words of an earlier reading away from those of a later one.
func subtract(words, earlier []uint64, float int) {
	for i := range earlier {
		if i == float {
			words[i] = math.Float64bits(math.Float64frombits(words[i]) - math.Float64frombits(earlier[i]))
		} else {
			words[i] -= earlier[i]
		}
	}
}

// add is the inverse of subtract.
func add(words, more []uint64, float int) {
	for i := range more {
		if i == float {
			words[i] = math.Float64bits(math.Float64frombits(words[i]) + math.Float64frombits(more[i]))
		} else {
			words[i] += more[i]
		}
	}
}

// allZero reports whether words hold nothing; float is as in subtract.
func allZero(words []uint64, float int) bool {
	for i, w := range words {
		if w != 0 && (i != float || math.Float64frombits(w) != 0) {
			return false
		}
	}
	return true
}

// activity condenses words into one that changes with every update: the
// number's bits, or how many values a histogram has observed.
func activity(d metric.Descriptor, words []uint64) uint64 {
	if d.Kind != metric.Histogram {
		return words[0]
	}
	var n uint64
	for _, w := range words[:len(words)-1] {
		n += w
	}
	return n
}
