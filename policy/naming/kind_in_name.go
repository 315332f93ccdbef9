package naming

import (
	"fmt"
	"slices"
)

// kindInName finds the kind of a metric in its name.
func kindInName(_ *Linter, m Metric) (messages []string) {
	words := m.words()
	for _, kind := range []string{"counter", "gauge", "histogram", "summary"} {
		if slices.Contains(words[min(1, len(words)):], kind) {
			messages = append(messages, fmt.Sprintf("the name says that it is a %s, which its type says: take the word out", kind))
		}
	}
	return messages
}
