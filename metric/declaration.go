package metric

import (
	"fmt"
	"slices"
	"strings"
)

// The names under which declarations are exposed beside the metrics they
// describe, as gauges of constant 1 whose labels are what Info returns.
const (
	MetricInfo = "metertree_metric_info"
	RatioInfo  = "metertree_ratio_info"
)

// scopeSeparator joins segments where they must be told apart again; unlike an
// underscore it cannot be in one.
const scopeSeparator = "."

// Info returns, as labels, what viewers need to know of the metric beyond its
// series, sorted by name. The names are the same for every metric; a label
// without a value says that nothing is declared.
func (d Descriptor) Info() Labels {
	fold := d.Fold
	if d.Kind != Gauge {
		fold = FoldSum
	}
	return Labels{
		{"aggregation", d.Kept().String()},
		{"axes", strings.Join(d.Axes(), ",")},
		{"fold", fold.String()},
		{"kind", d.Kind.String()},
		{"metric", d.Name},
		{"role", d.Role.String()},
		{"scope", strings.Join(d.Scope, scopeSeparator)},
		{"unit", d.Unit},
	}
}

// Axes returns the labels to expand along, in the order they were declared: those
// that are kept by default before the others.
func (d Descriptor) Axes() []string {
	axes := slices.Clone(d.DefaultKeys)
	for _, key := range d.Keys {
		if !slices.Contains(axes, key) {
			axes = append(axes, key)
		}
	}
	return axes
}

// ParseMetricInfo returns the part of a descriptor that Info tells: the name,
// scope, kind, unit, fold, aggregation and role, and as its keys the axes. The function returns a label's
// value, "" for one that is not set; other labels than Info's are not asked for.
func ParseMetricInfo(label func(name string) string) (Descriptor, error) {
	d := Descriptor{Name: label("metric"), Scope: parseScope(label("scope")), Unit: label("unit")}
	fail := func(err error) (Descriptor, error) {
		return Descriptor{}, fmt.Errorf("declaration of metric %q: %w", d.Name, err)
	}
	if axes := label("axes"); axes != "" {
		d.Keys = strings.Split(axes, ",")
	}
	for _, key := range d.Keys {
		if err := ValidateLabelName(key); err != nil {
			return fail(err)
		}
	}
	for _, err := range []error{
		ValidateName(d.Name),
		validateUnit(d.Unit),
		parse(&d.Kind, "kind", label("kind"), Counter, Histogram),
		parse(&d.Fold, "fold", label("fold"), FoldNone, FoldLast),
		parse(&d.Aggregation, "aggregation", label("aggregation"), SumAggregation, Drop),
		parse(&d.Role, "role", label("role"), RoleNone, RoleSaturation),
	} {
		if err != nil {
			return fail(err)
		}
	}
	if d.Kind != Gauge && d.Fold != FoldSum {
		return fail(fmt.Errorf("a %s with the fold %s: only gauges fold otherwise than by sum", d.Kind, d.Fold))
	}
	if err := d.validateRole(); err != nil {
		return fail(err)
	}
	return d, nil
}

// Info returns, as labels, all that viewers need to know of the ratio, sorted by
// name. The names are the same for every ratio.
func (r Ratio) Info() Labels {
	return Labels{
		{"axes", strings.Join(r.Axes, ",")},
		{"denominator", r.Denominator.Metric},
		{"denominator_matchers", r.Denominator.Matchers.String()},
		{"help", r.Help},
		{"numerator", r.Numerator.Metric},
		{"numerator_matchers", r.Numerator.Matchers.String()},
		{"ratio", r.Name},
		{"role", r.Role.String()},
		{"scope", strings.Join(r.Scope, scopeSeparator)},
	}
}

// ParseRatioInfo returns the ratio that Info tells. The function returns a
// label's value, "" for one that is not set; other labels than Info's are not
// asked for.
func ParseRatioInfo(label func(name string) string) (Ratio, error) {
	r := Ratio{Name: label("ratio"), Scope: parseScope(label("scope")), Help: label("help")}
	fail := func(err error) (Ratio, error) {
		return Ratio{}, fmt.Errorf("declaration of ratio %q: %w", r.Name, err)
	}
	r.Numerator.Metric, r.Denominator.Metric = label("numerator"), label("denominator")
	if axes := label("axes"); axes != "" {
		r.Axes = strings.Split(axes, ",")
	}
	var err error
	if r.Numerator.Matchers, err = ParseMatchers(label("numerator_matchers")); err != nil {
		return fail(err)
	}
	if r.Denominator.Matchers, err = ParseMatchers(label("denominator_matchers")); err != nil {
		return fail(err)
	}
	if err := parse(&r.Role, "role", label("role"), RoleNone, RoleSaturation); err != nil {
		return fail(err)
	}
	if err := r.validateItself(); err != nil {
		return fail(err)
	}
	return r, nil
}

func parseScope(joined string) []string {
	if joined == "" {
		return nil
	}
	return strings.Split(joined, scopeSeparator)
}

// constant is one of the enumerations of this package.
type constant interface {
	~uint8
	fmt.Stringer
}

// parse finds the constant, from first to last, that has the name.
func parse[T constant](to *T, what, name string, first, last T) error {
	names := make([]string, 0, last-first+1)
	for c := first; c <= last; c++ {
		if c.String() == name {
			*to = c
			return nil
		}
		names = append(names, fmt.Sprintf("%q", c.String()))
	}
	return fmt.Errorf("unknown %s %q: this version knows %s", what, name, strings.Join(names, ", "))
}
