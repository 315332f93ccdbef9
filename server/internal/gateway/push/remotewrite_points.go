package push

import (
	"fmt"
	"math"
	"strings"

	writev2 "github.com/prometheus/client_golang/exp/api/remote/genproto/v2"
	"google.golang.org/protobuf/encoding/protowire"

	"github.com/metertree/metertree/aggregate"
	"github.com/metertree/metertree/metric"
)

// samples adds the samples and the histograms of a series, whose field differs
// between the versions.
func (d *remoteWrite) samples(b []byte, histograms protowire.Number) error {
	return eachField(b, func(field protowire.Number, kind protowire.Type, _ uint64, value []byte) error {
		if kind != protowire.BytesType || field != 2 && field != histograms {
			return nil
		}
		d.batch.Points++
		if err := d.limits.points(d.batch.Points); err != nil {
			return err
		}
		if d.series.refused != nil {
			d.batch.Refused.Add(*d.series.refused)
			return nil
		}
		if field == histograms {
			return d.histogram(value)
		}
		return d.sample(value)
	})
}

func (d *remoteWrite) sample(b []byte) error {
	p := Point{Labels: d.series.labels, Start: d.series.started}
	err := eachField(b, func(field protowire.Number, _ protowire.Type, number uint64, _ []byte) error {
		switch field {
		case 1:
			p.Float = math.Float64frombits(number)
		case 2:
			p.Time = nanos(int64(number))
		case 3:
			p.Start = nanos(int64(number))
		}
		return nil
	})
	if err != nil {
		return err
	}
	m := d.number()
	p.Ended = math.Float64bits(p.Float) == staleNaN
	refusal, ok := checkNumber(m, &p)
	switch {
	case p.Time == 0:
		refusal, ok = Refusal{m.Name, Malformed, "a sample without a time: give it in milliseconds since 1970"}, false
	case d.series.quantile && (m.Kind == 0 || m.Kind == metric.Histogram):
		refusal, ok = Refusal{m.Name, Unmerged, "quantiles of summaries cannot be merged: use histograms"}, false
	}
	if p.Start > p.Time {
		p.Start = 0
	}
	if !ok {
		d.batch.Refused.Add(refusal)
		return nil
	}
	m.Points = append(m.Points, p)
	return nil
}

// number returns the metric to which the present series' samples belong.
func (d *remoteWrite) number() *Metric {
	kind, shape := kindOf(d.series.typ)
	if kind == metric.Histogram && hasSampleSuffix(d.series.name) {
		// Buckets, counts and sums of histograms count up, each by itself.
		kind = metric.Counter
	}
	if kind == metric.Histogram && shape == Explicit {
		kind = 0
	}
	return d.metric(kind, Number)
}

func hasSampleSuffix(name string) bool {
	return strings.HasSuffix(name, "_bucket") || strings.HasSuffix(name, "_count") || strings.HasSuffix(name, "_sum")
}

// metric returns the last metric if it is of the present series, or a new one.
func (d *remoteWrite) metric(kind metric.Kind, shape Shape) *Metric {
	list := d.source.Metrics
	if n := len(list); n > 0 && list[n-1].Name == d.series.name && list[n-1].Kind == kind && list[n-1].Shape == shape {
		return &list[n-1]
	}
	m := Metric{Name: d.series.name, Kind: kind, Shape: shape, Unit: plainUnit(d.series.unit), Help: d.limits.help(d.series.help)}
	d.source.Metrics = append(list, m)
	return &d.source.Metrics[len(list)]
}

// maxHistogram is how many bytes a native histogram may take: more than any has
// that the limits allow, and few enough to decode it before counting.
const maxHistogram = 64 << 10

