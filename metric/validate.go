package metric

import (
	"fmt"
	"math"
	"strings"
)

// ValidateName reports whether a metric name can be exposed everywhere: a
// letter, underscore or colon, then letters, digits, underscores and colons.
func ValidateName(name string) error {
	if name == "" {
		return fmt.Errorf("metric name is empty: give the instrument a name such as requests_total")
	}
	for i := range len(name) {
		if !nameByte(name[i], i) && name[i] != ':' {
			return fmt.Errorf("metric name %q has %q at position %d: use letters, digits and underscores, and start with a letter", name, name[i], i)
		}
	}
	return nil
}

// ValidateLabelName reports whether a label name can be exposed everywhere.
// Names that start with two underscores are reserved by the exposition format.
func ValidateLabelName(name string) error {
	if name == "" {
		return fmt.Errorf("label name is empty: name the label, such as status")
	}
	if strings.HasPrefix(name, "__") {
		return fmt.Errorf("label name %q starts with two underscores, which are reserved: drop them", name)
	}
	for i := range len(name) {
		if !nameByte(name[i], i) {
			return fmt.Errorf("label name %q has %q at position %d: use letters, digits and underscores, and start with a letter", name, name[i], i)
		}
	}
	return nil
}

func nameByte(c byte, i int) bool {
	switch {
	case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c == '_':
		return true
	case c >= '0' && c <= '9':
		return i > 0
	}
	return false
}

// validateUnit holds a unit to lower-case words, as unit suffixes are.
func validateUnit(unit string) error {
	for i := range len(unit) {
		c := unit[i]
		if (c < 'a' || c > 'z') && c != '_' {
			return fmt.Errorf("unit %q has %q at position %d: give the base unit in lower case, such as seconds or bytes", unit, c, i)
		}
	}
	return nil
}

// ValidateBounds reports whether upper bounds are finite and increasing.
func ValidateBounds(bounds []float64) error {
	for i, b := range bounds {
		if math.IsNaN(b) || math.IsInf(b, 0) {
			return fmt.Errorf("bucket bound %v at position %d is not finite: leave +Inf out, it is implied", b, i)
		}
		if i > 0 && b <= bounds[i-1] {
			return fmt.Errorf("bucket bound %v at position %d does not exceed %v before it: give increasing bounds", b, i, bounds[i-1])
		}
	}
	return nil
}

// DefaultLatencyBounds are the upper bounds, in seconds, of a histogram that
// declares none: from five milliseconds to half a minute.
func DefaultLatencyBounds() []float64 {
	return []float64{.005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 30}
}
