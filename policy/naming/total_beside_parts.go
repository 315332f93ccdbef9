package naming

import (
	"fmt"
	"strings"
)

// totalBesideParts finds a value that stands for all the others, which a sum
// would count twice. Nobody adds up an info metric, whose values are words.
func totalBesideParts(_ *Linter, m Metric) (messages []string) {
	if strings.HasSuffix(m.Name, "_info") {
		return nil
	}
	for _, label := range m.Labels {
		if len(label.Some) < 2 {
			continue
		}
		for _, value := range label.Some {
			switch strings.ToLower(value) {
			case "total", "all", "sum", "overall":
				messages = append(messages, fmt.Sprintf("label %s has the value %q beside parts, so a sum counts everything twice: leave it out, the sum is the total", label.Name, value))
			}
		}
	}
	return messages
}
