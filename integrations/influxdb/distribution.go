package influxdb

import (
	"math"
	"slices"
	"strconv"

	"github.com/metertree/metertree/metric"
)

// distribution completes the line of a histogram, whose head is written, and adds
// those of its buckets if they have lines of their own.
func (e *encoder) distribution(b []byte, from int, p *metric.Point) []byte {
	head := len(b)
	switch e.descriptor.Kept() {
	case metric.MinMaxSumCount:
		s := &p.Summary
		b = e.totals(b, s.Count, s.Sum)
		if s.Count > 0 {
			b = e.float(e.float(b, e.names.min, s.Min), e.names.max, s.Max)
		}
	case metric.Exact:
		if p.Exact != nil {
			b = e.totals(b, p.Exact.Count(), p.Exact.Sum())
		}
	case metric.SumAggregation:
		b = e.totals(b, p.Histogram.Count(), p.Histogram.Sum)
	default:
		h := p.Buckets()
		if len(h.Counts) != len(h.Bounds)+1 {
			break
		}
		b = e.totals(b, h.Count(), h.Sum)
		e.buckets.layout(h.Bounds)
		if e.options.Buckets == BucketTags {
			return e.bucketLines(b, from, head, h.Counts)
		}
		b = e.bucketFields(b, h.Counts)
	}
	return e.end(b, from)
}

func (e *encoder) totals(b []byte, count uint64, sum float64) []byte {
	return e.float(e.count(b, e.names.count, count), e.names.sum, sum)
}

// bucketFields writes cumulative buckets but the last, which is the count.
func (e *encoder) bucketFields(b []byte, counts []uint64) []byte {
	var below uint64
	for i, name := range e.buckets.fields {
		below += counts[i]
		b = e.count(b, name, below)
	}
	return b
}

// bucketLines completes the line that begins at from, and writes one for each
// bucket with the same measurement and tags, which end at head.
func (e *encoder) bucketLines(b []byte, from, head int, counts []uint64) []byte {
	b = e.end(b, from)
	var below uint64
	for i, tag := range e.buckets.tags {
		below += counts[i]
		line := len(b)
		b = append(append(b, b[from:head]...), tag...)
		e.fielded = false
		b = e.end(e.count(b, e.names.bucket, below), line)
	}
	return b
}

// bucketNames holds the text of the buckets of one layout, made once and used
// for every series that has it.
type bucketNames struct {
	prefix string
	bounds []float64
	// fields are the fields' names, and tags the tags; these have one more, for
	// infinity.
	fields, tags [][]byte
}

// set starts a family.
func (n *bucketNames) set(prefix string) {
	if n.prefix != prefix {
		n.prefix, n.bounds, n.tags = prefix, n.bounds[:0], nil
	}
}

// layout makes the text for bounds, unless they are those it has.
func (n *bucketNames) layout(bounds []float64) {
	if n.tags != nil && slices.Equal(n.bounds, bounds) {
		return
	}
	n.bounds = append(n.bounds[:0], bounds...)
	n.fields, n.tags = n.fields[:0], n.tags[:0]
	for _, bound := range bounds {
		text := strconv.FormatFloat(bound, 'g', -1, 64)
		n.fields = append(n.fields, fieldName(nil, n.prefix, "le_"+text))
		n.tags = append(n.tags, []byte(",le="+text))
	}
	n.tags = append(n.tags, []byte(",le="+strconv.FormatFloat(math.Inf(1), 'g', -1, 64)))
}
