package stdout

import (
	"strconv"
	"time"

	"github.com/metertree/metertree/export"
	"github.com/metertree/metertree/metric"
)

// writeJSON writes one line for each point and one for the batch.
func writeJSON(out *lineWriter, batch *export.Batch) {
	points := 0
	for f := range batch.Families {
		for p := range f.Points {
			points++
			if !out.line(func(b []byte) []byte { return appendPoint(b, batch, f, p) }) {
				return
			}
		}
	}
	out.line(func(b []byte) []byte {
		b = append(b, `{"type":"batch","temporality":"`...)
		b = append(b, batch.Temporality.String()...)
		b = append(b, '"')
		b = appendTime(b, "start", batch.Start)
		b = appendTime(b, "time", batch.Time)
		b = appendInt(b, "points", int64(points))
		return append(b, '}')
	})
}

func appendPoint(b []byte, batch *export.Batch, f *metric.Family, p *metric.Point) []byte {
	d := &f.Descriptor
	b = append(b, `{"type":"point","name":`...)
	b = appendString(b, d.Name)
	b = appendText(b, "kind", d.Kind.String())
	b = appendText(b, "number", d.Number.String())
	b = appendText(b, "aggregation", d.Kept().String())
	if d.Unit != "" {
		b = appendText(b, "unit", d.Unit)
	}
	start := p.Start
	if d.Kind != metric.Gauge {
		b = appendText(b, "temporality", batch.Temporality.String())
		if batch.Temporality == metric.Delta {
			start = batch.Start
		}
	}
	b = appendLabels(b, f.Keys, p.Labels)
	b = appendTime(b, "start", start)
	b = appendTime(b, "time", batch.Time)
	switch {
	case d.Kind == metric.Histogram:
		b = appendDistribution(b, d, p)
	case d.Kind != metric.Gauge && d.Number == metric.Int64:
		b = appendInt(b, "value", p.Int)
	default:
		b = appendFloat(appendName(b, "value"), p.Float)
	}
	return append(b, '}')
}

// appendLabels writes an object with a label for each key.
func appendLabels(b []byte, keys []string, labels metric.LabelSet) []byte {
	b = append(b, `,"labels":{`...)
	first := true
	for name, value := range labels.All(keys) {
		if !first {
			b = append(b, ',')
		}
		first = false
		b = appendString(b, name)
		b = append(b, ':')
		b = appendString(b, value)
	}
	return append(b, '}')
}

// appendName writes the name of a field that is not an object's first.
func appendName(b []byte, name string) []byte {
	b = append(b, ',', '"')
	b = append(b, name...)
	return append(b, '"', ':')
}

func appendText(b []byte, name, value string) []byte {
	return appendString(appendName(b, name), value)
}

func appendInt(b []byte, name string, v int64) []byte {
	return strconv.AppendInt(appendName(b, name), v, 10)
}

func appendCount(b []byte, name string, v uint64) []byte {
	return strconv.AppendUint(appendName(b, name), v, 10)
}

// appendTime writes a time in UTC unless it is not known.
func appendTime(b []byte, name string, t time.Time) []byte {
	if t.IsZero() {
		return b
	}
	b = append(appendName(b, name), '"')
	b = t.UTC().AppendFormat(b, time.RFC3339Nano)
	return append(b, '"')
}
