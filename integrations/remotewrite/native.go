package remotewrite

import (
	"math"

	"github.com/metertree/metertree/metric"
)

const (
	// minSchema and maxSchema are the resolutions that a native histogram may
	// have: base 2^(2^-schema). Finer ones are made coarser, which is exact.
	minSchema = -4
	maxSchema = 8
	// shortGap is how many empty buckets between others are written as such; for
	// more it takes less to begin another span.
	shortGap = 2
)

// staleNaN is the value that says that a series ended.
var staleNaN = math.Float64frombits(0x7ff0000000000002)

// native is a native histogram, in memory of its own.
type native struct {
	schema             int
	threshold, sum     float64
	count, zero        uint64
	positive, negative side
}

// side is the buckets of one sign. A bucket is numbered by its upper bound, one
// above the number that its lower bound gives it in a metric.ExponentialPoint.
type side struct {
	first  int
	counts []uint64
}

// set copies a point whose scale is at least minSchema.
func (n *native) set(p *metric.ExponentialPoint) {
	shift := max(p.Scale-maxSchema, 0)
	n.schema, n.threshold, n.sum = p.Scale-shift, p.ZeroThreshold, p.Sum
	n.count, n.zero = p.Count(), p.Zero
	n.positive.set(p.Positive, p.PositiveFirst, shift)
	n.negative.set(p.Negative, p.NegativeFirst, shift)
}

// end makes it one that says that the series ended.
func (n *native) end() {
	n.positive.counts, n.negative.counts = n.positive.counts[:0], n.negative.counts[:0]
	n.schema, n.threshold, n.count, n.zero, n.sum = 0, 0, 0, 0, staleNaN
}

// set copies counts into buckets that are 2^shift times as wide, without empty
// ones at either end.
func (s *side) set(counts []uint64, first, shift int) {
	for len(counts) > 0 && counts[0] == 0 {
		counts, first = counts[1:], first+1
	}
	for len(counts) > 0 && counts[len(counts)-1] == 0 {
		counts = counts[:len(counts)-1]
	}
	lowest := first >> shift
	s.counts, s.first = s.counts[:0], lowest+1
	for i, n := range counts {
		at := (first+i)>>shift - lowest
		if at == len(s.counts) {
			s.counts = append(s.counts, 0)
		}
		s.counts[at] += n
	}
}

// span returns where the span that begins at from ends, and where the next one
// begins. The last count is not zero.
func (s *side) span(from int) (end, next int) {
	for end = from; end < len(s.counts); end = next {
		end++
		for next = end; next < len(s.counts) && s.counts[next] == 0; {
			next++
		}
		if next-end > shortGap {
			break
		}
	}
	return end, next
}

// The fields of a histogram are numbered alike in both versions.
const (
	histogramCount          = 1
	histogramSum            = 3
	histogramSchema         = 4
	histogramThreshold      = 5
	histogramZero           = 6
	histogramNegativeSpans  = 8
	histogramNegativeDeltas = 9
	histogramPositiveSpans  = 11
	histogramPositiveDeltas = 12
	histogramReset          = 14
	histogramTime           = 15
	// histogramStart is in version 2 only.
	histogramStart = 17

	// resetGauge is the hint that the counts are not totals.
	resetGauge = 3
)

// append writes the fields of a histogram.
func (n *native) append(b []byte, time, start int64, gauge bool) []byte {
	b = appendVarint(b, histogramCount, n.count)
	b = appendDouble(b, histogramSum, n.sum)
	b = appendZigzag(b, histogramSchema, int64(n.schema))
	b = appendDouble(b, histogramThreshold, n.threshold)
	b = appendVarint(b, histogramZero, n.zero)
	b = n.negative.append(b, histogramNegativeSpans, histogramNegativeDeltas)
	b = n.positive.append(b, histogramPositiveSpans, histogramPositiveDeltas)
	if gauge {
		b = appendVarint(b, histogramReset, resetGauge)
	}
	b = appendVarint(b, histogramTime, uint64(time))
	if start != 0 {
		b = appendVarint(b, histogramStart, uint64(start))
	}
	return b
}

// append writes the spans and the deltas of the buckets of one sign.
func (s *side) append(b []byte, spans, deltas int) []byte {
	if len(s.counts) == 0 {
		return b
	}
	offset := s.first
	for from := 0; from < len(s.counts); {
		end, next := s.span(from)
		var at int
		b, at = open(b, spans)
		b = appendZigzag(b, 1, int64(offset))
		b = closeMessage(appendVarint(b, 2, uint64(end-from)), at)
		offset, from = next-end, next
	}
	b, at := open(b, deltas)
	var before uint64
	for from := 0; from < len(s.counts); {
		end, next := s.span(from)
		for _, n := range s.counts[from:end] {
			b = packZigzag(b, int64(n-before))
			before = n
		}
		from = next
	}
	return closeMessage(b, at)
}
