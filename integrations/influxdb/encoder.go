package influxdb

import (
	"maps"
	"math"
	"slices"
	"strconv"
	"time"

	"github.com/metertree/metertree/export"
	"github.com/metertree/metertree/metric"
)

// encoder writes points as lines. It allocates nothing for a point, except to
// convert exponential buckets and values that needed escaping.
type encoder struct {
	options *Options
	tags    []metric.Label
	unit    time.Duration
	clock   clock

	// What follows is of the current family.
	descriptor *metric.Descriptor
	keys       []string
	start      []byte
	slots      []slot
	names      names
	buckets    bucketNames
	stamp      int64

	values []string
	// lines counts the lines written, and unwritable the values that a line
	// cannot hold.
	lines, unwritable int
	// fielded is set when the current line has a field.
	fielded bool
}

// slot is a tag: all of its text if it is the same for every point, and else the
// text up to its value, which is that of a key.
type slot struct {
	text []byte
	key  int
}

// names are the names of fields, with the comma or the space that they follow
// left out and their equals sign.
type names struct{ value, count, sum, min, max, bucket []byte }

func newEncoder(o *Options) *encoder {
	e := &encoder{options: o, unit: precisions[o.Precision].unit}
	for _, name := range slices.Sorted(maps.Keys(o.Tags)) {
		e.tags = append(e.tags, metric.Label{Name: name, Value: o.Tags[name]})
	}
	return e
}

// begin starts a batch.
func (e *encoder) begin(batch *export.Batch) {
	e.clock.set(batch, e.unit)
	e.lines, e.unwritable = 0, 0
}

// family starts a family.
func (e *encoder) family(f *metric.Family) {
	e.descriptor, e.keys = &f.Descriptor, f.Keys
	e.stamp = e.clock.of(f.Descriptor.Kind)
	name, prefix := f.Descriptor.Name, ""
	if e.options.Measurement != "" {
		name, prefix = e.options.Measurement, name
	}
	e.start = appendEscaped(e.start[:0], name, specialMeasurement)
	e.layTags()
	e.names.set(prefix)
	e.buckets.set(prefix)
}

// layTags lays out the tags in the order of their names, which the database
// takes fastest.
func (e *encoder) layTags() {
	e.slots = e.slots[:0]
	taken := func(name string) bool { return slices.Contains(e.keys, name) }
	fixed := e.tags
	add := func(name, value string, key int) {
		text := appendEscaped([]byte{','}, allowed(name, taken), special)
		text = append(text, '=')
		e.slots = append(e.slots, slot{appendEscaped(text, value, special), key})
	}
	for i, key := range e.keys {
		for len(fixed) > 0 && fixed[0].Name <= key {
			if fixed[0].Name < key && fixed[0].Value != "" {
				add(fixed[0].Name, fixed[0].Value, -1)
			}
			fixed = fixed[1:]
		}
		add(key, "", i)
	}
	for _, l := range fixed {
		if l.Value != "" {
			add(l.Name, l.Value, -1)
		}
	}
}

// set names the fields; the prefix is the metric's name if they share a
// measurement with others'.
func (n *names) set(prefix string) {
	n.value = fieldName(n.value, prefix, "")
	n.count = fieldName(n.count, prefix, "count")
	n.sum = fieldName(n.sum, prefix, "sum")
	n.min = fieldName(n.min, prefix, "min")
	n.max = fieldName(n.max, prefix, "max")
	n.bucket = fieldName(n.bucket, prefix, "bucket")
}

func fieldName(into []byte, prefix, name string) []byte {
	switch {
	case prefix == "" && name == "":
		name = "value"
	case name == "":
		name = allowed(prefix, func(string) bool { return false })
	case prefix != "":
		name = prefix + "_" + name
	}
	return append(appendEscaped(into[:0], name, special), '=')
}

// point appends the lines of a point: none if it has nothing that a line can
// hold.
func (e *encoder) point(b []byte, p *metric.Point) []byte {
	from := len(b)
	b = e.head(b, p)
	d := e.descriptor
	if d.Kind == metric.Histogram {
		return e.distribution(b, from, p)
	}
	if d.Kind != metric.Gauge && d.Number == metric.Int64 {
		b = e.integer(b, e.names.value, p.Int)
	} else {
		b = e.float(b, e.names.value, p.Float)
	}
	return e.end(b, from)
}

// head writes a line up to its fields.
func (e *encoder) head(b []byte, p *metric.Point) []byte {
	e.fielded = false
	b = append(b, e.start...)
	e.values = p.Labels.Values(e.values[:0], e.keys)
	for i := range e.slots {
		s := &e.slots[i]
		if s.key < 0 {
			b = append(b, s.text...)
		} else if value := e.values[s.key]; value != "" {
			b = append(b, s.text...)
			b = appendEscaped(b, value, special)
		}
	}
	return b
}

// end completes the line that begins at from, or takes it back if it has no
// field.
func (e *encoder) end(b []byte, from int) []byte {
	if !e.fielded {
		return b[:from]
	}
	e.lines++
	b = strconv.AppendInt(append(b, ' '), e.stamp, 10)
	return append(b, '\n')
}

func (e *encoder) field(b, name []byte) []byte {
	separator := byte(',')
	if !e.fielded {
		separator, e.fielded = ' ', true
	}
	return append(append(b, separator), name...)
}

func (e *encoder) integer(b, name []byte, v int64) []byte {
	return append(strconv.AppendInt(e.field(b, name), v, 10), 'i')
}

// count writes a count as the integer that the database has, which is signed.
func (e *encoder) count(b, name []byte, v uint64) []byte {
	return e.integer(b, name, int64(min(v, math.MaxInt64)))
}

// float writes a number unless the protocol has none like it.
func (e *encoder) float(b, name []byte, v float64) []byte {
	if math.IsNaN(v) || math.IsInf(v, 0) {
		e.unwritable++
		return b
	}
	return strconv.AppendFloat(e.field(b, name), v, 'g', -1, 64)
}
