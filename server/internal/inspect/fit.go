package inspect

import (
	"fmt"
	"slices"

	"github.com/metertree/metertree/policy"
	"github.com/metertree/metertree/policy/cardinality"
)

// maxSteps bounds how long a plan may be: nobody takes so many labels away.
const maxSteps = 100

// Plan says how the series of an exposition would fit a budget.
type Plan struct {
	Budget int `json:"budget"`
	// Series is how many there are now.
	Series int `json:"series"`
	// Remaining is how many there are after the steps.
	Remaining cardinality.Number `json:"remaining"`
	// Fits is set if Remaining is within the budget.
	Fits bool `json:"fits"`
	// Steps are empty if the series fit as they are.
	Steps []Step `json:"steps"`
}

// Step takes a label off one metric.
type Step struct {
	Metric string `json:"metric"`
	Label  string `json:"label"`
	// Before and After are the series of that metric.
	Before cardinality.Number `json:"before"`
	After  cardinality.Number `json:"after"`
}

// Fit plans which labels to take off which metrics, so that all series together
// fit a budget, which is 1 or more. A step that is enough and takes away the
// least is the last one; until there is one, each takes away the most. What
// histograms and summaries need of themselves stays: fewer buckets are a change of
// another kind.
//
// The report is that of the exposition's Cardinality.
func (e *Exposition) Fit(report cardinality.Report, budget int) (Plan, error) {
	if budget < 1 {
		return Plan{}, fmt.Errorf("budget of %d series: give 1 or more", budget)
	}
	f := newFitting(e, report)
	plan := Plan{Budget: budget, Series: report.Series, Steps: []Step{}}
	for f.series.Count > budget && len(plan.Steps) < maxSteps {
		step, found := f.best(f.series.Count - budget)
		if !found {
			break
		}
		f.take(step)
		plan.Steps = append(plan.Steps, step)
	}
	plan.Remaining, plan.Fits = f.series, f.series.Count <= budget
	return plan, nil
}

// fitting is a plan being made.
type fitting struct {
	families map[string]Family
	metrics  []cardinality.Metric
	// now are the series of each metric, after the steps so far.
	now    []cardinality.Number
	taken  map[string][]string
	series cardinality.Number
}

func newFitting(e *Exposition, report cardinality.Report) *fitting {
	f := &fitting{families: map[string]Family{}, taken: map[string][]string{}, series: cardinality.Number{Count: report.Series}}
	for _, family := range e.Families {
		f.families[family.Name] = family
	}
	f.metrics = slices.Clone(report.Metrics)
	for _, m := range f.metrics {
		f.now = append(f.now, cardinality.Number{Count: m.Series})
	}
	return f
}

// best returns the step that takes away enough and the least of it or, if none is
// enough, the most.
func (f *fitting) best(enough int) (best Step, found bool) {
	most := 0
	for i, m := range f.metrics {
		special := f.families[m.Name].special()
		for _, l := range m.Labels {
			saved := f.now[i].Count - l.Without.Count
			if l.Name == special || saved < 1 || found && !suits(saved, most, enough) {
				continue
			}
			best, most, found = Step{Metric: m.Name, Label: l.Name, Before: f.now[i], After: l.Without}, saved, true
		}
	}
	return best, found
}

// suits reports whether saving a number of series is better than saving another.
func suits(one, other, enough int) bool {
	if one >= enough && other >= enough {
		return one < other
	}
	return one > other
}

// take carries out a step and counts its metric again.
func (f *fitting) take(step Step) {
	f.taken[step.Metric] = append(f.taken[step.Metric], step.Label)
	for i, m := range f.metrics {
		if m.Name != step.Metric {
			continue
		}
		f.series.Count += step.After.Count - step.Before.Count
		f.series.Estimated = f.series.Estimated || step.After.Estimated
		f.now[i] = step.After
		f.metrics[i] = f.families[m.Name].count(policy.Thresholds{}, f.taken[m.Name])
	}
}
