package metric

import (
	"errors"
	"fmt"
	"slices"
)

// Ratio declares that one sum divided by another is worth looking at, such as
// the calls that failed among all calls. At any node it is the sum of the
// numerator by the sum of the denominator, never a mean of ratios.
type Ratio struct {
	// Name is the full name, scope segments included. No metric has it.
	Name string
	// Scope holds the scope's segments, outermost first; nil for the root.
	Scope []string
	// Help is one sentence for people.
	Help string
	// Role is RoleErrors, RoleSaturation or RoleNone.
	Role Role
	// Numerator and Denominator are what is divided.
	Numerator, Denominator Selection
	// Axes are the labels by which the ratio can be expanded, sorted: those that
	// both sides have, without those that a matcher of either selects by. They
	// follow from the metrics: see Complete.
	Axes []string
}

// Selection is a metric, or the part of it that matchers select. Of a histogram
// it is the count.
type Selection struct {
	Metric   string
	Matchers Matchers
}

// String writes the selection as people read one: `calls_total{status="error"}`.
func (s Selection) String() string {
	if len(s.Matchers) == 0 {
		return s.Metric
	}
	return s.Metric + "{" + s.Matchers.String() + "}"
}

func (s Selection) equal(other Selection) bool {
	return s.Metric == other.Metric && s.Matchers.equal(other.Matchers)
}

// RatioForm says how the two sides of a ratio hang together.
type RatioForm uint8

const (
	// SelectorRatio divides a part of a selection by the whole of it: of
	// counters it is within 0 and 1 by construction.
	SelectorRatio RatioForm = iota
	// FamilyRatio divides two selections that need not contain one another.
	FamilyRatio
)

// String returns "selector" or "family".
func (f RatioForm) String() string {
	if f == FamilyRatio {
		return "family"
	}
	return "selector"
}

// Form returns SelectorRatio if the numerator is a part of the denominator
// whatever was counted.
func (r Ratio) Form() RatioForm {
	if r.Numerator.Metric == r.Denominator.Metric && r.Numerator.Matchers.within(r.Denominator.Matchers) {
		return SelectorRatio
	}
	return FamilyRatio
}

// Validate reports the first thing that is wrong with the ratio by itself,
// whatever its metrics are.
func (r Ratio) Validate() error {
	if err := r.validateItself(); err != nil {
		return fmt.Errorf("ratio %s: %w", r.Name, err)
	}
	return nil
}

func (r Ratio) validateItself() error {
	if err := errors.Join(ValidateName(r.Name), r.validateRole()); err != nil {
		return err
	}
	for _, side := range []Selection{r.Numerator, r.Denominator} {
		if err := errors.Join(ValidateName(side.Metric), side.Matchers.Validate()); err != nil {
			return err
		}
		if r.Name == side.Metric {
			return errors.New("it has the name of the metric it divides: name it after what it says, such as call_error_ratio")
		}
	}
	if r.Numerator.equal(r.Denominator) {
		return errors.New("numerator and denominator are the same, which always gives 1: narrow the numerator by a label")
	}
	for i, axis := range r.Axes {
		if err := ValidateLabelName(axis); err != nil {
			return err
		}
		if i > 0 && r.Axes[i-1] >= axis {
			return fmt.Errorf("axis %q comes twice, or out of order: sort the axes and give each once", axis)
		}
	}
	return nil
}

// Complete returns the ratio of the given two metrics with its axes. It fails if
// the ratio is invalid, if a metric does not add up or has no label that is
// selected by, or if one counts up while the other goes up and down.
func (r Ratio) Complete(numerator, denominator Descriptor) (Ratio, error) {
	r.Axes = nil
	if err := r.Validate(); err != nil {
		return r, err
	}
	own, other := numerator.AllKeys(), denominator.AllKeys()
	err := errors.Join(r.Numerator.fits(numerator, own), r.Denominator.fits(denominator, other))
	if err == nil && (numerator.Kind == UpDownCounter) != (denominator.Kind == UpDownCounter) {
		err = fmt.Errorf("%s is of the kind %s and %s of the kind %s: divide what happened by what happened, or what there is by what there is",
			numerator.Name, numerator.Kind, denominator.Name, denominator.Kind)
	}
	if err != nil {
		return r, fmt.Errorf("ratio %s: %w", r.Name, err)
	}
	for _, key := range own {
		_, above := r.Numerator.Matchers.On(key)
		_, below := r.Denominator.Matchers.On(key)
		if slices.Contains(other, key) && !above && !below {
			r.Axes = append(r.Axes, key)
		}
	}
	return r, nil
}

// fits reports a metric with the given labels of which the selection cannot be
// summed.
func (s Selection) fits(d Descriptor, keys []string) error {
	if d.Kind == Gauge {
		return fmt.Errorf("%s is a gauge, whose series do not add up: divide counters, up-down counters or histograms", s.Metric)
	}
	for _, m := range s.Matchers {
		if !slices.Contains(keys, m.Label) {
			return fmt.Errorf("%s has no label %q to select by: its labels are %q", s.Metric, m.Label, keys)
		}
	}
	return nil
}

// Conflict reports how another ratio of the same name declares something else.
func (r Ratio) Conflict(other Ratio) error {
	differs := func(what string, have, want any) error {
		return fmt.Errorf("ratio %s is already defined with %s %v, not %v: define it the same way everywhere or choose another name", r.Name, what, have, want)
	}
	switch {
	case !r.Numerator.equal(other.Numerator):
		return differs("numerator", r.Numerator, other.Numerator)
	case !r.Denominator.equal(other.Denominator):
		return differs("denominator", r.Denominator, other.Denominator)
	case !slices.Equal(r.Scope, other.Scope):
		return differs("scope", r.Scope, other.Scope)
	case r.Role != other.Role:
		return differs("role", fmt.Sprintf("%q", r.Role), fmt.Sprintf("%q", other.Role))
	case r.Help != other.Help:
		return differs("help", fmt.Sprintf("%q", r.Help), fmt.Sprintf("%q", other.Help))
	}
	return nil
}