// histogram reads a native histogram, whose message is the same in both versions.
func (d *remoteWrite) histogram(b []byte) error {
	refuse := func(reason Reason, cause string) error {
		d.batch.Refused.Add(Refusal{d.series.name, reason, cause})
		return nil
	}
	if len(b) > maxHistogram {
		return refuse(TooLong, fmt.Sprintf("a native histogram of %d bytes, at most %d are taken", len(b), maxHistogram))
	}
	var h writev2.Histogram
	if err := h.UnmarshalVT(b); err != nil {
		return fmt.Errorf("%w: not remote write: %w", ErrMalformed, err)
	}
	p := Point{Labels: d.series.labels, Start: d.series.started, Time: nanos(h.Timestamp)}
	p.Ended = math.Float64bits(h.Sum) == staleNaN
	if p.Start > p.Time {
		p.Start = 0
	}
	count, isInt := h.Count.(*writev2.Histogram_CountInt)
	switch {
	case p.Time == 0:
		return refuse(Malformed, "a histogram without a time: give it in milliseconds since 1970")
	case !isInt && !p.Ended:
		return refuse(Unmerged, "histograms that count in floats cannot be added up exactly: send integer histograms")
	case h.ResetHint == writev2.Histogram_RESET_HINT_GAUGE:
		return refuse(Unmerged, "gauge histograms cannot be added up: send counter histograms")
	}
	shape := Exponential
	var err error
	if h.Schema == customBuckets {
		shape = Explicit
		p.Distribution, err = customHistogram(&h, d.limits)
	} else {
		p.Distribution, err = exponentialHistogram(&h, d.limits)
	}
	if err != nil {
		return refuse(Malformed, err.Error())
	}
	if !p.Ended {
		if refusal, ok := checkDistribution(d.series.name, p.Distribution, count.CountInt, d.limits); !ok {
			d.batch.Refused.Add(refusal)
			return nil
		}
	}
	m := d.metric(metric.Histogram, shape)
	m.Points = append(m.Points, p)
	return nil
}

// customBuckets is the schema of native histograms with bounds of their own.
const customBuckets = -53

func customHistogram(h *writev2.Histogram, limits Limits) (*Distribution, error) {
	b, err := spread(h.PositiveSpans, h.PositiveDeltas, limits.Buckets)
	if err != nil {
		return nil, err
	}
	if n := len(h.CustomValues); b.First < 0 || n >= limits.Buckets || b.First+len(b.Counts) > n+1 {
		return nil, fmt.Errorf("buckets up to %d of %d bounds", b.First+len(b.Counts), n)
	}
	counts := make([]uint64, len(h.CustomValues)+1)
	copy(counts[b.First:], b.Counts)
	return &Distribution{Explicit: aggregate.ExplicitState{Bounds: h.CustomValues, Counts: counts, Sum: h.Sum}}, nil
}

func exponentialHistogram(h *writev2.Histogram, limits Limits) (*Distribution, error) {
	s := &aggregate.SketchState{Scale: int(h.Schema), Size: SketchSize, ZeroThreshold: h.ZeroThreshold, Zero: h.GetZeroCountInt(), Sum: h.Sum}
	var err error
	if s.Positive, err = spread(h.PositiveSpans, h.PositiveDeltas, limits.Buckets); err != nil {
		return nil, err
	}
	if s.Negative, err = spread(h.NegativeSpans, h.NegativeDeltas, limits.Buckets); err != nil {
		return nil, err
	}
	// A bucket has the number of its upper bound there, and of its lower here.
	s.Positive.First--
	s.Negative.First--
	return &Distribution{Exponential: s}, nil
}

// spread returns the counts of neighbouring buckets that spans and differences
// tell.
func spread(spans []*writev2.BucketSpan, deltas []int64, limit int) (aggregate.SketchBuckets, error) {
	var to aggregate.SketchBuckets
	var count int64
	for i, span := range spans {
		gap, length := int(span.Offset), int(span.Length)
		if i == 0 {
			to.First, gap = gap, 0
		}
		if gap < 0 || gap > limit || length > len(deltas) || len(to.Counts)+gap+length > limit {
			return to, fmt.Errorf("spans of buckets that overlap, or span more than %d buckets", limit)
		}
		to.Counts = append(to.Counts, make([]uint64, gap)...)
		for _, delta := range deltas[:length] {
			if count += delta; count < 0 {
				return to, fmt.Errorf("a bucket count of %d", count)
			}
			to.Counts = append(to.Counts, uint64(count))
		}
		deltas = deltas[length:]
	}
	if len(deltas) > 0 {
		return to, fmt.Errorf("%d bucket counts that no span holds", len(deltas))
	}
	return to, nil
}
