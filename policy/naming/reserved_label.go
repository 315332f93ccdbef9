package naming

import (
	"fmt"
	"strings"
)

// reservedLabel finds labels that formats or scrapers add themselves.
func reservedLabel(_ *Linter, m Metric) (messages []string) {
	for _, l := range m.Labels {
		switch {
		case l.Name == "le" || l.Name == "quantile":
			messages = append(messages, fmt.Sprintf("label %s belongs to the samples of histograms and summaries: choose another name", l.Name))
		case strings.HasPrefix(l.Name, "__"):
			messages = append(messages, fmt.Sprintf("label %s begins with two underscores, which are reserved: drop them", l.Name))
		case l.Name == "job" || l.Name == "instance":
			messages = append(messages, fmt.Sprintf("label %s is what the scraper calls its target: choose another name, or it becomes exported_%s", l.Name, l.Name))
		}
	}
	return messages
}
