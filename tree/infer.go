package tree

import (
	"sort"
	"strings"
)

// Assemble groups stored series names into families: the bucket, sum and count
// series of a histogram become one family, as do the parts of a summary. counts
// holds the number of series under each stored name; meta holds declarations by
// the name they were declared under. What is not declared is inferred from the
// names and marked so. The result is sorted by name.
func Assemble(counts map[string]int, meta map[string]Metadata) []Family {
	a := assembler{counts: counts, meta: meta, families: make(map[string]*Family)}
	names := make([]string, 0, len(counts))
	for name := range counts {
		names = append(names, name)
	}
	sort.Strings(names)
	for _, name := range names {
		a.add(name)
	}
	out := make([]Family, 0, len(a.families))
	for _, f := range a.families {
		complete(f)
		out = append(out, *f)
	}
	sort.Slice(out, func(i, j int) bool { return out[i].Name < out[j].Name })
	return out
}

type assembler struct {
	counts   map[string]int
	meta     map[string]Metadata
	families map[string]*Family
}

func (a assembler) add(name string) {
	family, md := a.place(name)
	f := a.families[family]
	if f == nil {
		f = &Family{Name: family, Kind: md.Kind, Unit: md.Unit, Help: md.Help, Fold: md.Fold, Role: md.Role, Axes: md.Axes}
		a.families[family] = f
	}
	f.Parts = append(f.Parts, name)
	f.Series += a.counts[name]
}

// place finds the family a stored name belongs to and what is declared about it.
func (a assembler) place(name string) (string, Metadata) {
	if md, ok := a.meta[name]; ok && md.Kind != KindUnknown {
		return name, md
	}
	for _, suffix := range [...]string{"_bucket", "_sum", "_count", "_created"} {
		base, ok := strings.CutSuffix(name, suffix)
		if !ok || base == "" {
			continue
		}
		if md := a.meta[base]; md.Kind.Observes() {
			return base, md
		}
		if kind := a.observed(base); kind != KindUnknown && suffix != "_created" {
			md := a.meta[base]
			md.Kind = KindUnknown // stays marked as inferred; complete works it out again
			return base, md
		}
	}
	if base, ok := strings.CutSuffix(name, "_created"); ok && a.meta[base].Kind == KindCounter && a.counts[base+"_total"] > 0 {
		return base + "_total", a.meta[base]
	}
	// OpenMetrics declares a counter or an info without the suffix of its series.
	for _, suffix := range [...]string{"_total", "_info"} {
		if base, ok := strings.CutSuffix(name, suffix); ok {
			if md, ok := a.meta[base]; ok && md.Kind != KindUnknown {
				return name, md
			}
		}
	}
	return name, a.meta[name]
}

// observed infers from the stored names whether base is a histogram or summary.
func (a assembler) observed(base string) Kind {
	if a.counts[base+"_count"] == 0 || a.counts[base+"_sum"] == 0 {
		return KindUnknown
	}
	if kind := a.meta[base].Kind; kind != KindUnknown && !kind.Observes() {
		return KindUnknown // declared to be something else
	}
	if a.counts[base+"_bucket"] > 0 {
		return KindHistogram
	}
	if _, gauge := a.meta[base+"_count"]; gauge {
		return KindUnknown // declared on its own, so not a part
	}
	return KindSummary
}

// complete infers what a family does not declare.
func complete(f *Family) {
	if f.Kind == KindGauge && strings.HasSuffix(f.Name, "_info") {
		f.Kind, f.Inferred.Kind = KindInfo, true // text format 0.0.4 has no type of its own for it
	}
	if f.Kind == KindUnknown {
		f.Kind = inferKind(*f)
		f.Inferred.Kind = true
	}
	if f.Unit == "" {
		f.Unit = inferUnit(f.Name)
		f.Inferred.Unit = f.Unit != ""
	}
	switch f.Kind {
	case KindCounter, KindHistogram, KindSummary:
		f.Fold = FoldSum
	case KindInfo:
		f.Fold = FoldSum
	default:
		if f.Fold == FoldUndeclared {
			f.Fold = inferFold(f.Name, f.Unit)
			f.Inferred.Fold = true
		}
	}
}

func inferKind(f Family) Kind {
	switch {
	case f.HasPart("_bucket"):
		return KindHistogram
	case f.HasPart("_count") && f.HasPart("_sum"):
		return KindSummary
	case strings.HasSuffix(f.Name, "_total"):
		return KindCounter
	case strings.HasSuffix(f.Name, "_info"):
		return KindInfo
	default:
		return KindGauge
	}
}

// UnitTimestamp is the unit of a gauge that holds a moment, in Unix seconds.
const UnitTimestamp = "timestamp"

var unitSuffixes = [...]string{
	"seconds", "milliseconds", "microseconds", "nanoseconds", "bytes", "bits", "ratio", "percent",
	"celsius", "volts", "amperes", "watts", "joules", "hertz", "meters", "grams",
}

// inferUnit reads the unit from the end of a name.
func inferUnit(name string) string {
	name = strings.TrimSuffix(name, "_total")
	for _, s := range [...]string{"_timestamp_seconds", "_time_seconds", "_timestamp", "_created"} {
		if strings.HasSuffix(name, s) && !strings.HasSuffix(name, "_cpu_time_seconds") {
			return UnitTimestamp
		}
	}
	for _, u := range unitSuffixes {
		if strings.HasSuffix(name, "_"+u) {
			return u
		}
	}
	return ""
}

// inferFold guesses how a gauge that declares nothing folds. Sizes and counts
// add up; shares, temperatures and moments do not.
func inferFold(name, unit string) Fold {
	switch unit {
	case UnitTimestamp:
		return FoldMax
	case "ratio", "percent":
		return FoldAvg
	case "celsius", "hertz", "volts":
		return FoldMax
	}
	for _, s := range [...]string{"_max", "_limit", "_peak", "_age_seconds", "_lag_seconds"} {
		if strings.HasSuffix(name, s) {
			return FoldMax
		}
	}
	for _, s := range [...]string{"up", "_up", "_healthy", "_ready", "_success", "_min"} {
		if name == s || (s[0] == '_' && strings.HasSuffix(name, s)) {
			return FoldMin
		}
	}
	return FoldSum
}
