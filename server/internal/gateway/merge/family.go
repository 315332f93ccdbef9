package merge

import (
	"fmt"
	"slices"
	"strings"

	"github.com/metertree/metertree/metric"
	"github.com/metertree/metertree/server/internal/gateway/push"
)

// Reserved is what names of the gateway's own metrics begin with.
const Reserved = "metertree_gateway_"

// family is all series of one name.
type family struct {
	name, help, unit string
	kind             metric.Kind
	shape            push.Shape
	fold             metric.Fold
	// inferred says that the kind follows from the name alone.
	inferred bool
	// floats says that a value was no integer.
	floats bool
	series map[metric.LabelSet]*series
	// sorted are the series in order, or nil if there were changes.
	sorted  []*series
	streams int
}

// instant reports whether streams have a present value and no total.
func (f *family) instant() bool {
	return f.kind == metric.Gauge || f.kind == metric.UpDownCounter
}

func (f *family) descriptor() metric.Descriptor {
	d := metric.Descriptor{Name: f.name, Help: f.help, Unit: f.unit, Kind: f.kind, Fold: f.fold}
	if f.floats || f.kind == metric.Gauge {
		d.Number = metric.Float64
	}
	switch f.shape {
	case push.Exponential:
		d.Exponential = metric.ExponentialLayout{Size: push.SketchSize}
	case push.Summary:
		d.Aggregation = metric.SumAggregation
	}
	return d
}

// declaration is what metertree_metric_info or a protocol's metadata says of a
// family.
type declaration struct {
	Help, Unit string
	Kind       metric.Kind
	Shape      push.Shape
	// Fold is how a gauge is merged, if Folded.
	Fold   metric.Fold
	Folded bool
}

// maxDeclarations is how many families may be declared.
const maxDeclarations = 20_000

// declare notes what a protocol's metadata says.
func (s *State) declare(list []push.Declaration) {
	for _, from := range list {
		if d := s.declaration(from.Name); d != nil {
			d.Help, d.Unit, d.Kind, d.Shape = from.Help, from.Unit, from.Kind, from.Shape
		}
	}
}

// declaration returns the one of a name, making it if there is room.
func (s *State) declaration(name string) *declaration {
	d := s.declared[name]
	if d == nil && len(s.declared) < maxDeclarations {
		d = &declaration{}
		s.declared[name] = d
	}
	return d
}

// declareInfo notes what a series of metertree_metric_info says, from which the
// fold of a gauge is taken.
func (s *State) declareInfo(encoded string) {
	labels := push.DecodeLabels(nil, encoded)
	info, err := metric.ParseMetricInfo(func(name string) string {
		for _, l := range labels {
			if l.Name == name {
				return l.Value
			}
		}
		return ""
	})
	if err != nil || info.Kind != metric.Gauge && info.Kind != metric.UpDownCounter {
		return
	}
	fold := info.Fold
	if info.Kind == metric.UpDownCounter {
		fold = metric.FoldSum
	}
	d := s.declaration(info.Name)
	if d == nil {
		return
	}
	d.Fold, d.Folded = fold, true
	if f := s.families[info.Name]; f != nil {
		f.fold = s.foldOf(f)
	}
}

// foldOf returns how a family's instances are merged.
func (s *State) foldOf(f *family) metric.Fold {
	switch d := s.declared[f.name]; {
	case f.kind != metric.Gauge:
		return metric.FoldSum
	case strings.HasPrefix(f.name, "metertree_") && strings.HasSuffix(f.name, "_info"):
		return metric.FoldMax
	case d != nil && d.Folded:
		return d.Fold
	}
	return s.settings.GaugeFold
}

// kindOf returns the kind of a metric, and whether that is a guess.
func (s *State) kindOf(m *push.Metric) (kind metric.Kind, inferred bool) {
	if m.Kind != 0 {
		return m.Kind, false
	}
	if d := s.declared[m.Name]; d != nil && d.Shape == push.Number && d.Kind != 0 {
		return d.Kind, false
	}
	for _, suffix := range []string{"_bucket", "_count", "_sum"} {
		base, found := strings.CutSuffix(m.Name, suffix)
		if d := s.declared[base]; found && d != nil && d.Kind == metric.Histogram {
			return metric.Counter, false
		}
	}
	for _, suffix := range []string{"_total", "_bucket", "_count", "_sum"} {
		if strings.HasSuffix(m.Name, suffix) {
			return metric.Counter, true
		}
	}
	return metric.Gauge, true
}

