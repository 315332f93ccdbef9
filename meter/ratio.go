package meter

import (
	"fmt"
	"slices"

	"github.com/metertree/metertree/metric"
	"github.com/metertree/metertree/registry"
)

// Additive is an instrument that a ratio can divide: a Counter, FloatCounter,
// UpDownCounter or Histogram, or the typed form of one. Of a histogram the count
// is divided. Gauges are not among them, because a sum of them means nothing in
// general.
type Additive interface {
	additive() *registry.Instrument
}

func (c Counter) additive() *registry.Instrument            { return c.instrument }
func (c FloatCounter) additive() *registry.Instrument       { return c.instrument }
func (c UpDownCounter) additive() *registry.Instrument      { return c.instrument }
func (h Histogram) additive() *registry.Instrument          { return h.instrument }
func (c CounterOf[L]) additive() *registry.Instrument       { return c.counter.instrument }
func (c FloatCounterOf[L]) additive() *registry.Instrument  { return c.counter.instrument }
func (c UpDownCounterOf[L]) additive() *registry.Instrument { return c.counter.instrument }
func (h HistogramOf[L]) additive() *registry.Instrument     { return h.histogram.instrument }

// RatioOption declares something about a ratio. Help and Role are such, too.
type RatioOption interface {
	applyRatio(*metric.Ratio)
}

// SharedOption is for instruments as well as for ratios.
type SharedOption interface {
	Option
	RatioOption
}

type ratioOptionFunc func(*metric.Ratio)

func (f ratioOptionFunc) applyRatio(r *metric.Ratio) { f(r) }

// Where narrows the numerator to the series whose label has one of the values; ""
// is a label that is not set.
func Where(label string, values ...string) RatioOption {
	values = slices.Clone(values)
	return ratioOptionFunc(func(r *metric.Ratio) {
		r.Numerator.Matchers = r.Numerator.Matchers.With(label, values...)
	})
}

// Among narrows the denominator to the series whose label has one of the values,
// such as hits and misses where a lookup can also fail.
func Among(label string, values ...string) RatioOption {
	values = slices.Clone(values)
	return ratioOptionFunc(func(r *metric.Ratio) {
		r.Denominator.Matchers = r.Denominator.Matchers.With(label, values...)
	})
}

// Ratio declares how much of an instrument's sum a part of it is, which Where
// tells. It has the scope's segments in its name; the scope's labels play no
// part, for the ratio is one of all series of the metric. Among narrows what it is
// a part of. Declaring it again changes nothing.
//
// It fails if nothing narrows the numerator, if the instrument has no label that
// is selected by, or if the name is that of a metric or of another ratio. On a
// scope without a registry it does nothing; of an instrument that records nothing
// it only checks what is given here.
func Ratio(s Scope, name string, of Additive, options ...RatioOption) error {
	if s.registry == nil {
		return nil
	}
	r := s.ratio(name, options)
	for _, whole := range r.Denominator.Matchers {
		if _, narrower := r.Numerator.Matchers.On(whole.Label); !narrower {
			r.Numerator.Matchers = r.Numerator.Matchers.With(whole.Label, whole.Values...)
		}
	}
	if r.Form() != metric.SelectorRatio {
		return fmt.Errorf("ratio %s: Where selects %s, which is not all among %s: give Where some of the values of Among",
			r.Name, r.Numerator.Matchers, r.Denominator.Matchers)
	}
	return s.defineRatio(r, of.additive(), of.additive())
}

// RatioOf declares a ratio of two instruments, of one registry with the scope. It
// can be expanded by the labels that both have and none is selected by. Where
// narrows the numerator, and Among the denominator. Otherwise it is as Ratio.
func RatioOf(s Scope, name string, numerator, denominator Additive, options ...RatioOption) error {
	if s.registry == nil {
		return nil
	}
	r := s.ratio(name, options)
	r.Denominator.Metric = another
	return s.defineRatio(r, numerator.additive(), denominator.additive())
}

// These stand for metrics whose names are not known.
const one, another = "_", "__"

// ratio returns what is declared, as one of a single metric.
func (s Scope) ratio(name string, options []RatioOption) metric.Ratio {
	r := metric.Ratio{Name: s.Name(name), Scope: s.segments}
	r.Numerator.Metric, r.Denominator.Metric = one, one
	for _, o := range options {
		o.applyRatio(&r)
	}
	return r
}

// defineRatio registers a ratio of two instruments, or only validates it if one
// of them records nothing.
func (s Scope) defineRatio(r metric.Ratio, numerator, denominator *registry.Instrument) error {
	if !compiled || numerator == nil || denominator == nil {
		return r.Validate()
	}
	r.Numerator.Metric, r.Denominator.Metric = numerator.Name(), denominator.Name()
	return s.registry.DefineRatio(r)
}
