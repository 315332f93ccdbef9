package remotewrite

import (
	"fmt"
	"maps"
	"math"
	"net/http"
	"slices"
	"strings"

	"github.com/klauspost/compress/snappy"
	writev2 "github.com/prometheus/client_golang/exp/api/remote/genproto/v2"
	"google.golang.org/protobuf/encoding/protowire"
)

// sample is a series with its one sample, as a reader sees it.
type sample struct {
	labels      map[string]string
	value       float64
	time, start int64
	native      *histogram
	exemplars   []string
	kind        metricType
	help, unit  string
}

// histogram is a native one: the counts of its buckets by their number.
type histogram struct {
	schema             int32
	count, zero        uint64
	sum, threshold     float64
	positive, negative map[int32]int64
	gauge              bool
}

// series identifies a sample's series, as expositions write it.
func (s sample) series() string { return format(s.labels) }

func format(labels map[string]string) string {
	var b strings.Builder
	b.WriteString(labels[nameLabel])
	separator := "{"
	for _, name := range slices.Sorted(maps.Keys(labels)) {
		if name != nameLabel {
			fmt.Fprintf(&b, "%s%s=%q", separator, name, labels[name])
			separator = ","
		}
	}
	if separator == "," {
		b.WriteString("}")
	}
	return b.String()
}

func (s sample) stale() bool {
	v := s.value
	if s.native != nil {
		v = s.native.sum
	}
	return math.Float64bits(v) == math.Float64bits(staleNaN)
}

// described is metadata of version 1.
type described struct {
	name, help, unit string
	kind             metricType
}

// written is what a request holds.
type written struct {
	version   Version
	header    http.Header
	size      int
	samples   []sample
	described []described
}

func decodeRequest(r *http.Request, body []byte) (w written, err error) {
	message, err := snappy.Decode(nil, body)
	if err != nil {
		return w, err
	}
	w.header, w.size, w.version = r.Header, len(message), Version1
	if strings.Contains(r.Header.Get("Content-Type"), "proto=io.prometheus.write.v2.Request") {
		w.version = Version2
		w.samples, err = decode2(message)
		return w, err
	}
	return w, w.decode1(message)
}

// decode2 reads version 2 by the types that Prometheus generates.
func decode2(message []byte) (samples []sample, err error) {
	var request writev2.Request
	if err := request.UnmarshalVT(message); err != nil {
		return nil, err
	}
	if len(request.Symbols) == 0 || request.Symbols[0] != "" {
		return nil, fmt.Errorf("the first symbol is not the empty one: %q", request.Symbols)
	}
	for _, ts := range request.Timeseries {
		labels, err := labelsOf(writev2.DesymbolizeLabels(ts.LabelsRefs, request.Symbols, nil))
		if err != nil {
			return nil, err
		}
		s := sample{labels: labels, kind: metricType(ts.Metadata.Type),
			help: request.Symbols[ts.Metadata.HelpRef], unit: request.Symbols[ts.Metadata.UnitRef]}
		for _, x := range ts.Exemplars {
			l := writev2.DesymbolizeLabels(x.LabelsRefs, request.Symbols, nil)
			s.exemplars = append(s.exemplars, fmt.Sprint(l, x.Value, x.Timestamp))
		}
		if len(ts.Samples)+len(ts.Histograms) != 1 {
			return nil, fmt.Errorf("%v has %d samples and %d histograms", labels, len(ts.Samples), len(ts.Histograms))
		}
		for _, v := range ts.Samples {
			s.value, s.time = v.Value, v.Timestamp
			s.start = unknownVarint(v.ProtoReflect().GetUnknown(), 3)
		}
		for _, h := range ts.Histograms {
			s.time = h.Timestamp
			s.start = unknownVarint(h.ProtoReflect().GetUnknown(), histogramStart)
			s.native = &histogram{schema: h.Schema, count: h.GetCountInt(), zero: h.GetZeroCountInt(), sum: h.Sum, threshold: h.ZeroThreshold,
				positive: bucketsOf(h.PositiveSpans, h.PositiveDeltas), negative: bucketsOf(h.NegativeSpans, h.NegativeDeltas),
				gauge: h.ResetHint == writev2.Histogram_RESET_HINT_GAUGE}
		}
		samples = append(samples, s)
	}
	return samples, nil
}

// labelsOf checks that labels are in order, and none of them empty.
func labelsOf(pairs []string) (map[string]string, error) {
	labels := map[string]string{}
	for i := 0; i < len(pairs); i += 2 {
		if i > 0 && pairs[i] <= pairs[i-2] || pairs[i] == "" || pairs[i+1] == "" {
			return nil, fmt.Errorf("labels are not in order, or empty: %q", pairs)
		}
		labels[pairs[i]] = pairs[i+1]
	}
	return labels, nil
}

