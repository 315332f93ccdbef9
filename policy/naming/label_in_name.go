package naming

import (
	"fmt"
	"strings"
)

// labelInName finds a label's name at the end of a metric's, or behind by or
// per. In front it says what the metric belongs to, as in queue_depth.
func labelInName(_ *Linter, m Metric) (messages []string) {
	stem := m.stem()
	for _, l := range m.Labels {
		label := l.Name
		if m.Kind == Info || m.Kind == StateSet {
			continue
		}
		switch {
		case label == "":
		case strings.HasSuffix(stem, "_by_"+label), strings.HasSuffix(stem, "_per_"+label):
			messages = append(messages, fmt.Sprintf("the name repeats label %s: queries say by which label they group, so leave it out", label))
		case strings.HasSuffix(stem, "_"+label) && strings.Count(stem, "_") > 1+strings.Count(label, "_"):
			messages = append(messages, fmt.Sprintf("the name ends in its label %s: leave it out, since summing over the label makes the name wrong", label))
		}
	}
	return messages
}
