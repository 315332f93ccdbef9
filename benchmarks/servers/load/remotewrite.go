package load

import (
	"math"
	"time"

	"github.com/golang/snappy"
	"google.golang.org/protobuf/encoding/protowire"
)

// Span is times at equal distances.
type Span struct {
	Begin time.Time
	Step  time.Duration
	Ticks int
}

// At is the time of a tick.
func (s Span) At(tick int) time.Time { return s.Begin.Add(time.Duration(tick) * s.Step) }

// End is the last time.
func (s Span) End() time.Time { return s.At(s.Ticks - 1) }

// Fields of prometheus.WriteRequest and its messages, in remote write 1.0.
const (
	fieldSeries = protowire.Number(1)
	fieldLabel  = protowire.Number(1)
	fieldSample = protowire.Number(2)
	fieldName   = protowire.Number(1)
	fieldText   = protowire.Number(2)
	fieldValue  = protowire.Number(1)
	fieldTime   = protowire.Number(2)
)

// RemoteWrite puts the series over a span into requests of remote write 1.0. Each
// sender has instances of its own, and a request has one sample of each of their
// series, as senders of scraped samples have it. There must be no fewer
// instances than senders.
func (p Population) RemoteWrite(s Span, senders int) Push {
	push := make(Push, senders)
	for sender := range senders {
		first, end := p.Instances*sender/senders, p.Instances*(sender+1)/senders
		labels := p.encodedLabels(first, end)
		for tick := range s.Ticks {
			body := p.appendSamples(nil, labels, first, tick, s.At(tick).UnixMilli())
			push[sender] = append(push[sender], Request{
				Body: snappy.Encode(nil, body), Samples: len(labels), Points: len(labels),
			})
		}
	}
	return push
}

// encodedLabels are the label fields of every series of some instances.
func (p Population) encodedLabels(first, end int) (all [][]byte) {
	for instance := first; instance < end; instance++ {
		for _, s := range p.each {
			b := appendLabel(nil, "__name__", s.name)
			b = appendLabel(b, "instance", Instance(instance))
			b = appendLabel(b, "job", Job)
			for _, l := range s.labels {
				b = appendLabel(b, l.name, l.value)
			}
			all = append(all, b)
		}
	}
	return all
}

func appendLabel(b []byte, name, value string) []byte {
	var l []byte
	l = protowire.AppendString(protowire.AppendTag(l, fieldName, protowire.BytesType), name)
	l = protowire.AppendString(protowire.AppendTag(l, fieldText, protowire.BytesType), value)
	return protowire.AppendBytes(protowire.AppendTag(b, fieldLabel, protowire.BytesType), l)
}

func (p Population) appendSamples(b []byte, labels [][]byte, first, tick int, at int64) []byte {
	var one, sample []byte
	for i, l := range labels {
		value := float64(p.each[i%len(p.each)].value(first+i/len(p.each), tick))
		sample = protowire.AppendFixed64(protowire.AppendTag(sample[:0], fieldValue, protowire.Fixed64Type), math.Float64bits(value))
		sample = protowire.AppendVarint(protowire.AppendTag(sample, fieldTime, protowire.VarintType), uint64(at))
		one = protowire.AppendBytes(protowire.AppendTag(append(one[:0], l...), fieldSample, protowire.BytesType), sample)
		b = protowire.AppendBytes(protowire.AppendTag(b, fieldSeries, protowire.BytesType), one)
	}
	return b
}
