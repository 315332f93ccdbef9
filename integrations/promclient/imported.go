package promclient

import (
	"math"
	"strconv"
	"strings"

	dto "github.com/prometheus/client_model/go"

	"github.com/metertree/metertree/metric"
)

// shape is what a series must share with others to be given by one callback: the
// name, the kind and the keys. The rest is for the first definition.
type shape struct {
	name, help, unit string
	kind             metric.Kind
	keys             string    // joined by commas
	bounds           []float64 // of a histogram; each of its series has its own
}

// id tells shapes apart.
func (s shape) id() string { return s.name + "{" + s.keys + "}" + s.kind.String() }

// imported is one series that was gathered.
type imported struct {
	shape shape
	point importedPoint
}

// importedPoint is the value of a series.
type importedPoint struct {
	labels    []string // values, in the order of the keys
	value     float64
	histogram metric.HistogramPoint
}

// convertFamily gives the series of a family.
func convertFamily(f *dto.MetricFamily) []imported {
	var all []imported
	for _, m := range f.Metric {
		keys, values := splitLabels(m.Label)
		c := converter{family: f, keys: keys, values: values}
		switch {
		case m.Counter != nil:
			c.add("", metric.Counter, m.Counter.GetValue())
		case m.Gauge != nil:
			c.add("", metric.Gauge, m.Gauge.GetValue())
		case m.Untyped != nil:
			c.add("", metric.Gauge, m.Untyped.GetValue())
		case m.Histogram != nil && len(m.Histogram.Bucket) > 0:
			c.histogram(m.Histogram)
		case m.Histogram != nil:
			c.add("_sum", metric.Counter, m.Histogram.GetSampleSum())
			c.add("_count", metric.Counter, float64(m.Histogram.GetSampleCount()))
		case m.Summary != nil:
			c.summary(m.Summary)
		}
		all = append(all, c.out...)
	}
	return all
}

func splitLabels(pairs []*dto.LabelPair) (keys string, values []string) {
	names := make([]string, len(pairs))
	values = make([]string, len(pairs))
	for i, l := range pairs {
		names[i], values[i] = l.GetName(), l.GetValue()
	}
	return strings.Join(names, ","), values
}

// converter collects the series of one metric of a family.
type converter struct {
	family *dto.MetricFamily
	keys   string
	values []string
	out    []imported
}

func (c *converter) shape(suffix string, kind metric.Kind) shape {
	return shape{name: c.family.GetName() + suffix, help: c.family.GetHelp(), unit: c.family.GetUnit(), kind: kind, keys: c.keys}
}

func (c *converter) add(suffix string, kind metric.Kind, v float64) {
	c.out = append(c.out, imported{c.shape(suffix, kind), importedPoint{labels: c.values, value: v}})
}

func (c *converter) summary(s *dto.Summary) {
	c.add("_sum", metric.Counter, s.GetSampleSum())
	c.add("_count", metric.Counter, float64(s.GetSampleCount()))
	for _, q := range s.Quantile {
		quantile := c.shape("", metric.Gauge)
		quantile.keys = strings.TrimPrefix(c.keys+",quantile", ",")
		labels := append(c.values[:len(c.values):len(c.values)], strconv.FormatFloat(q.GetQuantile(), 'g', -1, 64))
		c.out = append(c.out, imported{quantile, importedPoint{labels: labels, value: q.GetValue()}})
	}
}

func (c *converter) histogram(h *dto.Histogram) {
	s := c.shape("", metric.Histogram)
	point := metric.HistogramPoint{Sum: h.GetSampleSum()}
	below := uint64(0)
	for _, b := range h.Bucket {
		if math.IsInf(b.GetUpperBound(), 1) {
			continue
		}
		point.Bounds = append(point.Bounds, b.GetUpperBound())
		point.Counts = append(point.Counts, b.GetCumulativeCount()-min(below, b.GetCumulativeCount()))
		below = max(below, b.GetCumulativeCount())
	}
	point.Counts = append(point.Counts, h.GetSampleCount()-min(below, h.GetSampleCount()))
	s.bounds = point.Bounds
	c.out = append(c.out, imported{s, importedPoint{labels: c.values, histogram: point}})
}
