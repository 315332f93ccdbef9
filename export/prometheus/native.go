package prometheus

import (
	"encoding/binary"

	"github.com/metertree/metertree/metric"
)

const (
	// minSchema and maxSchema are the resolutions that a native histogram may
	// have: base 2^(2^-schema). Finer ones are made coarser, which is exact.
	// What is coarser still, as histograms of fewer than 132 buckets can come to
	// be, has explicit buckets alone.
	minSchema = -4
	maxSchema = 8
	// shortGap is how many empty buckets between others are written as such; for
	// more it takes less to begin another span.
	shortGap = 2
)

// native writes the fields of native histograms. A bucket is numbered by its
// upper bound there, one above the number that its lower bound gives it here.
type native struct{ positive, negative []uint64 }

func (n *native) append(b []byte, d *distribution) []byte {
	p := d.exponential
	if p.Scale < minSchema {
		return b
	}
	shift := max(p.Scale-maxSchema, 0)
	b = appendZigzag(appendTag(b, 5, wireVarint), int64(p.Scale-shift))
	b = appendDouble(b, 6, p.ZeroThreshold)
	b = appendVarint(b, 7, p.Zero)
	var negativeFirst, positiveFirst int
	n.negative, negativeFirst = coarser(n.negative[:0], p.Negative, p.NegativeFirst, shift)
	n.positive, positiveFirst = coarser(n.positive[:0], p.Positive, p.PositiveFirst, shift)
	b = appendSide(b, 9, 10, n.negative, negativeFirst)
	b = appendSide(b, 12, 13, n.positive, positiveFirst)
	if len(n.negative)+len(n.positive) == 0 {
		// An empty span marks a histogram without buckets as a native one.
		b = appendSpan(b, 12, 0, 0)
	}
	return appendNativeExemplars(b, d.offered)
}

// coarser appends the counts of buckets that are 2^shift times as wide to dst,
// without empty ones at either end, and returns the index of the first.
func coarser(dst, counts []uint64, first, shift int) (merged []uint64, mergedFirst int) {
	for len(counts) > 0 && counts[0] == 0 {
		counts, first = counts[1:], first+1
	}
	for len(counts) > 0 && counts[len(counts)-1] == 0 {
		counts = counts[:len(counts)-1]
	}
	mergedFirst = first >> shift
	for i, n := range counts {
		at := (first+i)>>shift - mergedFirst
		if at == len(dst) {
			dst = append(dst, 0)
		}
		dst[at] += n
	}
	return dst, mergedFirst
}

// appendSide writes the spans and the deltas of the buckets of one sign.
func appendSide(b []byte, spanField, deltaField int, counts []uint64, first int) []byte {
	if len(counts) == 0 {
		return b
	}
	offset := first + 1
	for from := 0; from < len(counts); {
		end, next := span(counts, from)
		b = appendSpan(b, spanField, offset, end-from)
		offset, from = next-end, next
	}
	b, start := open(b, deltaField)
	var before uint64
	for from := 0; from < len(counts); {
		end, next := span(counts, from)
		for _, n := range counts[from:end] {
			b = appendZigzag(b, int64(n-before))
			before = n
		}
		from = next
	}
	return closeMessage(b, start)
}

// span returns where the span that begins at from ends, and where the next one
// begins. The last count is not zero.
func span(counts []uint64, from int) (end, next int) {
	for end = from; end < len(counts); end = next {
		end++
		for next = end; next < len(counts) && counts[next] == 0; {
			next++
		}
		if next-end > shortGap {
			break
		}
	}
	return end, next
}

func appendSpan(b []byte, field, offset, length int) []byte {
	b, start := open(b, field)
	b = appendZigzag(appendTag(b, 1, wireVarint), int64(offset))
	b = binary.AppendUvarint(appendTag(b, 2, wireVarint), uint64(length))
	return closeMessage(b, start)
}

// appendNativeExemplars writes those that have a time, as they must there.
func appendNativeExemplars(b []byte, exemplars []*metric.Exemplar) []byte {
	for _, e := range exemplars {
		if e != nil && !e.Time.IsZero() {
			b = appendExemplarMessage(b, 16, e)
		}
	}
	return b
}
