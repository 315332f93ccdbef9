package exporter

import (
	"math"
	"strconv"

	"github.com/metertree/metertree/export"
	"github.com/metertree/metertree/metric"
)

// lines formats batches. Its memory is used again for the next.
type lines struct {
	prefix string
	text   []byte
	stamp  int64 // of the batch, Unix seconds
	family *metric.Family
	// tags are those of the current point, each after a semicolon.
	tags []byte
}

// format returns the batch as lines, valid until the next call.
func (l *lines) format(batch *export.Batch) []byte {
	l.text, l.stamp = l.text[:0], batch.Time.Unix()
	for family := range batch.Families {
		l.family = family
		for point := range family.Points {
			l.point(point)
		}
	}
	return l.text
}

func (l *lines) point(p *metric.Point) {
	l.tags = l.tags[:0]
	for name, value := range p.Labels.All(l.family.Keys) {
		if value != "" { // a label without a value is one that is not there
			l.tags = appendTag(l.tags, name, value)
		}
	}
	switch d := &l.family.Descriptor; {
	case d.Kind == metric.Histogram:
		l.distribution(d.Kept(), p)
	case d.Kind == metric.Gauge || d.Number == metric.Float64:
		l.line("", p.Float)
	default:
		l.start("", "")
		l.end(strconv.AppendInt(l.text, p.Int, 10))
	}
}

// distribution writes a histogram, in whichever form its values are kept.
func (l *lines) distribution(kept metric.Aggregation, p *metric.Point) {
	switch kept {
	case metric.MinMaxSumCount:
		s := p.Summary
		l.totals(s.Count, s.Sum)
		if s.Count > 0 {
			l.line("_min", s.Min)
			l.line("_max", s.Max)
		}
	case metric.Exact:
		if p.Exact != nil {
			l.totals(p.Exact.Count(), p.Exact.Sum())
		}
	default:
		h := p.Buckets()
		l.totals(h.Count(), h.Sum)
		var below uint64
		for i, bound := range h.Bounds {
			below += h.Counts[i]
			l.start("_bucket", strconv.FormatFloat(bound, 'g', -1, 64))
			l.end(strconv.AppendUint(l.text, below, 10))
		}
	}
}

func (l *lines) totals(count uint64, sum float64) {
	l.start("_count", "")
	l.end(strconv.AppendUint(l.text, count, 10))
	l.line("_sum", sum)
}

// line writes a value. One that is not finite has no form that every receiver
// takes, so it is left out, as a point that was not measured is.
func (l *lines) line(suffix string, v float64) {
	if math.IsNaN(v) || math.IsInf(v, 0) {
		return
	}
	l.start(suffix, "")
	l.end(strconv.AppendFloat(l.text, v, 'g', -1, 64))
}

// start writes a line up to its value.
func (l *lines) start(suffix, bound string) {
	l.text = append(l.text, l.prefix...)
	l.text = append(l.text, l.family.Descriptor.Name...)
	l.text = append(l.text, suffix...)
	l.text = append(l.text, l.tags...)
	if bound != "" {
		l.text = appendTag(l.text, "le", bound)
	}
	l.text = append(l.text, ' ')
}

// end takes the text with its value and writes the rest of the line.
func (l *lines) end(text []byte) {
	text = append(text, ' ')
	l.text = append(strconv.AppendInt(text, l.stamp, 10), '\n')
}

// appendTag appends a label. What would end a tag or a line, and what is not
// ASCII, is written in hexadecimal after a per cent sign, which is so itself:
// different values stay different.
func appendTag(to []byte, name, value string) []byte {
	const digits = "0123456789ABCDEF"
	to = append(to, ';')
	to = append(to, name...)
	to = append(to, '=')
	for i := range len(value) {
		switch c := value[i]; {
		case c <= ' ', c >= 0x7f, c == ';', c == '~', c == '%':
			to = append(to, '%', digits[c>>4], digits[c&15])
		default:
			to = append(to, c)
		}
	}
	return to
}
