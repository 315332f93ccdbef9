package remotewrite

import (
	"math"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/metertree/metertree/internal/lossless"
	"github.com/metertree/metertree/metric"
)

const (
	nameLabel   = "__name__"
	bucketLabel = "le"
)

// part is one of the series that a point is written as.
type part uint8

const (
	partValue part = iota
	// partNative is a native histogram, which has the bare name too.
	partNative
	partBucket
	partSum
	partCount
	partMin
	partMax
	parts
)

var suffixes = [parts]string{partBucket: "_bucket", partSum: "_sum", partCount: "_count", partMin: "_min", partMax: "_max"}

// metricType is a type as both versions of the protocol number them.
type metricType uint8

const (
	typeUnknown metricType = iota
	typeCounter
	typeGauge
	typeHistogram
	typeGaugeHistogram
	typeSummary
)

// plan is what all series of a family have in common. Requests refer to it, so
// it is not written once it is made.
type plan struct {
	name       string
	names      [parts]string
	types      [parts]metricType
	help, unit string
	kept       metric.Aggregation
	keys       []string
	slots      []slot
	delta      bool
	// whole says that values are in Point.Int.
	whole bool
	kind  metric.Kind
}

// slot is a label. The key is that of its value, or one of these.
type slot struct {
	name, value string
	key         int
}

const (
	keyFixed = -1 - iota
	keyName
	keyBucket
)

func newPlan(f *metric.Family, temporality metric.Temporality, external []metric.Label) *plan {
	d := &f.Descriptor
	p := &plan{
		name: d.Name, help: strings.ToValidUTF8(d.Help, string(utf8.RuneError)), unit: d.Unit,
		kept: d.Kept(), keys: slices.Clone(f.Keys), kind: d.Kind,
		delta: temporality == metric.Delta,
		whole: d.Number == metric.Int64 && d.Kind != metric.Gauge,
	}
	for i, suffix := range suffixes {
		p.names[i] = d.Name + suffix
		p.types[i] = p.typeOf(part(i))
	}
	p.slots = append(p.slots, slot{name: nameLabel, key: keyName})
	if !slices.Contains(p.keys, bucketLabel) {
		// Also what is no histogram may have to end the buckets of one.
		p.slots = append(p.slots, slot{name: bucketLabel, key: keyBucket})
	}
	for i, key := range p.keys {
		p.slots = append(p.slots, slot{name: key, key: i})
	}
	for _, l := range external {
		if !slices.Contains(p.keys, l.Name) {
			p.slots = append(p.slots, slot{name: l.Name, value: lossless.UTF8(l.Value), key: keyFixed})
		}
	}
	slices.SortFunc(p.slots, func(a, b slot) int { return strings.Compare(a.name, b.name) })
	return p
}

// describes reports whether the plan is that of a family.
func (p *plan) describes(f *metric.Family, temporality metric.Temporality) bool {
	d := &f.Descriptor
	return p.kind == d.Kind && p.kept == d.Kept() && p.unit == d.Unit && p.delta == (temporality == metric.Delta) &&
		p.whole == (d.Number == metric.Int64 && d.Kind != metric.Gauge) &&
		p.help == strings.ToValidUTF8(d.Help, string(utf8.RuneError)) && slices.Equal(p.keys, f.Keys)
}

// typeOf returns the type of a part. What was counted in a period alone is a
// gauge to a receiver that takes counters for totals.
func (p *plan) typeOf(of part) metricType {
	buckets := p.kept == metric.ExplicitBuckets || p.kept == metric.ExponentialBuckets
	switch {
	case of == partMin || of == partMax:
		return typeGauge
	case p.kind != metric.Histogram && (p.kind != metric.Counter || p.delta):
		return typeGauge
	case p.kind != metric.Histogram:
		return typeCounter
	case buckets && p.delta:
		return typeGaugeHistogram
	case buckets:
		return typeHistogram
	case p.delta:
		return typeGauge
	}
	return typeSummary
}

// layout is the series that a point is written as. It is not written once it is
// made.
type layout struct {
	series []place
	// bounds are those of a histogram.
	bounds []float64
	// mixed says that the series are those of several layouts.
	mixed bool
}

// place is one of them: its part, and its bucket if it is one.
type place struct {
	part   part
	bucket string
}

// Layouts without buckets are the same for every family.
var (
	valueLayout    = &layout{series: []place{{part: partValue}}}
	nativeLayout   = &layout{series: []place{{part: partNative}}}
	totalsLayout   = &layout{series: []place{{part: partSum}, {part: partCount}}}
	extremesLayout = &layout{series: []place{{part: partSum}, {part: partCount}, {part: partMin}, {part: partMax}}}
)

// newLayout lays out a histogram. A bound is part of a series' identity, so it
// has the one form that other exporters give it too.
func newLayout(bounds []float64) *layout {
	l := &layout{bounds: slices.Clone(bounds)}
	for i := range len(bounds) + 1 {
		bound := math.Inf(1)
		if i < len(bounds) {
			bound = bounds[i]
		}
		l.series = append(l.series, place{partBucket, strconv.FormatFloat(bound, 'g', -1, 64)})
	}
	l.series = append(l.series, place{part: partSum}, place{part: partCount})
	return l
}

// has reports whether one of the series is at a place.
func (l *layout) has(at place) bool {
	return slices.ContainsFunc(l.series, func(own place) bool { return own.identity() == at.identity() })
}

// identity is the same for places at which series have the same labels: a number
// and a native histogram have the bare name both.
func (p place) identity() place {
	if p.part == partNative {
		p.part = partValue
	}
	return p
}

// isOf reports whether the layout is that of a histogram with the bounds.
func (l *layout) isOf(bounds []float64) bool {
	return l != nil && !l.mixed && l.series[0].part == partBucket && slices.Equal(l.bounds, bounds)
}

// with returns the series of a layout and those of another.
func (l *layout) with(other *layout) *layout {
	all := slices.Clone(other.series)
	if l != nil {
		for _, at := range l.series {
			if !other.has(at) {
				all = append(all, at)
			}
		}
	}
	if len(all) == len(other.series) {
		return other
	}
	return &layout{series: all, mixed: true}
}

// without returns the series of a layout but the one at a place: nil if there are
// no others.
func (l *layout) without(at place) *layout {
	rest := slices.DeleteFunc(slices.Clone(l.series), func(own place) bool { return own == at })
	if len(rest) == 0 {
		return nil
	}
	return &layout{series: rest, mixed: true}
}
