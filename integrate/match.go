package integrate

import (
	"fmt"
	"strings"

	"github.com/metertree/metertree/metric"
)

// Match selects instruments by all of its fields that are set. The zero value
// selects every instrument.
type Match struct {
	// Scope is the instrument's scope with dots between its segments. A * stands
	// for any characters, dots too: "storage.*" is every scope below storage.
	Scope string
	// Name is the full name before any renaming. A * stands for any characters.
	Name string
	// Kind is the kind of instrument.
	Kind metric.Kind
	// Unit is the base unit.
	Unit string
}

// String returns the match as errors print it.
func (m Match) String() string {
	var parts []string
	add := func(what, value string) {
		if value != "" {
			parts = append(parts, what+" "+value)
		}
	}
	add("name", m.Name)
	add("scope", m.Scope)
	if m.Kind != 0 {
		add("kind", m.Kind.String())
	}
	add("unit", m.Unit)
	if len(parts) == 0 {
		return "every metric"
	}
	return strings.Join(parts, ", ")
}

// matches reports whether the match selects a metric.
func (m Match) matches(d *metric.Descriptor) bool {
	return (m.Name == "" || wildcard(m.Name, d.Name)) &&
		(m.Kind == 0 || m.Kind == d.Kind) &&
		(m.Unit == "" || m.Unit == d.Unit) &&
		(m.Scope == "" || wildcard(m.Scope, strings.Join(d.Scope, ".")))
}

// within reports whether it is certain that all that m selects, other selects
// too. A * of m is covered by a * of other alone.
func (m Match) within(other Match) bool {
	return covers(other.Name, m.Name) && covers(other.Scope, m.Scope) &&
		(other.Kind == 0 || other.Kind == m.Kind) && (other.Unit == "" || other.Unit == m.Unit)
}

// covers reports whether a pattern matches whatever another one does.
func covers(pattern, narrower string) bool {
	if pattern == "" || strings.Trim(pattern, "*") == "" {
		return true
	}
	return narrower != "" && wildcard(pattern, narrower)
}

// validate reports a match that can select nothing.
func (m Match) validate() error {
	if name := strings.ReplaceAll(m.Name, "*", "a"); name != "" {
		if err := metric.ValidateName(name); err != nil {
			return fmt.Errorf("no metric matches the name %q: %w", m.Name, err)
		}
	}
	for _, segment := range strings.Split(m.Scope, ".") {
		if segment == "" && m.Scope != "" {
			return fmt.Errorf("scope %q has an empty segment: write segments with single dots between them", m.Scope)
		}
	}
	if m.Kind > metric.Histogram {
		return fmt.Errorf("unknown kind %d: use one of the metric.Kind constants", m.Kind)
	}
	return nil
}

// exact reports whether the match names a single metric.
func (m Match) exact() bool { return m.Name != "" && !strings.Contains(m.Name, "*") }

// wildcard reports whether text is what pattern says, where each * stands for
// any number of characters. It takes time in proportion to the product of the
// lengths at most.
func wildcard(pattern, text string) bool {
	// The text matched after the last * is tried ever further to the right.
	star, retry := -1, 0
	p, t := 0, 0
	for t < len(text) {
		switch {
		case p < len(pattern) && pattern[p] == '*':
			star, retry = p, t
			p++
		case p < len(pattern) && pattern[p] == text[t]:
			p++
			t++
		case star >= 0:
			retry++
			p, t = star+1, retry
		default:
			return false
		}
	}
	return strings.Trim(pattern[p:], "*") == ""
}
