package naming

import (
	"fmt"

	"github.com/metertree/metertree/policy"
)

// Waiver takes metrics out of a rule.
type Waiver struct {
	// Rule is the rule's ID, or "*" for every rule.
	Rule   string
	Metric policy.Pattern
	// Reason says why, for whoever reads the waiver later.
	Reason string
}

// Validate reports a waiver that has no reason or names no rule or metric.
func (w Waiver) Validate() error {
	if err := w.Metric.Validate(); err != nil {
		return fmt.Errorf("waiver of rule %s: %w", w.Rule, err)
	}
	if w.Rule != "*" && !known(w.Rule) {
		return fmt.Errorf("waiver for %s: there is no rule %q: use the ID that a finding shows", w.Metric, w.Rule)
	}
	if w.Reason == "" {
		return fmt.Errorf("waiver of rule %s for %s has no reason: say why the rule does not apply", w.Rule, w.Metric)
	}
	return nil
}

func (w Waiver) covers(f Finding) bool {
	return (w.Rule == "*" || w.Rule == f.Rule) && w.Metric.Match(f.Metric)
}
