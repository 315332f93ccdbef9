package naming

import (
	"slices"
	"strings"

	"github.com/metertree/metertree/metric"
)

// Kind is what is known of the kind of a metric.
type Kind string

// The kinds of a text exposition, and UpDownCounter. The zero Kind is unknown.
const (
	Unknown       Kind = ""
	Counter       Kind = "counter"
	UpDownCounter Kind = "updowncounter"
	Gauge         Kind = "gauge"
	Histogram     Kind = "histogram"
	Summary       Kind = "summary"
	Info          Kind = "info"
	StateSet      Kind = "stateset"
)

// distribution reports whether the metric is exposed as several samples.
func (k Kind) distribution() bool { return k == Histogram || k == Summary }

// level reports whether the values may fall.
func (k Kind) level() bool { return k == Gauge || k == UpDownCounter }

// Metric is what the rules look at. What is not known stays empty, and rules
// that need it find nothing.
type Metric struct {
	// Name is the family's name: of a histogram the one without _bucket. A
	// counter's ends in _total, if its samples do.
	Name string
	Kind Kind
	Help string
	Unit string
	// Labels do not include le of a histogram and quantile of a summary.
	Labels []Label
	// Samples are the names of its samples, if they were seen.
	Samples []string
}

// Label is what is known of a label of a metric.
type Label struct {
	Name string
	// Values is the number of its different values; 0 is unknown.
	Values int
	// Some are some of its values, at best all.
	Some []string
}

// Of describes an instrument's definition.
func Of(d metric.Descriptor) Metric {
	m := Metric{Name: d.Name, Help: d.Help, Unit: d.Unit, Kind: kinds[d.Kind]}
	for _, key := range d.Keys {
		m.Labels = append(m.Labels, Label{Name: key})
	}
	for _, label := range d.Const {
		m.Labels = append(m.Labels, Label{Name: label.Name, Values: 1, Some: []string{label.Value}})
	}
	return m
}

var kinds = map[metric.Kind]Kind{
	metric.Counter:       Counter,
	metric.UpDownCounter: UpDownCounter,
	metric.Gauge:         Gauge,
	metric.Histogram:     Histogram,
}

// words are the segments of the name.
func (m Metric) words() []string { return strings.Split(m.Name, "_") }

// stem is the name without _total and, if the name ends in it, the unit.
func (m Metric) stem() string {
	stem := strings.TrimSuffix(m.Name, "_total")
	if m.Unit != "" {
		return strings.TrimSuffix(stem, "_"+m.Unit)
	}
	if at := strings.LastIndexByte(stem, '_'); at > 0 && slices.Contains(baseUnits, stem[at+1:]) {
		stem = stem[:at]
	}
	return stem
}

// labelNames returns the names of the labels, sorted.
func (m Metric) labelNames() []string {
	names := make([]string, 0, len(m.Labels))
	for _, l := range m.Labels {
		names = append(names, l.Name)
	}
	slices.Sort(names)
	return names
}
