package prometheus

import (
	"math"

	"github.com/metertree/metertree/metric"
)

// bucketLabels holds the text `le="…"} ` of each bucket of one layout, +Inf
// last, made once and used for every series that has the layout.
type bucketLabels struct {
	bounds []float64
	text   []byte
	ends   []int
}

func (b *bucketLabels) reset() {
	b.bounds, b.text, b.ends = nil, b.text[:0], b.ends[:0]
}

// layout makes the text for bounds, unless it is that of the same slice.
func (b *bucketLabels) layout(bounds []float64) {
	same := len(b.ends) == len(bounds)+1 && (len(bounds) == 0 || &bounds[0] == &b.bounds[0])
	if same {
		return
	}
	b.reset()
	b.bounds = bounds
	for _, bound := range bounds {
		b.add(bound)
	}
	b.add(math.Inf(1))
}

func (b *bucketLabels) add(bound float64) {
	b.text = append(b.text, `le="`...)
	b.text = appendBound(b.text, bound)
	b.text = append(b.text, `"} `...)
	b.ends = append(b.ends, len(b.text))
}

// histogram writes cumulative buckets, the sum and the count. The count is the
// last bucket, so the two can never disagree.
func (e *encoder) histogram(d *metric.Descriptor, p *metric.Point) {
	e.buckets.layout(p.Histogram.Bounds)
	from := len(e.buf)
	e.buf = append(e.buf, d.Name...)
	e.buf = append(e.buf, "_bucket{"...)
	nameEnd, labelsFrom := from+len(d.Name), len(e.buf)
	labels := p.Labels.String()
	if labels != "" {
		e.buf = append(appendLabels(e.buf, labels), ',')
	}
	prefixEnd := len(e.buf)

	var cumulative uint64
	at := 0
	for i, n := range p.Histogram.Counts {
		if i > 0 {
			e.buf = append(e.buf, e.buf[from:prefixEnd]...)
		}
		cumulative += n
		e.buf = append(e.buf, e.buckets.text[at:e.buckets.ends[i]]...)
		at = e.buckets.ends[i]
		e.buf = append(appendUint(e.buf, cumulative), '\n')
	}
	plain := span{from, nameEnd, labelsFrom, max(prefixEnd-1, labelsFrom)}
	if labels == "" {
		plain.labelsEnd = labelsFrom
	}
	e.plainName(plain, "_sum")
	e.buf = append(appendFloat(e.buf, p.Histogram.Sum), '\n')
	e.plainName(plain, "_count")
	e.buf = append(appendUint(e.buf, cumulative), '\n')
}

// span tells where the first bucket's line holds the name and the labels.
type span struct{ nameFrom, nameEnd, labelsFrom, labelsEnd int }

// plainName writes name, suffix and labels without le, up to the value.
func (e *encoder) plainName(s span, suffix string) {
	e.buf = append(e.buf, e.buf[s.nameFrom:s.nameEnd]...)
	e.buf = append(e.buf, suffix...)
	if s.labelsEnd > s.labelsFrom {
		e.buf = append(e.buf, '{')
		e.buf = append(e.buf, e.buf[s.labelsFrom:s.labelsEnd]...)
		e.buf = append(e.buf, '}')
	}
	e.buf = append(e.buf, ' ')
}
