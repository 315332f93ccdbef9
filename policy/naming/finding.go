package naming

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// Severity says how much a finding matters.
type Severity uint8

const (
	// Advice is worth a thought.
	Advice Severity = iota
	// Warning is against the conventions, and will confuse people or tools.
	Warning
	// Error makes the metric wrong or expensive.
	Error
)

// String returns "advice", "warning" or "error".
func (s Severity) String() string {
	switch s {
	case Advice:
		return "advice"
	case Warning:
		return "warning"
	case Error:
		return "error"
	}
	return fmt.Sprintf("severity(%d)", uint8(s))
}

// MarshalText makes the severity a word in JSON.
func (s Severity) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// UnmarshalText reads what MarshalText wrote.
func (s *Severity) UnmarshalText(text []byte) error {
	for _, known := range []Severity{Advice, Warning, Error} {
		if known.String() == string(text) {
			*s = known
			return nil
		}
	}
	return fmt.Errorf("severity %q is unknown: use advice, warning or error", text)
}

// Finding is what a rule has against a metric.
type Finding struct {
	// Rule is the rule's ID.
	Rule     string   `json:"rule"`
	Severity Severity `json:"severity"`
	Metric   string   `json:"metric"`
	// Message says what is wrong and what to do.
	Message string `json:"message"`
}

// String returns the finding in one line.
func (f Finding) String() string {
	return fmt.Sprintf("%s: %s: %s (%s)", f.Severity, f.Metric, f.Message, f.Rule)
}

// sortFindings orders findings by metric, and the most severe of each first.
func sortFindings(findings []Finding) {
	slices.SortStableFunc(findings, func(a, b Finding) int {
		return cmp.Or(strings.Compare(a.Metric, b.Metric), cmp.Compare(b.Severity, a.Severity), strings.Compare(a.Rule, b.Rule))
	})
}
