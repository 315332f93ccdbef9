package inspect

import (
	"cmp"
	"slices"
	"strings"

	"github.com/metertree/metertree/metric"
	"github.com/metertree/metertree/server/internal/prom"
	"github.com/metertree/metertree/tree"
)

// Exposition is what a program exposed at one instant.
type Exposition struct {
	// Families are sorted by name.
	Families []Family
}

// Family is one metric: a counter, a gauge, or all samples of a histogram.
type Family struct {
	Name string
	// Kind is the declared one or, without a declaration, inferred from the names.
	Kind tree.Kind
	// Type is as declared; empty if nothing declares it.
	Type string
	// Help and Unit are empty if nothing declares them.
	Help, Unit string
	// Parts are sorted by name: those of a histogram, or the metric itself.
	Parts []Part
}

// Part holds the series of one sample name.
type Part struct {
	Name string
	// Series are sorted by labels, and each is there once.
	Series []Series
}

// Series is one sample.
type Series struct {
	// Labels are sorted by name.
	Labels []metric.Label
	Value  float64
}

// Series returns how many series there are.
func (e *Exposition) Series() (n int) {
	for _, f := range e.Families {
		n += f.Series()
	}
	return n
}

// Series returns how many series the family has under all its names.
func (f Family) Series() (n int) {
	for _, p := range f.Parts {
		n += len(p.Series)
	}
	return n
}

// special returns the label that tells the samples of one histogram or summary
// apart; it says nothing about what is measured.
func (f Family) special() string {
	switch f.Kind {
	case tree.KindHistogram:
		return "le"
	case tree.KindSummary:
		return "quantile"
	default:
		return ""
	}
}

// labelNames returns the names of the family's labels, sorted, without the
// special one.
func (f Family) labelNames() []string {
	seen := map[string]bool{f.special(): true}
	var names []string
	for _, p := range f.Parts {
		for _, s := range p.Series {
			for _, l := range s.Labels {
				if !seen[l.Name] {
					seen[l.Name] = true
					names = append(names, l.Name)
				}
			}
		}
	}
	slices.Sort(names)
	return names
}

// Builder collects an Exposition; it is a sink for prom.ReadExposition. It is
// used by one goroutine at a time.
type Builder struct {
	types    map[string]string
	units    map[string]string
	metadata map[string]tree.Metadata
	counts   map[string]int
	series   map[string][]Series
}

// NewBuilder returns an empty builder.
func NewBuilder() *Builder {
	return &Builder{
		types: map[string]string{}, units: map[string]string{}, metadata: map[string]tree.Metadata{},
		counts: map[string]int{}, series: map[string][]Series{},
	}
}

// Declare implements prom.ExpositionSink.
func (b *Builder) Declare(d prom.Declaration) {
	known := b.metadata[d.Family]
	if d.Type != "" {
		known.Kind = tree.ParseKind(d.Type)
		b.types[d.Family] = d.Type
	}
	if d.Help != "" {
		known.Help = d.Help
	}
	if d.Unit != "" {
		known.Unit = d.Unit
		b.units[d.Family] = d.Unit
	}
	b.metadata[d.Family] = known
}

// Add implements prom.ExpositionSink.
func (b *Builder) Add(sample tree.Sample) {
	labels := make([]metric.Label, len(sample.Labels))
	for i, l := range sample.Labels {
		labels[i] = metric.Label(l)
	}
	b.counts[sample.Name]++
	b.series[sample.Name] = append(b.series[sample.Name], Series{labels, sample.Value})
}

// Build returns what was collected. The builder must not be used after.
func (b *Builder) Build() *Exposition {
	e := &Exposition{}
	for _, f := range tree.Assemble(b.counts, b.metadata) {
		family := Family{Name: f.Name, Kind: f.Kind, Help: f.Help, Type: declared(b.types, f.Name), Unit: declared(b.units, f.Name)}
		if family.Type == "unknown" || family.Type == "untyped" {
			family.Type = ""
		}
		for _, name := range f.Parts {
			family.Parts = append(family.Parts, Part{name, distinct(b.series[name])})
			delete(b.series, name)
		}
		e.Families = append(e.Families, family)
	}
	return e
}

// declared looks up what was declared of a family, which OpenMetrics does under
// a name without the suffix of its samples.
func declared(what map[string]string, family string) string {
	if found, ok := what[family]; ok {
		return found
	}
	for _, suffix := range []string{"_total", "_info"} {
		if base, ok := strings.CutSuffix(family, suffix); ok && what[base] != "" {
			return what[base]
		}
	}
	return ""
}

// distinct sorts series and keeps the first of those with the same labels, as
// Prometheus does.
func distinct(series []Series) []Series {
	slices.SortStableFunc(series, func(a, b Series) int { return compareLabels(a.Labels, b.Labels) })
	return slices.CompactFunc(series, func(a, b Series) bool { return slices.Equal(a.Labels, b.Labels) })
}

func compareLabels(a, b []metric.Label) int {
	return slices.CompareFunc(a, b, func(a, b metric.Label) int {
		return cmp.Or(strings.Compare(a.Name, b.Name), strings.Compare(a.Value, b.Value))
	})
}
