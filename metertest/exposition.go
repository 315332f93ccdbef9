package metertest

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
)

// exposition is what a text in Prometheus' format or OpenMetrics says.
type exposition struct {
	values   map[string]float64 // by series, written with sorted labels
	declared map[string]string  // "TYPE name" to what it is
}

// parseExposition reads an exposition. Timestamps and exemplars are passed over.
func parseExposition(text string) (exposition, error) {
	e := exposition{values: make(map[string]float64), declared: make(map[string]string)}
	line := 0
	for raw := range strings.Lines(text) {
		line++
		l := strings.TrimSpace(raw)
		var err error
		switch {
		case l == "":
		case strings.HasPrefix(l, "#"):
			e.declare(l)
		default:
			err = e.sample(l)
		}
		if err != nil {
			return e, fmt.Errorf("line %d, %q: %w", line, l, err)
		}
	}
	return e, nil
}

// declare reads a comment, which need not declare anything.
func (e *exposition) declare(line string) {
	words := strings.SplitN(strings.TrimSpace(strings.TrimPrefix(line, "#")), " ", 3)
	if len(words) < 2 {
		return
	}
	switch words[0] {
	case "TYPE", "HELP", "UNIT":
		words = append(words, "")
		e.declared[words[0]+" "+words[1]] = strings.TrimSpace(words[2])
	}
}

// sample reads `name{label="value"} 1 timestamp # exemplar`.
func (e *exposition) sample(line string) error {
	name := lineName(line)
	rest := line[len(name):]
	var labels []string
	if strings.HasPrefix(rest, "{") {
		var err error
		if labels, rest, err = parseLabels(rest[1:]); err != nil {
			return err
		}
	}
	words := strings.Fields(rest)
	if name == "" || len(words) == 0 {
		return fmt.Errorf(`it is not a series and its value: write name{label="value"} 1`)
	}
	value, err := strconv.ParseFloat(words[0], 64)
	if err != nil {
		return fmt.Errorf("%q is no number: write one such as 1.5, +Inf or NaN", words[0])
	}
	slices.Sort(labels)
	series := name
	if len(labels) > 0 {
		series += "{" + strings.Join(labels, ",") + "}"
	}
	if _, twice := e.values[series]; twice {
		return fmt.Errorf("series %s is there twice: keep one", series)
	}
	e.values[series] = value
	return nil
}

// lineName is the name that a line of a sample or a declaration is about.
func lineName(line string) string {
	line = strings.TrimSpace(line)
	if strings.HasPrefix(line, "#") {
		if words := strings.Fields(line); len(words) > 2 {
			return words[2]
		}
		return ""
	}
	if end := strings.IndexAny(line, "{ \t"); end >= 0 {
		return line[:end]
	}
	return line
}

// parseLabels reads up to the closing brace, and returns the labels as `name="value"`
// without those that are not set.
func parseLabels(text string) (labels []string, rest string, err error) {
	for {
		text = strings.TrimLeft(text, " \t,")
		if after, closed := strings.CutPrefix(text, "}"); closed {
			return labels, after, nil
		}
		name, value, found := strings.Cut(text, "=")
		value = strings.TrimLeft(value, " \t")
		if !found || !strings.HasPrefix(value, `"`) {
			return nil, "", fmt.Errorf(`labels do not go on at %q: write {name="value",…}`, text)
		}
		end := 1
		for end < len(value) && value[end] != '"' {
			if value[end] == '\\' {
				end++
			}
			end++
		}
		if end >= len(value) {
			return nil, "", fmt.Errorf("the value of label %q does not end: close it with a quote", name)
		}
		if unset := end == 1; !unset {
			labels = append(labels, number(strings.TrimSpace(name), value[:end+1]))
		}
		text = value[end+1:]
	}
}

// number writes a label, the bound of a bucket always in the same way: OpenMetrics
// writes 1 as 1.0.
func number(name, quoted string) string {
	if name == "le" || name == "quantile" {
		if bound, err := strconv.ParseFloat(strings.Trim(quoted, `"`), 64); err == nil && !math.IsNaN(bound) {
			quoted = strconv.Quote(strconv.FormatFloat(bound, 'g', -1, 64))
		}
	}
	return name + "=" + quoted
}
