package inspect

import (
	"fmt"
	"slices"
	"strings"
)

// Difference is what changed from one exposition to another.
type Difference struct {
	// Before and After are how many series there were and are.
	Before int `json:"before"`
	After  int `json:"after"`
	// The lists are sorted by the metrics' names.
	Added   []Summary `json:"added"`
	Removed []Summary `json:"removed"`
	Renamed []Rename  `json:"renamed"`
	Changed []Change  `json:"changed"`
}

// Summary is a metric that only one side has.
type Summary struct {
	Metric string `json:"metric"`
	Type   string `json:"type"`
	Series int    `json:"series"`
}

// Rename is a metric that has another name.
type Rename struct {
	Old  string `json:"old"`
	New  string `json:"new"`
	Type string `json:"type"`
	// Evidence says why the two are taken for one.
	Evidence []string `json:"evidence"`

	parts []renamedPart
	units unitChange
}

// renamedPart is a sample name of a renamed metric.
type renamedPart struct{ old, new string }

// Aspect is what may change about a metric.
type Aspect string

// The aspects.
const (
	TypeOf      Aspect = "type"
	LabelsOf    Aspect = "labels"
	BucketsOf   Aspect = "buckets"
	QuantilesOf Aspect = "quantiles"
	SamplesOf   Aspect = "samples"
	UnitOf      Aspect = "unit"
	HelpOf      Aspect = "help"
	SeriesOf    Aspect = "series"
)

// Change is one aspect of a metric that both sides have. A metric that was
// renamed goes by its new name.
type Change struct {
	Metric string `json:"metric"`
	Aspect Aspect `json:"aspect"`
	Before string `json:"before"`
	After  string `json:"after"`
	// Breaking is set if queries, dashboards or alerts may no longer work, or say
	// something else.
	Breaking bool `json:"breaking"`
}

// Breaking counts what may break whoever uses the metrics: what was removed or
// renamed, and the changes marked so.
func (d Difference) Breaking() int {
	n := len(d.Removed) + len(d.Renamed)
	for _, c := range d.Changed {
		if c.Breaking {
			n++
		}
	}
	return n
}

// Diff returns what changed from an exposition to a later one.
func Diff(before, after *Exposition) Difference {
	d := Difference{Before: before.Series(), After: after.Series(), Added: []Summary{}, Removed: []Summary{}, Renamed: []Rename{}, Changed: []Change{}}
	old := byName(before)
	var gone, come []Family
	for _, f := range after.Families {
		was, had := old[f.Name]
		if !had {
			come = append(come, f)
			continue
		}
		delete(old, f.Name)
		d.Changed = append(d.Changed, changes(was, f)...)
	}
	for _, f := range before.Families {
		if _, left := old[f.Name]; left {
			gone = append(gone, f)
		}
	}
	news := byName(after)
	inUse := after.sampleNames()
	renamed := map[string]bool{}
	for _, r := range findRenames(gone, come) {
		renamed["old "+r.Old], renamed["new "+r.New] = true, true
		r.parts = slices.DeleteFunc(r.parts, func(p renamedPart) bool { return inUse[p.old] })
		d.Renamed = append(d.Renamed, r)
		d.Changed = append(d.Changed, changes(old[r.Old], news[r.New])...)
	}
	for _, f := range gone {
		if !renamed["old "+f.Name] {
			d.Removed = append(d.Removed, f.summary())
		}
	}
	for _, f := range come {
		if !renamed["new "+f.Name] {
			d.Added = append(d.Added, f.summary())
		}
	}
	slices.SortStableFunc(d.Changed, func(a, b Change) int { return strings.Compare(a.Metric, b.Metric) })
	return d
}

func byName(e *Exposition) map[string]Family {
	families := make(map[string]Family, len(e.Families))
	for _, f := range e.Families {
		families[f.Name] = f
	}
	return families
}

// sampleNames are the names of all samples.
func (e *Exposition) sampleNames() map[string]bool {
	names := map[string]bool{}
	for _, f := range e.Families {
		for _, p := range f.Parts {
			names[p.Name] = true
		}
	}
	return names
}

func (f Family) summary() Summary {
	return Summary{Metric: f.Name, Type: f.typeName(), Series: f.Series()}
}

// typeName is the type, or "untyped" if nothing declares it.
func (f Family) typeName() string {
	if f.Type == "" {
		return "untyped"
	}
	return f.Kind.String()
}

// changes compares two families aspect by aspect.
func changes(old, now Family) (list []Change) {
	add := func(aspect Aspect, before, after string, breaking bool) {
		if before != after {
			list = append(list, Change{now.Name, aspect, before, after, breaking})
		}
	}
	both := func(a, b string) bool { return a != "" && b != "" }
	add(TypeOf, old.typeName(), now.typeName(), both(old.Type, now.Type))
	add(LabelsOf, listed(old.labelNames()), listed(now.labelNames()), true)
	if old.Kind == now.Kind && old.special() != "" {
		aspect := BucketsOf
		if old.special() == "quantile" {
			aspect = QuantilesOf
		}
		add(aspect, listed(old.bounds()), listed(now.bounds()), true)
	}
	before, after := old.sampleEnds(), now.sampleEnds()
	add(SamplesOf, listed(before), listed(after), slices.ContainsFunc(before, func(end string) bool { return !slices.Contains(after, end) }))
	add(UnitOf, old.Unit, now.Unit, both(old.Unit, now.Unit))
	add(HelpOf, old.Help, now.Help, false)
	add(SeriesOf, fmt.Sprint(old.Series()), fmt.Sprint(now.Series()), false)
	return list
}

func listed(words []string) string { return strings.Join(words, ", ") }

// sampleEnds are what the names of a histogram's or summary's samples end in.
// The time of creation, which only OpenMetrics tells, is left out.
func (f Family) sampleEnds() (ends []string) {
	if f.special() == "" {
		return nil
	}
	for _, p := range f.Parts {
		if end := strings.TrimPrefix(p.Name, f.Name); end != "" && end != "_created" {
			ends = append(ends, end)
		}
	}
	return ends
}
