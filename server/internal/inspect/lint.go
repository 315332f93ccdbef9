package inspect

import "github.com/metertree/metertree/policy/naming"

// Bounds on what is compared for siblings, which costs memory for each word of
// each name.
const (
	maxLinted      = 20_000
	maxLintedBytes = 64 << 20
)

// Lint is what the rules find in an exposition.
type Lint struct {
	Metrics  int              `json:"metrics"`
	Findings []naming.Finding `json:"findings"`
	// Siblings are the names that should be one name and a label, of which a
	// finding tells.
	Siblings []naming.Siblings `json:"siblings"`
	// Uncompared is how many metrics were too many, or had too long names, to be
	// compared with the others.
	Uncompared int `json:"uncompared,omitempty"`
}

// Lint applies all rules.
func (e *Exposition) Lint(linter *naming.Linter) Lint {
	metrics, apart := related(e.Metrics())
	l := Lint{Metrics: len(e.Families), Findings: []naming.Finding{}, Siblings: []naming.Siblings{}, Uncompared: len(apart)}
	l.Findings = append(l.Findings, linter.Lint(metrics)...)
	for _, m := range apart {
		l.Findings = append(l.Findings, linter.Check(m)...)
	}
	told := map[string]bool{}
	for _, f := range l.Findings {
		if f.Rule == siblingRule {
			told[f.Metric] = true
		}
	}
	if len(told) == 0 {
		return l
	}
	for _, s := range naming.FindSiblings(metrics) {
		if told[s.Members[0].Metric] {
			l.Siblings = append(l.Siblings, s)
		}
	}
	return l
}

// siblingRule is the rule that tells of siblings, at the first of them.
const siblingRule = "sibling-names"

// related parts the metrics that are compared with one another from the rest.
func related(metrics []naming.Metric) (compared, apart []naming.Metric) {
	bytes := 0
	for _, m := range metrics {
		cost := len(m.Name)
		for _, c := range m.Name {
			if c == '_' {
				cost += len(m.Name)
			}
		}
		if len(compared) == maxLinted || bytes+cost > maxLintedBytes {
			apart = append(apart, m)
			continue
		}
		bytes += cost
		compared = append(compared, m)
	}
	return compared, apart
}
