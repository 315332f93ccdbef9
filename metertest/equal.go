package metertest

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"
)

// Comparison says what Equal overlooks.
type Comparison interface{ apply(*comparison) }

type comparison struct {
	tolerance float64
	only      []string
}

type comparisonFunc func(*comparison)

func (f comparisonFunc) apply(c *comparison) { f(c) }

// Tolerance lets values differ by a part of the one wanted, such as 0.01 for a
// hundredth of it.
func Tolerance(part float64) Comparison {
	return comparisonFunc(func(c *comparison) { c.tolerance = part })
}

// Only compares the metrics of these names and no others. Buckets, sums and counts
// belong to their histogram. A name that ends in * stands for all that begin so.
func Only(names ...string) Comparison {
	return comparisonFunc(func(c *comparison) { c.only = append(c.only, names...) })
}

// Equal fails the test if two expositions, each in the text format or OpenMetrics,
// do not have the same series with the same values, and tells every difference. The
// order of lines and of labels, timestamps and exemplars make none. Types, units and
// help texts are compared where want has them, and so are the moments of creation
// that OpenMetrics has, in samples that end in _created.
func Equal(t TB, got, want string, how ...Comparison) {
	t.Helper()
	differences, err := Diff(got, want, how...)
	switch {
	case err != nil:
		t.Fatalf("metertest: %v", err)
	case differences != "":
		t.Errorf("metertest: the expositions differ (- wanted, + got):\n%s", differences)
	}
}

// Diff is what Equal tells, empty if there is no difference: a line for each
// series, sorted, which begins with - for what is wanted and + for what is there.
func Diff(got, want string, how ...Comparison) (string, error) {
	var c comparison
	for _, option := range how {
		option.apply(&c)
	}
	have, err := parseExposition(got)
	if err != nil {
		return "", fmt.Errorf("the exposition got: %w", err)
	}
	wanted, err := parseExposition(want)
	if err != nil {
		return "", fmt.Errorf("the exposition wanted: %w", err)
	}
	var lines []string
	for _, what := range slices.Sorted(maps.Keys(wanted.declared)) {
		_, name, _ := strings.Cut(what, " ")
		if h, w := have.declared[what], wanted.declared[what]; c.compares(name) && h != w {
			lines = append(lines, fmt.Sprintf("- # %s %s\n+ # %s %s\n", what, w, what, h))
		}
	}
	return strings.Join(append(lines, c.series(have.values, wanted.values)...), ""), nil
}

// series are the lines of the series that differ.
func (c *comparison) series(have, wanted map[string]float64) (lines []string) {
	all := maps.Clone(have)
	maps.Copy(all, wanted)
	for _, series := range slices.Sorted(maps.Keys(all)) {
		h, there := have[series]
		w, due := wanted[series]
		name := lineName(series)
		if !c.compares(name) || there && due && c.same(h, w) || !due && strings.HasSuffix(name, "_created") {
			continue
		}
		line := ""
		if due {
			line += fmt.Sprintf("- %s %s\n", series, strconv.FormatFloat(w, 'g', -1, 64))
		}
		if there {
			line += fmt.Sprintf("+ %s %s\n", series, strconv.FormatFloat(h, 'g', -1, 64))
		}
		lines = append(lines, line)
	}
	return lines
}

func (c *comparison) same(got, want float64) bool {
	return got == want || math.IsNaN(got) && math.IsNaN(want) ||
		!math.IsInf(want, 0) && math.Abs(got-want) <= c.tolerance*math.Abs(want)
}

// compares reports whether what has the name is compared.
func (c *comparison) compares(name string) bool {
	return len(c.only) == 0 || slices.ContainsFunc(c.only, func(only string) bool {
		if beginning, many := strings.CutSuffix(only, "*"); many {
			return strings.HasPrefix(name, beginning)
		}
		rest, of := strings.CutPrefix(name, only)
		return of && slices.Contains([]string{"", "_bucket", "_sum", "_count", "_created", "_total", "_info"}, rest)
	})
}
