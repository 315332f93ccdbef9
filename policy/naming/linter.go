package naming

import (
	"errors"
	"fmt"
	"slices"
	"sync"

	"github.com/metertree/metertree/metric"
	"github.com/metertree/metertree/policy"
)

// Options say what the rules compare with. The zero value is useful.
type Options struct {
	// Prefixes are the first words that names may have; empty means any.
	Prefixes []string
	// Reserved are beginnings that names may not have; nil stands for those that
	// Prometheus makes itself.
	Reserved []string
	// Labels is the label policy; nil stands for none.
	Labels *policy.Labels
	// Conditions tell what is done to the values of a label of a metric; nil
	// stands for nothing.
	Conditions func(metric, label string) policy.Condition
	// Thresholds judge the number of a label's values.
	Thresholds policy.Thresholds
	// Waivers take metrics out of rules.
	Waivers []Waiver
}

// Linter applies the rules. All methods may be called from any goroutine.
type Linter struct {
	options Options

	mu sync.Mutex
	// used tells which waivers have taken a finding away.
	used []bool
}

// New returns a linter. It fails if a waiver is invalid, such as one without a
// reason.
func New(options Options) (*Linter, error) {
	if options.Reserved == nil {
		options.Reserved = defaultReserved
	}
	if err := options.Thresholds.Validate(); err != nil {
		return nil, err
	}
	var invalid []error
	for _, w := range options.Waivers {
		invalid = append(invalid, w.Validate())
	}
	if err := errors.Join(invalid...); err != nil {
		return nil, err
	}
	options.Waivers = slices.Clone(options.Waivers)
	return &Linter{options: options, used: make([]bool, len(options.Waivers))}, nil
}

// Check returns what the rules about single metrics find, the most severe first.
func (l *Linter) Check(m Metric) []Finding {
	findings := l.check(nil, m)
	sortFindings(findings)
	return findings
}

func (l *Linter) check(findings []Finding, m Metric) []Finding {
	for _, r := range rules {
		if r.one == nil {
			continue
		}
		for _, message := range r.one(l, m) {
			findings = l.add(findings, Finding{r.ID, r.Severity, m.Name, message})
		}
	}
	return findings
}

// Lint returns what all rules find in a set of metrics, ordered by metric.
func (l *Linter) Lint(metrics []Metric) []Finding {
	var findings []Finding
	for _, m := range metrics {
		findings = l.check(findings, m)
	}
	for _, r := range rules {
		if r.whole == nil {
			continue
		}
		for _, a := range r.whole(l, metrics) {
			findings = l.add(findings, Finding{r.ID, r.Severity, a.metric, a.message})
		}
	}
	sortFindings(findings)
	return findings
}

// add appends a finding, unless it is waived.
func (l *Linter) add(findings []Finding, f Finding) []Finding {
	l.mu.Lock()
	defer l.mu.Unlock()
	waived := false
	for i, w := range l.options.Waivers {
		if w.covers(f) {
			l.used[i], waived = true, true
		}
	}
	if waived {
		return findings
	}
	return append(findings, f)
}

// Define returns an error if a definition breaks a rule that makes a metric
// wrong or expensive. What else there is to say is in the findings, which hold
// what the error says, too.
func (l *Linter) Define(d metric.Descriptor) ([]Finding, error) {
	findings := l.Check(Of(d))
	var broken []error
	for _, f := range findings {
		if f.Severity == Error {
			broken = append(broken, fmt.Errorf("metric %s: %s (rule %s; a waiver needs a reason)", f.Metric, f.Message, f.Rule))
		}
	}
	return findings, errors.Join(broken...)
}

// UnusedWaivers returns the waivers that have not taken away any finding so far
// and may be removed.
func (l *Linter) UnusedWaivers() (unused []Waiver) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for i, w := range l.options.Waivers {
		if !l.used[i] {
			unused = append(unused, w)
		}
	}
	return unused
}
