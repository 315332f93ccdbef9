package naming

import (
	"fmt"
	"strings"
)

// defaultReserved are the beginnings of the names that Prometheus makes.
var defaultReserved = []string{"__", "ALERTS", "scrape_"}

// reservedName finds names that look as if somebody else had made them.
func reservedName(l *Linter, m Metric) (messages []string) {
	for _, prefix := range l.options.Reserved {
		if strings.HasPrefix(m.Name, prefix) {
			messages = append(messages, fmt.Sprintf("names that begin with %s are reserved: choose another prefix", prefix))
		}
	}
	if m.Name == "up" {
		messages = append(messages, "the scraper itself writes up for each target: put what is up in front, such as cache_up")
	}
	if strings.Contains(m.Name, ":") {
		messages = append(messages, "colons are reserved for recording rules: use underscores")
	}
	return messages
}
