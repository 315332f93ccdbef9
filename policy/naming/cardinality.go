package naming

import (
	"fmt"

	"github.com/metertree/metertree/policy"
)

// cardinality finds labels with many values.
func cardinality(l *Linter, m Metric) (messages []string) {
	for _, label := range m.Labels {
		if l.options.Thresholds.Level(label.Values) == policy.Questioned {
			messages = append(messages, fmt.Sprintf("label %s has %d values: take it off, or map its values to a few; below %d is good",
				label.Name, label.Values, l.good()))
		}
	}
	return messages
}

func (l *Linter) good() int {
	if l.options.Thresholds == (policy.Thresholds{}) {
		return policy.DefaultThresholds().Good
	}
	return l.options.Thresholds.Good
}
