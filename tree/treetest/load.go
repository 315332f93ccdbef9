package treetest

import (
	"fmt"
	"reflect"
	"strconv"
	"strings"

	"github.com/metertree/metertree/metric"
	"github.com/metertree/metertree/tree"
)

// loader reads the lines of a load.
type loader struct {
	data   Data
	ratios []metric.Ratio
}

func (l *loader) line(text string) error {
	if comment, ok := strings.CutPrefix(text, "#"); ok {
		return l.declare(strings.Fields(comment))
	}
	s := scanner{text}
	sel, err := s.selector()
	if err != nil {
		return err
	}
	series := Series{Name: sel.Metric, Labels: labelsOf(sel)}
	for _, other := range l.data.Series {
		if other.Name == series.Name && reflect.DeepEqual(other.Labels, series.Labels) {
			return fmt.Errorf("series %s is there twice: keep one", sel)
		}
	}
	instants := 0
	for _, word := range strings.Fields(s.rest) {
		values, err := parseValues(word)
		if err != nil {
			return err
		}
		for _, v := range values {
			if v != nil {
				series.Points = append(series.Points, Point{Instant: instants, Value: *v})
			}
			instants++
		}
	}
	switch {
	case instants == 0:
		return fmt.Errorf("series %s has no value: write it after the name", sel)
	case instants > 1 && l.data.Every == 0:
		return fmt.Errorf("series %s has %d values: write one, or load every DURATION", sel, instants)
	case l.data.Instants > 0 && l.data.Instants != instants:
		return fmt.Errorf("series %s has %d values, the ones before have %d: give all the same, with _ for none", sel, instants, l.data.Instants)
	}
	l.data.Instants = instants
	l.data.Series = append(l.data.Series, series)
	return nil
}

// declare reads a comment, which need not declare anything.
func (l *loader) declare(words []string) error {
	if len(words) < 2 {
		return nil
	}
	name, rest := words[1], strings.Join(words[2:], " ")
	if strings.HasPrefix(name, `"`) {
		unquoted, err := strconv.Unquote(name)
		if err != nil {
			return fmt.Errorf("name %s: %w: quote it as in Go, without spaces", name, err)
		}
		name = unquoted
	}
	switch words[0] {
	case "TYPE":
		l.data.declare(name, func(md *tree.Metadata) { md.Kind = tree.ParseKind(rest) })
	case "HELP":
		l.data.declare(name, func(md *tree.Metadata) { md.Help = rest })
	case "UNIT":
		l.data.declare(name, func(md *tree.Metadata) { md.Unit = rest })
	case "FOLD":
		var fold tree.Fold
		if err := fold.UnmarshalText([]byte(rest)); err != nil {
			return err
		}
		l.data.declare(name, func(md *tree.Metadata) { md.Fold = fold })
	case "ROLE":
		var role metric.Role
		if err := role.UnmarshalText([]byte(rest)); err != nil {
			return err
		}
		l.data.declare(name, func(md *tree.Metadata) { md.Role = role })
	case "AXES":
		l.data.declare(name, func(md *tree.Metadata) { md.Axes = words[2:] })
	case "RATIO":
		return l.ratio(name, words[2:])
	}
	return nil
}

// ratio reads what is divided by what: [ROLE] NUMERATOR / DENOMINATOR.
func (l *loader) ratio(name string, words []string) (err error) {
	r := metric.Ratio{Name: name}
	if len(words) == 4 {
		if err := r.Role.UnmarshalText([]byte(words[0])); err != nil {
			return err
		}
		words = words[1:]
	}
	if len(words) != 3 || words[1] != "/" {
		return fmt.Errorf(`ratio %s is %q: write # RATIO NAME [ROLE] part_total{label="value"} / whole_total`, name, strings.Join(words, " "))
	}
	if r.Numerator, err = selection(words[0]); err != nil {
		return err
	}
	if r.Denominator, err = selection(words[2]); err != nil {
		return err
	}
	l.ratios = append(l.ratios, r)
	return r.Validate()
}

func selection(text string) (metric.Selection, error) {
	name, braces, _ := strings.Cut(text, "{")
	matchers, err := metric.ParseMatchers(strings.TrimSuffix(braces, "}"))
	return metric.Selection{Metric: name, Matchers: matchers}, err
}

// declareRatios adds the series that tell of ratios, at every instant.
func (l *loader) declareRatios() {
	for _, r := range l.ratios {
		s := Series{Name: metric.RatioInfo}
		for _, label := range r.Info() {
			if label.Value != "" {
				s.Labels = append(s.Labels, tree.Label{Name: label.Name, Value: label.Value})
			}
		}
		for i := range l.data.Instants {
			s.Points = append(s.Points, Point{Instant: i, Value: 1})
		}
		l.data.Series = append(l.data.Series, s)
	}
}

// parseValues reads a number, _ for none, or a series of numbers, 0+5x10.
func parseValues(word string) ([]*float64, error) {
	if word == "_" {
		return []*float64{nil}, nil
	}
	if v, err := strconv.ParseFloat(word, 64); err == nil {
		return []*float64{&v}, nil
	}
	bad := fmt.Errorf("value %q is not understood: write a number, _ or 0+5x10", word)
	progression, times, ok := strings.Cut(word, "x")
	at := strings.LastIndexAny(progression, "+-")
	if !ok || at <= 0 {
		return nil, bad
	}
	first, err1 := strconv.ParseFloat(progression[:at], 64)
	step, err2 := strconv.ParseFloat(progression[at:], 64)
	n, err3 := strconv.ParseUint(times, 10, 16)
	if err1 != nil || err2 != nil || err3 != nil {
		return nil, bad
	}
	values := make([]*float64, n+1)
	for i := range values {
		v := first + float64(i)*step
		values[i] = &v
	}
	return values, nil
}
