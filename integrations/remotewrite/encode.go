package remotewrite

import (
	"unicode/utf8"

	"github.com/metertree/metertree/internal/lossless"
	"github.com/metertree/metertree/metric"
)

// encoder writes requests. It allocates nothing once its buffers have grown,
// except for values that needed escaping.
type encoder struct {
	body, series []byte
	values       []string
	symbols      symbols
}

// encode returns a portion as a message, valid until the next call.
func (e *encoder) encode(p portion, v Version) []byte {
	e.body = e.body[:0]
	if v == Version1 {
		return e.encode1(p)
	}
	return e.encode2(p)
}

// labels calls use with each label of a series, ordered by name. Labels without a
// value are left out: to receivers they do not exist.
func (e *encoder) labels(s *entry, use func(e *encoder, name, value string)) {
	e.values = s.labels.Values(e.values[:0], s.plan.keys)
	for i := range s.plan.slots {
		slot := &s.plan.slots[i]
		value := slot.value
		switch slot.key {
		case keyFixed:
		case keyName:
			value = s.plan.names[s.place.part]
		case keyBucket:
			value = s.place.bucket
		default:
			value = lossless.UTF8(e.values[slot.key])
		}
		if value != "" {
			use(e, slot.name, value)
		}
	}
}

// Version 1: a WriteRequest has series, then metadata of families.
const (
	request1Series   = 1
	request1Metadata = 3
)

func (e *encoder) encode1(p portion) []byte {
	for i := range p.entries {
		s := &p.entries[i]
		var start int
		e.body, start = open(e.body, request1Series)
		e.labels(s, (*encoder).label1)
		if s.native >= 0 {
			var at int
			e.body, at = open(e.body, 4)
			e.body = p.natives[s.native].append(e.body, p.time, 0, s.plan.delta)
			e.body = closeMessage(e.body, at)
		} else {
			e.body = appendSample(e.body, s.value, p.time, 0)
		}
		for _, x := range p.exemplarsOf(s) {
			e.exemplar1(&x)
		}
		e.body = closeMessage(e.body, start)
	}
	for _, d := range p.described {
		var start int
		e.body, start = open(e.body, request1Metadata)
		e.body = appendVarint(e.body, 1, uint64(d.familyType()))
		e.body = appendString(e.body, 2, d.name)
		e.body = appendString(e.body, 4, d.help)
		e.body = appendString(e.body, 5, d.unit)
		e.body = closeMessage(e.body, start)
	}
	return e.body
}

// familyType is the type that a family's metadata has.
func (p *plan) familyType() metricType {
	if p.kind == metric.Histogram {
		return p.types[partSum]
	}
	return p.types[partValue]
}

func (e *encoder) label1(name, value string) {
	var at int
	e.body, at = open(e.body, 1)
	e.body = appendString(appendString(e.body, 1, name), 2, value)
	e.body = closeMessage(e.body, at)
}

func (e *encoder) exemplar1(x *metric.Exemplar) {
	var at int
	e.body, at = open(e.body, 3)
	eachLabel(x, e.label1)
	e.body = appendDouble(e.body, 2, ordinary(x.Value))
	e.body = appendVarint(e.body, 3, uint64(x.Time.UnixMilli()))
	e.body = closeMessage(e.body, at)
}

// appendSample writes the sample of a series, which is field 2 in both versions.
func appendSample(b []byte, value float64, time, start int64) []byte {
	b, at := open(b, 2)
	b = appendVarint(appendDouble(b, 1, value), 2, uint64(time))
	if start != 0 {
		b = appendVarint(b, 3, uint64(start))
	}
	return closeMessage(b, at)
}

const (
	traceKey = "trace_id"
	spanKey  = "span_id"
	// maxExemplar is how many characters the names and values of an exemplar's
	// labels may have together.
	maxExemplar = 128
)

// eachLabel calls use with the labels of an exemplar, ordered by name, within the
// limit: the span is left out first.
func eachLabel(x *metric.Exemplar, use func(name, value string)) {
	trace, span := lossless.UTF8(x.TraceID), lossless.UTF8(x.SpanID)
	size := len(traceKey) + utf8.RuneCountInString(trace)
	if span != "" && size+len(spanKey)+utf8.RuneCountInString(span) <= maxExemplar {
		use(spanKey, span)
	}
	use(traceKey, trace)
}

// shows reports whether an exemplar can be written: it must have a trace within
// the limit, and a time.
func shows(x *metric.Exemplar) bool {
	return x != nil && x.TraceID != "" && !x.Time.IsZero() &&
		len(traceKey)+utf8.RuneCountInString(lossless.UTF8(x.TraceID)) <= maxExemplar
}

// Version 2: a Request has the strings, then series that refer to them.
const (
	request2Symbols = 4
	request2Series  = 5
)

func (e *encoder) encode2(p portion) []byte {
	e.symbols.reset()
	e.series = e.series[:0]
	for i := range p.entries {
		s := &p.entries[i]
		var start, at int
		e.series, start = open(e.series, request2Series)
		e.series, at = open(e.series, 1)
		e.labels(s, (*encoder).label2)
		e.series = closeMessage(e.series, at)
		if s.native >= 0 {
			e.series, at = open(e.series, 3)
			e.series = p.natives[s.native].append(e.series, p.time, s.start, s.plan.delta)
			e.series = closeMessage(e.series, at)
		} else {
			e.series = appendSample(e.series, s.value, p.time, s.start)
		}
		for _, x := range p.exemplarsOf(s) {
			e.exemplar2(&x)
		}
		e.metadata2(s)
		e.series = closeMessage(e.series, start)
	}
	for _, symbol := range e.symbols.list {
		e.body = appendString(e.body, request2Symbols, symbol)
	}
	e.body = append(e.body, e.series...)
	return e.body
}

func (e *encoder) label2(name, value string) {
	e.series = packVarint(e.series, e.symbols.number(name))
	e.series = packVarint(e.series, e.symbols.number(value))
}

func (e *encoder) exemplar2(x *metric.Exemplar) {
	var at, list int
	e.series, at = open(e.series, 4)
	e.series, list = open(e.series, 1)
	eachLabel(x, e.label2)
	e.series = closeMessage(e.series, list)
	e.series = appendDouble(e.series, 2, ordinary(x.Value))
	e.series = appendVarint(e.series, 3, uint64(x.Time.UnixMilli()))
	e.series = closeMessage(e.series, at)
}

func (e *encoder) metadata2(s *entry) {
	var at int
	e.series, at = open(e.series, 5)
	e.series = appendVarint(e.series, 1, uint64(s.plan.types[s.place.part]))
	e.series = appendVarint(e.series, 3, e.symbols.number(s.plan.help))
	e.series = appendVarint(e.series, 4, e.symbols.number(s.plan.unit))
	e.series = closeMessage(e.series, at)
}

// symbols are the strings of a request, each once, the empty one first.
type symbols struct {
	list    []string
	numbers map[string]uint64
}

func (s *symbols) reset() {
	if s.numbers == nil {
		s.numbers = map[string]uint64{}
	}
	clear(s.numbers)
	clear(s.list)
	s.list = s.list[:0]
	s.number("")
}

func (s *symbols) number(text string) uint64 {
	n, found := s.numbers[text]
	if !found {
		n = uint64(len(s.list))
		s.list, s.numbers[text] = append(s.list, text), n
	}
	return n
}