func bucketsOf(spans []*writev2.BucketSpan, deltas []int64) map[int32]int64 {
	counts := map[int32]int64{}
	at, count := int32(0), int64(0)
	for _, span := range spans {
		at += span.Offset
		for range span.Length {
			count += deltas[0]
			deltas = deltas[1:]
			if count != 0 {
				counts[at] = count
			}
			at++
		}
	}
	if len(deltas) > 0 {
		counts[math.MaxInt32] = -1
	}
	return counts
}

// unknownVarint reads a field that the generated types do not have yet.
func unknownVarint(b []byte, field protowire.Number) (value int64) {
	_ = eachField(b, func(number protowire.Number, v uint64, _ []byte) error {
		if number == field {
			value = int64(v)
		}
		return nil
	})
	return value
}

// eachField reads the fields of a message.
func eachField(b []byte, use func(number protowire.Number, v uint64, bytes []byte) error) error {
	for len(b) > 0 {
		number, kind, n := protowire.ConsumeTag(b)
		if n < 0 {
			return protowire.ParseError(n)
		}
		b = b[n:]
		var v uint64
		var content []byte
		switch kind {
		case protowire.VarintType:
			v, n = protowire.ConsumeVarint(b)
		case protowire.Fixed64Type:
			v, n = protowire.ConsumeFixed64(b)
		case protowire.BytesType:
			content, n = protowire.ConsumeBytes(b)
		default:
			return fmt.Errorf("field %d has wire type %d", number, kind)
		}
		if n < 0 {
			return protowire.ParseError(n)
		}
		b = b[n:]
		if err := use(number, v, content); err != nil {
			return err
		}
	}
	return nil
}

// decode1 reads version 1, whose types no small module has.
func (w *written) decode1(message []byte) error {
	return eachField(message, func(number protowire.Number, _ uint64, b []byte) error {
		switch number {
		case 1:
			s, err := series1(b)
			w.samples = append(w.samples, s)
			return err
		case 3:
			d := described{}
			err := eachField(b, func(number protowire.Number, v uint64, b []byte) error {
				switch number {
				case 1:
					d.kind = metricType(v)
				case 2:
					d.name = string(b)
				case 4:
					d.help = string(b)
				case 5:
					d.unit = string(b)
				}
				return nil
			})
			w.described = append(w.described, d)
			return err
		}
		return fmt.Errorf("a write request has no field %d", number)
	})
}

func series1(b []byte) (s sample, err error) {
	var pairs []string
	err = eachField(b, func(number protowire.Number, _ uint64, b []byte) error {
		switch number {
		case 1:
			pair, err := pair1(b)
			pairs = append(pairs, pair...)
			return err
		case 2:
			return eachField(b, func(number protowire.Number, v uint64, _ []byte) error {
				switch number {
				case 1:
					s.value = math.Float64frombits(v)
				case 2:
					s.time = int64(v)
				default:
					return fmt.Errorf("a sample has no field %d", number)
				}
				return nil
			})
		case 3:
			return s.exemplar1(b)
		case 4:
			// The fields are those of version 2.
			h := new(writev2.Histogram)
			if err := h.UnmarshalVT(b); err != nil {
				return err
			}
			s.time = h.Timestamp
			s.native = &histogram{schema: h.Schema, count: h.GetCountInt(), zero: h.GetZeroCountInt(), sum: h.Sum, threshold: h.ZeroThreshold,
				positive: bucketsOf(h.PositiveSpans, h.PositiveDeltas), negative: bucketsOf(h.NegativeSpans, h.NegativeDeltas),
				gauge: h.ResetHint == writev2.Histogram_RESET_HINT_GAUGE}
			return nil
		}
		return fmt.Errorf("a series has no field %d", number)
	})
	if err != nil {
		return s, err
	}
	s.labels, err = labelsOf(pairs)
	return s, err
}

func pair1(b []byte) ([]string, error) {
	pair := make([]string, 2)
	err := eachField(b, func(number protowire.Number, _ uint64, b []byte) error {
		pair[number-1] = string(b)
		return nil
	})
	return pair, err
}

func (s *sample) exemplar1(b []byte) error {
	var labels []string
	var value float64
	var at int64
	err := eachField(b, func(number protowire.Number, v uint64, b []byte) error {
		switch number {
		case 1:
			pair, err := pair1(b)
			labels = append(labels, pair...)
			return err
		case 2:
			value = math.Float64frombits(v)
		case 3:
			at = int64(v)
		}
		return nil
	})
	s.exemplars = append(s.exemplars, fmt.Sprint(labels, value, at))
	return err
}
