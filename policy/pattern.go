package policy

import (
	"fmt"
	"strings"

	"github.com/metertree/metertree/metric"
)

// Pattern is an exact metric name, or "prefix*" for all names that start with
// the prefix. "*" alone is every name.
type Pattern string

// Match reports whether the pattern stands for the name.
func (p Pattern) Match(name string) bool {
	if prefix, wide := strings.CutSuffix(string(p), "*"); wide {
		return strings.HasPrefix(name, prefix)
	}
	return string(p) == name
}

// Validate reports a pattern that is neither a name nor "prefix*".
func (p Pattern) Validate() error {
	prefix, wide := strings.CutSuffix(string(p), "*")
	if wide && prefix == "" {
		return nil
	}
	if metric.ValidateName(prefix) != nil {
		return fmt.Errorf("pattern %q: give a metric name, or the start of one and then *", string(p))
	}
	return nil
}

// exceeds reports whether p is more specific than another pattern that matches
// the same name.
func (p Pattern) exceeds(other Pattern) bool {
	wide, otherWide := strings.HasSuffix(string(p), "*"), strings.HasSuffix(string(other), "*")
	if wide != otherWide {
		return otherWide
	}
	return len(p) > len(other)
}

// Patterns is a list of which one pattern suffices.
type Patterns []Pattern

// Match reports whether a pattern of the list stands for the name.
func (p Patterns) Match(name string) bool {
	for _, pattern := range p {
		if pattern.Match(name) {
			return true
		}
	}
	return false
}

// Validate reports the first pattern that is invalid.
func (p Patterns) Validate() error {
	for _, pattern := range p {
		if err := pattern.Validate(); err != nil {
			return err
		}
	}
	return nil
}
