package push

import (
	"fmt"
	"math"
	"strings"

	"google.golang.org/protobuf/encoding/protowire"

	"github.com/metertree/metertree/metric"
)

// remoteWrite is a request of Prometheus remote write being turned into a batch.
// Its messages are read where they lie: nothing is made of them but points, which
// are limited.
type remoteWrite struct {
	limits  Limits
	batch   *Batch
	source  Source
	symbols []string
	arena   []byte
	labels  []metric.Label
	series  series
}

// series is one time series of a request.
type series struct {
	name    string
	labels  []byte
	started int64
	typ     uint64
	help    string
	unit    string
	// refused says that its labels cannot be taken.
	refused *Refusal
	// quantile says that it is the quantile of a summary.
	quantile bool
}

// staleNaN marks the end of a series.
const staleNaN = 0x7ff0000000000002

func decodeRemoteWrite(body []byte, limits Limits, version func(*remoteWrite, []byte) error) (*Batch, error) {
	d := remoteWrite{limits: limits, batch: &Batch{}, source: Source{Identity: "remote write"}}
	if err := version(&d, body); err != nil {
		return nil, err
	}
	if len(d.source.Metrics) > 0 {
		d.batch.Sources = append(d.batch.Sources, d.source)
	}
	return d.batch, nil
}

// eachField calls take with each field: number for varints and fixed ones, value
// for what has a length.
func eachField(b []byte, take func(field protowire.Number, kind protowire.Type, number uint64, value []byte) error) error {
	for len(b) > 0 {
		field, kind, n := protowire.ConsumeTag(b)
		if n < 0 {
			return fmt.Errorf("%w: not remote write: %w", ErrMalformed, protowire.ParseError(n))
		}
		b = b[n:]
		var number uint64
		var value []byte
		switch kind {
		case protowire.VarintType:
			number, n = protowire.ConsumeVarint(b)
		case protowire.Fixed64Type:
			number, n = protowire.ConsumeFixed64(b)
		case protowire.BytesType:
			value, n = protowire.ConsumeBytes(b)
		default:
			n = protowire.ConsumeFieldValue(field, kind, b)
		}
		if n < 0 {
			return fmt.Errorf("%w: not remote write: %w", ErrMalformed, protowire.ParseError(n))
		}
		if err := take(field, kind, number, value); err != nil {
			return err
		}
		b = b[n:]
	}
	return nil
}

// version1 reads a prometheus.WriteRequest.
func (d *remoteWrite) version1(body []byte) error {
	return eachField(body, func(field protowire.Number, kind protowire.Type, _ uint64, value []byte) error {
		switch {
		case field == 1 && kind == protowire.BytesType:
			return d.series1(value)
		case field == 3 && kind == protowire.BytesType:
			return d.metadata1(value)
		}
		return nil
	})
}

func (d *remoteWrite) series1(b []byte) error {
	d.labels, d.series = d.labels[:0], series{}
	err := eachField(b, func(field protowire.Number, kind protowire.Type, _ uint64, value []byte) error {
		if field != 1 || kind != protowire.BytesType {
			return nil
		}
		if len(d.labels) > 2*d.limits.Labels {
			return fmt.Errorf("%w: a series with more than %d labels: drop some", ErrTooLarge, 2*d.limits.Labels)
		}
		var l metric.Label
		err := eachField(value, func(field protowire.Number, _ protowire.Type, _ uint64, value []byte) error {
			switch field {
			case 1:
				l.Name = string(value)
			case 2:
				l.Value = string(value)
			}
			return nil
		})
		d.labels = append(d.labels, l)
		return err
	})
	if err != nil {
		return err
	}
	d.identify()
	return d.samples(b, 4)
}

// metadata1 reads a prometheus.MetricMetadata.
func (d *remoteWrite) metadata1(b []byte) error {
	var to Declaration
	var typ uint64
	err := eachField(b, func(field protowire.Number, _ protowire.Type, number uint64, value []byte) error {
		switch field {
		case 1:
			typ = number
		case 2:
			to.Name = string(value)
		case 4:
			to.Help = d.limits.help(string(value))
		case 5:
			to.Unit = plainUnit(string(value))
		}
		return nil
	})
	to.Kind, to.Shape = kindOf(typ)
	if to.Kind != 0 && metric.ValidateName(to.Name) == nil && len(to.Name) <= d.limits.Name {
		d.batch.Declared = append(d.batch.Declared, to)
		return d.limits.points(len(d.batch.Declared))
	}
	return err
}

// kindOf returns what the types of both versions mean; 0 is unknown.
func kindOf(typ uint64) (metric.Kind, Shape) {
	switch typ {
	case 1:
		return metric.Counter, Number
	case 2:
		return metric.Gauge, Number
	case 3:
		return metric.Histogram, Explicit
	case 5:
		return metric.Histogram, Summary
	case 4, 6, 7: // a gauge histogram, an info and a state set are gauges
		return metric.Gauge, Number
	}
	return 0, Number
}