// family returns the family of a metric, or why it cannot be in any.
func (s *State) family(m *push.Metric) (*family, push.Refusal) {
	refuse := func(reason push.Reason, format string, args ...any) (*family, push.Refusal) {
		return nil, push.Refusal{Metric: m.Name, Reason: reason, Cause: fmt.Sprintf(format, args...)}
	}
	f := s.families[m.Name]
	kind, inferred := s.kindOf(m)
	if f != nil && f.kind == kind && f.shape == m.Shape {
		s.describe(f, m)
		f.inferred = f.inferred && inferred
		return f, push.Refusal{}
	}
	if f != nil && inferred && m.Shape == push.Number && f.shape == push.Number {
		return f, push.Refusal{}
	}
	if f != nil && !f.inferred {
		return refuse(push.OtherType, "it was a %s and is pushed as a %s: give one of them another name", describe(f.kind, f.shape), describe(kind, m.Shape))
	}
	if f != nil {
		s.dropFamily(f)
	}
	switch {
	case strings.HasPrefix(m.Name, Reserved):
		return refuse(push.BadName, "names that begin with %s are the gateway's own: choose another", Reserved)
	case len(s.families) >= s.settings.Series:
		return refuse(push.SeriesLimit, "there are %d metrics, no more are taken: raise --gateway.max-series", len(s.families))
	}
	f = &family{name: m.Name, kind: kind, shape: m.Shape, inferred: inferred, series: map[metric.LabelSet]*series{}}
	for _, name := range f.descriptor().SampleNames() {
		if other := s.samples[name]; other != nil {
			return refuse(push.OtherType, "its samples would be called %s, as those of the %s %s are: rename one of them", name, describe(other.kind, other.shape), other.name)
		}
	}
	s.describe(f, m)
	f.fold = s.foldOf(f)
	s.addFamily(f)
	return f, push.Refusal{}
}

// describe keeps the first help and unit that are given.
func (s *State) describe(f *family, m *push.Metric) {
	if f.help == "" {
		f.help = m.Help
	}
	if f.unit == "" {
		f.unit = m.Unit
	}
	if d := s.declared[f.name]; d != nil && f.help == "" {
		f.help, f.unit = d.Help, d.Unit
	}
}

func describe(kind metric.Kind, shape push.Shape) string {
	switch shape {
	case push.Exponential:
		return "histogram with exponential buckets"
	case push.Summary:
		return "summary"
	}
	return kind.String()
}

func (s *State) addFamily(f *family) {
	s.families[f.name] = f
	for _, name := range f.descriptor().SampleNames() {
		s.samples[name] = f
	}
	s.sorted = nil
}

// dropFamily forgets a family with all its streams.
func (s *State) dropFamily(f *family) {
	for at := s.idle.first; at != nil; {
		next := at.links.next
		if at.family == f {
			s.remove(at)
		}
		at = next
	}
	for at := s.unseen.first; at != nil; {
		next := at.links.next
		if at.family == f {
			s.dropSeries(at)
		}
		at = next
	}
	s.release(f)
}

// release forgets a family that has nothing any more.
func (s *State) release(f *family) {
	if f.streams > 0 || len(f.series) > 0 || s.families[f.name] != f {
		return
	}
	delete(s.families, f.name)
	for _, name := range f.descriptor().SampleNames() {
		delete(s.samples, name)
	}
	s.sorted = nil
}

// order returns the families by name.
func (s *State) order() []*family {
	if s.sorted == nil {
		s.sorted = make([]*family, 0, len(s.families))
		for _, f := range s.families {
			s.sorted = append(s.sorted, f)
		}
		slices.SortFunc(s.sorted, func(a, b *family) int { return strings.Compare(a.name, b.name) })
	}
	return s.sorted
}
