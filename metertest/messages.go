package metertest

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
)

// selection writes what is asked for as an exposition writes a series.
func selection(name string, labels []string) string {
	if len(labels) == 0 {
		return name
	}
	parts := make([]string, 0, len(labels)/2)
	for i := 0; i+1 < len(labels); i += 2 {
		parts = append(parts, labels[i]+"="+strconv.Quote(labels[i+1]))
	}
	return name + "{" + strings.Join(parts, ",") + "}"
}

func (s *series) labelText() string {
	parts := make([]string, len(s.labels))
	for i, l := range s.labels {
		parts[i] = l.Name + "=" + strconv.Quote(l.Value)
	}
	return "{" + strings.Join(parts, ",") + "}"
}

// listed is how many metrics or series a message names.
const listed = 20

// others tells which series a metric has.
func (f *family) others() string {
	if len(f.series) == 0 {
		return fmt.Sprintf(": %s is defined, with the labels %q, and has no series yet", f.name, f.keys)
	}
	return fmt.Sprintf("; %s has\n%s", f.name, listSeries(f.series))
}

func listSeries(all []*series) string {
	var b strings.Builder
	for i, s := range all {
		if i == listed {
			fmt.Fprintf(&b, "\t… and %d more\n", len(all)-listed)
			break
		}
		value := strconv.FormatFloat(s.value, 'g', -1, 64)
		if s.hist.Count > 0 {
			value = fmt.Sprintf("%d values, in all %v", s.hist.Count, s.hist.Sum)
		}
		fmt.Fprintf(&b, "\t%s %s\n", s.labelText(), value)
	}
	return strings.TrimSuffix(b.String(), "\n")
}

// similar names the metrics there are, those whose names have the most in common
// first.
func (r *Readings) similar(name string) string {
	names := slices.DeleteFunc(slices.Sorted(maps.Keys(r.families)), func(other string) bool { return strings.HasPrefix(other, "metertree_") })
	if len(names) == 0 {
		return ": nothing is defined in this scope: hand Metrics.Scope to the code under test"
	}
	slices.SortStableFunc(names, func(a, b string) int { return common(b, name) - common(a, name) })
	var b strings.Builder
	b.WriteString("; there are")
	for i, other := range names {
		if i == listed {
			fmt.Fprintf(&b, "\n\t… and %d more", len(names)-listed)
			break
		}
		fmt.Fprintf(&b, "\n\t%s", described(r.families[other]))
	}
	return b.String()
}

// common counts the runs of three letters of one name that are in the other.
func common(one, other string) (n int) {
	for i := range max(len(one)-2, 0) {
		if strings.Contains(other, one[i:i+3]) {
			n++
		}
	}
	return n
}

func described(f *family) string {
	if len(f.keys) == 0 {
		return fmt.Sprintf("%s (%s)", f.name, f.kind)
	}
	return fmt.Sprintf("%s{%s} (%s)", f.name, strings.Join(f.keys, ","), f.kind)
}