// version2 reads an io.prometheus.write.v2.Request. The symbols may follow what
// refers to them.
func (d *remoteWrite) version2(body []byte) error {
	d.symbols = d.symbols[:0]
	err := eachField(body, func(field protowire.Number, _ protowire.Type, _ uint64, value []byte) error {
		if field == 4 {
			d.symbols = append(d.symbols, string(value))
			return d.limits.points(len(d.symbols) / messagesPerPoint)
		}
		return nil
	})
	if err != nil {
		return err
	}
	return eachField(body, func(field protowire.Number, kind protowire.Type, _ uint64, value []byte) error {
		if field == 5 && kind == protowire.BytesType {
			return d.series2(value)
		}
		return nil
	})
}

func (d *remoteWrite) symbol(reference uint64) (string, error) {
	if reference >= uint64(len(d.symbols)) {
		return "", fmt.Errorf("%w: symbol %d of %d", ErrMalformed, reference, len(d.symbols))
	}
	return d.symbols[reference], nil
}

func (d *remoteWrite) series2(b []byte) error {
	d.labels, d.series = d.labels[:0], series{}
	var references []uint64
	err := eachField(b, func(field protowire.Number, kind protowire.Type, number uint64, value []byte) (err error) {
		switch field {
		case 1:
			references, err = d.references(references, kind, number, value)
		case 5:
			err = d.metadata2(value)
		case 6:
			d.series.started = nanos(int64(number))
		}
		return err
	})
	if err != nil {
		return err
	}
	if len(references)%2 != 0 {
		return fmt.Errorf("%w: %d references to the names and values of labels: they come in pairs", ErrMalformed, len(references))
	}
	for i := 0; i < len(references); i += 2 {
		var l metric.Label
		if l.Name, err = d.symbol(references[i]); err != nil {
			return err
		}
		if l.Value, err = d.symbol(references[i+1]); err != nil {
			return err
		}
		d.labels = append(d.labels, l)
	}
	d.identify()
	return d.samples(b, 3)
}

// references reads labels_refs, packed or not.
func (d *remoteWrite) references(to []uint64, kind protowire.Type, number uint64, packed []byte) ([]uint64, error) {
	if kind == protowire.VarintType {
		to = append(to, number)
	}
	for len(packed) > 0 && len(to) <= 4*d.limits.Labels {
		one, n := protowire.ConsumeVarint(packed)
		if n < 0 {
			return nil, fmt.Errorf("%w: not remote write: %w", ErrMalformed, protowire.ParseError(n))
		}
		to, packed = append(to, one), packed[n:]
	}
	if len(to) > 4*d.limits.Labels {
		return nil, fmt.Errorf("%w: a series with more than %d labels: drop some", ErrTooLarge, 2*d.limits.Labels)
	}
	return to, nil
}

func (d *remoteWrite) metadata2(b []byte) error {
	return eachField(b, func(field protowire.Number, _ protowire.Type, number uint64, _ []byte) (err error) {
		switch field {
		case 1:
			d.series.typ = number
		case 3:
			d.series.help, err = d.symbol(number)
		case 4:
			d.series.unit, err = d.symbol(number)
		}
		return err
	})
}

// identify takes the name from the labels and encodes the others.
func (d *remoteWrite) identify() {
	sortLabels(d.labels)
	s, kept := &d.series, d.labels[:0]
	for _, l := range d.labels {
		switch l.Name {
		case "__name__":
			s.name = l.Value
		case "quantile":
			s.quantile = true
			kept = append(kept, l)
		default:
			kept = append(kept, l)
		}
	}
	d.labels = kept
	if err := metric.ValidateName(s.name); err != nil {
		s.refused = &Refusal{brief(s.name), BadName, err.Error()}
		return
	}
	if len(s.name) > d.limits.Name {
		s.refused = &Refusal{brief(s.name), TooLong, fmt.Sprintf("the name has %d bytes, at most %d are taken: shorten it", len(s.name), d.limits.Name)}
		return
	}
	if refusal, ok := d.limits.check(s.name, d.labels); !ok {
		s.refused = &refusal
		return
	}
	from := len(d.arena)
	if cap(d.arena)-from < 1024 {
		d.arena, from = make([]byte, 0, arenaSize), 0
	}
	d.arena = AppendLabels(d.arena, d.labels)
	s.labels = d.arena[from:len(d.arena):len(d.arena)]
}

func brief(s string) string {
	if len(s) > 60 {
		return strings.ToValidUTF8(s[:60], "") + "…"
	}
	return s
}

// nanos turns milliseconds into nanoseconds; what does not fit is no time.
func nanos(millis int64) int64 {
	if millis <= 0 || millis > math.MaxInt64/1_000_000 {
		return 0
	}
	return millis * 1_000_000
}
