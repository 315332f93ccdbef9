package prometheus

import (
	"math"
	"strings"
	"time"

	"github.com/metertree/metertree/internal/lossless"
	"github.com/metertree/metertree/metric"
)

// maxMessage is the size at which a family goes on in another message of the
// same name. The length stands in front of a message, so this much is held in
// memory; readers of the Go library take messages of up to 4 MiB by default.
const maxMessage = 1 << 20

// protobufEncoder writes io.prometheus.client.MetricFamily messages. The
// numbers in its calls are those of the fields in metrics.proto.
type protobufEncoder struct {
	head *head
	// family is where the content of the current message starts.
	family int
	native native
}

// metricTypes are the values of the enumeration MetricType.
var metricTypes = [...]uint64{counter: 0, gauge: 1, summary: 2, unknown: 3, histogram: 4}

func (e *protobufEncoder) begin(b []byte, h *head) []byte {
	e.head = h
	b = append(b, 0)
	e.family = len(b)
	b, start := open(b, 1)
	b = append(append(b, h.name...), h.suffix...)
	b = closeMessage(b, start)
	if h.help != "" {
		b, start = open(b, 2)
		b = append(append(b, h.lead...), strings.ToValidUTF8(h.help, lossless.Replacement)...)
		b = closeMessage(b, start)
	}
	b = appendVarint(b, 3, metricTypes[h.shape])
	name := h.name
	if h.shape == counter {
		name = strings.TrimSuffix(name, "_total")
	}
	if h.hasUnit(name) {
		b = appendString(b, 5, h.unit)
	}
	return b
}

func (e *protobufEncoder) end(b []byte) []byte { return closeMessage(b, e.family) }

func (e *protobufEncoder) suspend(b []byte) []byte { return e.end(b) }
func (e *protobufEncoder) resume(b []byte) []byte  { return e.begin(b, e.head) }
func (*protobufEncoder) limit() int                { return maxMessage }
func (*protobufEncoder) finish(b []byte) []byte    { return b }
func (e *protobufEncoder) reset()                  { e.head = nil }

// Where Metric has the value of each type, and the value the number.
var valueFields = [...]int{gauge: 2, counter: 3, unknown: 5}

func (e *protobufEncoder) number(b []byte, p *metric.Point, extra label) []byte {
	b, start := open(b, 4)
	b = appendLabelPairs(b, p.Labels.String())
	if extra.name != "" {
		b = appendPair(b, extra.name, extra.value)
	}
	b, value := open(b, valueFields[e.head.shape])
	v := p.Float
	if e.head.whole {
		v = float64(p.Int)
	}
	b = appendDouble(b, 1, v)
	if e.head.shape == counter {
		b = appendCreated(b, 3, p.Start)
	}
	return closeMessage(closeMessage(b, value), start)
}

func (e *protobufEncoder) totals(b []byte, t *totals) []byte {
	b, start := open(b, 4)
	b = appendLabelPairs(b, t.labels)
	b, value := open(b, 4)
	b = appendVarint(b, 1, t.count)
	b = appendDouble(b, 2, t.sum)
	b = appendCreated(b, 4, t.start)
	return closeMessage(closeMessage(b, value), start)
}

func (e *protobufEncoder) histogram(b []byte, d *distribution) []byte {
	b, start := open(b, 4)
	b = appendLabelPairs(b, d.labels)
	b, value := open(b, 7)
	b = appendVarint(b, 1, d.explicit.Count())
	b = appendDouble(b, 2, d.explicit.Sum)
	b = appendBuckets(b, d)
	if d.exponential != nil {
		b = e.native.append(b, d)
	}
	b = appendCreated(b, 15, d.start)
	return closeMessage(closeMessage(b, value), start)
}

// appendBuckets writes explicit buckets with their cumulative counts, the last
// one too.
func appendBuckets(b []byte, d *distribution) []byte {
	var cumulative uint64
	for i, n := range d.explicit.Counts {
		cumulative += n
		var bucket int
		b, bucket = open(b, 3)
		b = appendVarint(b, 1, cumulative)
		b = appendDouble(b, 2, upperBound(&d.explicit, i))
		if i < len(d.exemplars) && d.exemplars[i] != nil {
			b = appendExemplarMessage(b, 3, d.exemplars[i])
		}
		b = closeMessage(b, bucket)
	}
	return b
}

func appendCreated(b []byte, field int, start time.Time) []byte {
	if start.IsZero() {
		return b
	}
	return appendTimestamp(b, field, start)
}

func appendExemplarMessage(b []byte, field int, e *metric.Exemplar) []byte {
	trace, span, ok := exemplarLabels(e)
	if !ok {
		return b
	}
	b, start := open(b, field)
	b = appendRawPair(b, traceKey, trace)
	if span != "" {
		b = appendRawPair(b, spanKey, span)
	}
	b = appendDouble(b, 2, e.Value)
	if !e.Time.IsZero() {
		b = appendTimestamp(b, 3, e.Time)
	}
	return closeMessage(b, start)
}

// appendLabelPairs writes the labels of an encoded set.
func appendLabelPairs(b []byte, labels string) []byte {
	for labels != "" {
		name, rest, found := strings.Cut(labels, `="`)
		if !found {
			return b
		}
		end := closingQuote(rest)
		b = appendPair(b, name, rest[:end])
		labels = strings.TrimPrefix(rest[min(end+1, len(rest)):], ",")
	}
	return b
}

// closingQuote returns the position of the first quote that is not escaped.
func closingQuote(s string) int {
	for from := 0; ; {
		at := strings.IndexByte(s[from:], '"')
		if at < 0 {
			return len(s)
		}
		at += from
		slashes := 0
		for slashes < at && s[at-1-slashes] == '\\' {
			slashes++
		}
		if slashes%2 == 0 {
			return at
		}
		from = at + 1
	}
}

// appendPair writes a LabelPair, given the value as a label set has it.
func appendPair(b []byte, name, escaped string) []byte {
	b, pair := open(b, 1)
	b = appendString(b, 1, name)
	b, value := open(b, 2)
	b = lossless.Append(b, escaped)
	if strings.IndexByte(escaped, '\\') >= 0 {
		b = b[:value+len(unescape(b[value:]))]
	}
	return closeMessage(closeMessage(b, value), pair)
}

// appendRawPair writes a LabelPair, given the value itself.
func appendRawPair(b []byte, name, raw string) []byte {
	b, pair := open(b, 1)
	b = appendString(b, 1, name)
	b, value := open(b, 2)
	b = lossless.Append(b, raw)
	return closeMessage(closeMessage(b, value), pair)
}

func upperBound(h *metric.HistogramPoint, bucket int) float64 {
	if bucket < len(h.Bounds) {
		return h.Bounds[bucket]
	}
	return math.Inf(1)
}
