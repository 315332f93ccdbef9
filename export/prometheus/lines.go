package prometheus

import (
	"slices"

	"github.com/metertree/metertree/internal/lossless"
	"github.com/metertree/metertree/metric"
)

// lines writes what the two text formats have in common: samples, one a line.
type lines struct {
	// name is that of the samples, without the suffixes of histograms, and open
	// the same with a brace; so are the others, with their suffixes.
	name                       []byte
	open, bucket, sums, counts []byte
	whole                      bool
	buckets                    bucketLabels
	// line is the start of a bucket's line, up to its le.
	line []byte
}

func (l *lines) begin(h *head) {
	l.name = append(append(l.name[:0], h.name...), h.suffix...)
	l.open = append(append(l.open[:0], l.name...), '{')
	l.whole = h.whole
	if h.suffix == "_bucket" {
		l.bucket = append(l.bucket[:0], l.open...)
	}
	if h.shape == histogram || h.shape == summary {
		l.bucket = append(append(l.bucket[:0], l.name...), "_bucket{"...)
		l.sums = append(append(l.sums[:0], l.name...), "_sum{"...)
		l.counts = append(append(l.counts[:0], l.name...), "_count{"...)
	}
}

// comment writes the start of a line of metadata.
func comment(b []byte, keyword string, name []byte) []byte {
	b = append(b, keyword...)
	b = append(b, name...)
	return append(b, ' ')
}

// series writes a sample's name, which comes with its brace, the labels and the
// space after them.
func series(b, open []byte, labels string) []byte {
	b = append(b, open...)
	if labels == "" {
		b[len(b)-1] = ' '
		return b
	}
	b = lossless.Append(b, labels)
	return append(b, "} "...)
}

// extended is series with one label more.
func extended(b, open []byte, labels string, extra label) []byte {
	b = append(b, open...)
	if labels != "" {
		b = append(lossless.Append(b, labels), ',')
	}
	b = append(b, extra.name...)
	b = append(b, `="`...)
	b = append(b, extra.value...)
	return append(b, `"} `...)
}

func (l *lines) number(b []byte, p *metric.Point, extra label) []byte {
	if extra.name == "" {
		b = series(b, l.open, p.Labels.String())
	} else {
		b = extended(b, l.open, p.Labels.String(), extra)
	}
	if l.whole {
		return append(appendInt(b, p.Int), '\n')
	}
	return append(appendFloat(b, p.Float), '\n')
}

func (l *lines) sum(b []byte, labels string, sum float64) []byte {
	return append(appendFloat(series(b, l.sums, labels), sum), '\n')
}

func (l *lines) count(b []byte, labels string, count uint64) []byte {
	return append(appendUint(series(b, l.counts, labels), count), '\n')
}

// histogramSum and histogramCount take the labels from the buckets' lines, which
// have been written just before.
func (l *lines) histogramSum(b []byte, sum float64) []byte {
	return append(appendFloat(l.again(b, l.sums), sum), '\n')
}

func (l *lines) histogramCount(b []byte, count uint64) []byte {
	return append(appendUint(l.again(b, l.counts), count), '\n')
}

// again is series with the labels of the last bucket, without its le.
func (l *lines) again(b, open []byte) []byte {
	b = append(b, open...)
	labels := l.line[len(l.bucket):]
	if len(labels) == 0 {
		b[len(b)-1] = ' '
		return b
	}
	b = append(b, labels[:len(labels)-1]...)
	return append(b, "} "...)
}

// bucketLines writes cumulative buckets and returns the count, which is the last
// one, so that the two can never disagree. Most of a histogram is these lines,
// so their bytes are put in place without a look at the buffer's size at each.
func (l *lines) bucketLines(b []byte, labels string, h *metric.HistogramPoint, exemplars []*metric.Exemplar) (out []byte, count uint64) {
	l.buckets.layout(h.Bounds)
	l.line = append(l.line[:0], l.bucket...)
	if labels != "" {
		l.line = append(lossless.Append(l.line, labels), ',')
	}
	most := len(l.line) + l.buckets.longest() + maxDigits + 1
	b = slices.Grow(b, most*len(h.Counts)+slack)
	at, b := len(b), b[:cap(b)]
	for i, n := range h.Counts {
		at += copy(b[at:], l.line)
		at = l.buckets.put(b, at, i)
		count += n
		at = putUint(b, at, count)
		if i < len(exemplars) && exemplars[i] != nil {
			b = appendExemplar(b[:at], exemplars[i])
			b = slices.Grow(b, most*(len(h.Counts)-i)+slack)
			at, b = len(b), b[:cap(b)]
		}
		b[at] = '\n'
		at++
	}
	return b[:at], count
}
