package cardinality

import (
	"fmt"
	"iter"
	"slices"

	"github.com/metertree/metertree/metric"
	"github.com/metertree/metertree/policy"
)

// Step is a label that is taken off a metric, and how many series remain.
type Step struct {
	Label  string `json:"label"`
	Series Number `json:"series"`
}

// Fit returns which labels to take off a metric, one after the other, so that its
// series fit a budget, which is 1 or more. The first step is the label whose
// absence alone fits and leaves the most series; if none does, the one whose
// absence leaves the fewest, and then the next is looked for among the rest. No
// steps means that the series fit.
//
// series yields the label sets of the metric's series and is run once more than
// there are steps; it must yield the same ones each time.
func Fit(series iter.Seq[[]metric.Label], budget int) ([]Step, error) {
	if budget < 1 {
		return nil, fmt.Errorf("budget of %d series: a metric has one series at least, so give 1 or more", budget)
	}
	var steps []Step
	for {
		report := Of(withoutLabels(series, steps), policy.Thresholds{})
		if len(report.Metrics) == 0 {
			return nil, nil
		}
		m := report.Metrics[0]
		if len(steps) == 0 && m.Series <= budget {
			return nil, nil
		}
		step, found := m.next(budget)
		if !found {
			return steps, nil
		}
		steps = append(steps, step)
		if step.Series.Count <= budget {
			return steps, nil
		}
	}
}

// withoutLabels yields the sets without the labels taken off already, under one
// name for all.
func withoutLabels(series iter.Seq[[]metric.Label], steps []Step) iter.Seq2[string, []metric.Label] {
	return func(yield func(string, []metric.Label) bool) {
		var rest []metric.Label
		for labels := range series {
			rest = rest[:0]
			for _, l := range labels {
				if !slices.ContainsFunc(steps, func(s Step) bool { return s.Label == l.Name }) {
					rest = append(rest, l)
				}
			}
			if !yield("", rest) {
				return
			}
		}
	}
}

// next returns the label to take off.
func (m Metric) next(budget int) (best Step, found bool) {
	for _, l := range m.Labels {
		step := Step{Label: l.Name, Series: l.Without}
		if !found || better(step.Series.Count, best.Series.Count, budget) {
			best, found = step, true
		}
	}
	return best, found
}

// better reports whether one number of series suits a budget better than
// another: the largest that fits, or else the smallest.
func better(one, other, budget int) bool {
	if one <= budget && other <= budget {
		return one > other
	}
	return one < other
}
