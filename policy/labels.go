package policy

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/metertree/metertree/metric"
)

// Stance says what becomes of label names that are on no list.
type Stance uint8

const (
	// Permissive takes every label that is not forbidden.
	Permissive Stance = iota
	// Strict takes only labels that are on a list.
	Strict
)

// Condition is what is done to the values of a label so that they stay few. It
// is a set of bits.
type Condition uint8

const (
	// Guarded values pass a tenant guard.
	Guarded Condition = 1 << iota
	// Normalised values pass a normaliser with a finite set of outputs.
	Normalised
	// Constant values are given once for a scope. A constant label meets every
	// condition.
	Constant
)

// remedy says how a condition is met.
func (c Condition) remedy() string {
	if c&Guarded != 0 {
		return "put the metric on the tenant guard's list and declare on the instrument that it supports tenants"
	}
	return "give it a normaliser with a finite set of values"
}

// LabelOptions change the lists that DefaultLabels has. A name given here leaves
// the list on which it is by default. Names are compared without regard to case
// and underscores, so that user_id, userId and USERID are one.
type LabelOptions struct {
	// Allowed are further names that need no condition.
	Allowed []string
	// Conditional are further names with the condition they need.
	Conditional map[string]Condition
	// Forbidden are further names, each with what to use instead.
	Forbidden map[string]string
	// Unlisted says what becomes of names on no list.
	Unlisted Stance
}

// Labels says which label names a metric may have. It is immutable; nil takes
// every name.
type Labels struct {
	rules    map[string]labelRule
	unlisted Stance
	allowed  []string
}

// labelRule is what is said of one name: nothing more if it is allowed.
type labelRule struct {
	needs   Condition
	instead string
}

var (
	defaultAllowed     = []string{"operation", "status", "queue", "level", "context_type", "component", "task_type"}
	defaultConditional = map[string]Condition{"account_id": Guarded, "provider": Normalised, "model_name": Normalised}
	defaultForbidden   = map[string]string{
		"user_id":        "a log line or a trace; account_id under the tenant guard if a tenant is meant",
		"session_id":     "a log line or a trace",
		"request_id":     "an exemplar, which links a bucket to a trace",
		"trace_id":       "an exemplar, which links a bucket to a trace",
		"span_id":        "an exemplar, which links a bucket to a trace",
		"correlation_id": "an exemplar, which links a bucket to a trace",
		"resource_uri":   "the kind of resource, such as context_type",
		"path":           "the route's template, as label route",
		"url":            "the route's template, as label route",
		"error_message":  "a class of errors from a finite set, as label status",
		"query":          "the kind of query, as label operation",
		"prompt":         "the kind of call, as label operation",
	}
)

// NewLabels returns the default lists with the given changes. It fails if a name
// is invalid, is on two lists, or is conditional without a condition.
func NewLabels(options LabelOptions) (*Labels, error) {
	l := &Labels{rules: map[string]labelRule{}, unlisted: options.Unlisted}
	l.allow(defaultAllowed)
	for name, needs := range defaultConditional {
		l.rules[folded(name)] = labelRule{needs: needs}
	}
	for name, instead := range defaultForbidden {
		l.rules[folded(name)] = labelRule{instead: instead}
	}
	given := map[string]string{}
	add := func(list, name string, rule labelRule) error {
		if err := metric.ValidateLabelName(name); err != nil {
			return fmt.Errorf("list of %s labels: %w", list, err)
		}
		if other, twice := given[folded(name)]; twice {
			return fmt.Errorf("label %q is listed as %s and as %s: keep one of them", name, other, list)
		}
		given[folded(name)] = list
		l.rules[folded(name)] = rule
		return nil
	}
	for _, name := range options.Allowed {
		if err := add("allowed", name, labelRule{}); err != nil {
			return nil, err
		}
		l.allow([]string{name})
	}
	for _, name := range slices.Sorted(maps.Keys(options.Conditional)) {
		needs := options.Conditional[name]
		if needs&(Guarded|Normalised) == 0 {
			return nil, fmt.Errorf("label %q is listed as conditional without a condition: give Guarded or Normalised, or list it as allowed", name)
		}
		if err := add("conditional", name, labelRule{needs: needs}); err != nil {
			return nil, err
		}
	}
	for _, name := range slices.Sorted(maps.Keys(options.Forbidden)) {
		instead := options.Forbidden[name]
		if instead == "" {
			instead = "a label with few values"
		}
		if err := add("forbidden", name, labelRule{instead: instead}); err != nil {
			return nil, err
		}
	}
	return l, nil
}

// DefaultLabels returns the default lists, with which names on no list are
// taken.
func DefaultLabels() *Labels {
	// Without options there is nothing that could be wrong.
	l, _ := NewLabels(LabelOptions{})
	return l
}

func (l *Labels) allow(names []string) {
	for _, name := range names {
		l.rules[folded(name)] = labelRule{}
	}
	l.allowed = append(l.allowed, names...)
}

// folded is the form in which names are compared.
func folded(name string) string {
	return strings.ToLower(strings.ReplaceAll(name, "_", ""))
}

// Check reports why a label of the given name is refused, given what is done to
// its values.
func (l *Labels) Check(name string, given Condition) error {
	if l == nil {
		return nil
	}
	rule, listed := l.rules[folded(name)]
	switch {
	case !listed && l.unlisted == Strict:
		return fmt.Errorf("label %q is on no list: use one of %s, or add it to the allowed labels",
			name, strings.Join(l.allowed, ", "))
	case rule.instead != "":
		return fmt.Errorf("label %q is forbidden, because its values have no bound: use %s", name, rule.instead)
	case given&Constant == 0 && rule.needs&given != rule.needs:
		return fmt.Errorf("label %q is allowed only under a condition: %s", name, (rule.needs &^ given).remedy())
	}
	return nil
}

// CheckMetric reports every label of the metric that is refused. given tells
// what is done to the values of a key; nil stands for nothing.
func (l *Labels) CheckMetric(d metric.Descriptor, given func(key string) Condition) error {
	var refused []error
	for _, key := range d.Keys {
		var c Condition
		if given != nil {
			c = given(key)
		}
		refused = append(refused, l.Check(key, c))
	}
	for _, label := range d.Const {
		refused = append(refused, l.Check(label.Name, Constant))
	}
	if err := errors.Join(refused...); err != nil {
		return fmt.Errorf("metric %s: %w", d.Name, err)
	}
	return nil
}
