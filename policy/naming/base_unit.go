package naming

import (
	"fmt"
	"strings"
)

// durations are words at the end of a name that ask for a unit of time.
var durations = []string{"duration", "latency", "elapsed", "uptime", "age"}

// baseUnit finds units that are no base units, in the name or declared, and
// durations without a unit.
func baseUnit(_ *Linter, m Metric) (messages []string) {
	name := strings.TrimSuffix(m.Name, "_total")
	words := strings.Split(name, "_")
	last := words[len(words)-1]
	if base, other := derived[m.Unit]; other {
		messages = append(messages, fmt.Sprintf("the unit %s is no base unit: measure in %s", m.Unit, base))
	}
	if plural := singular[last]; plural != "" {
		messages = append(messages, fmt.Sprintf("units are in the plural: %s instead of %s", plural, last))
	}
	// Days and hours in the middle of a name may be something else.
	if base, other := derived[last]; other && last != m.Unit && len(words) > 1 {
		messages = append(messages, fmt.Sprintf("the name ends in %s, which is no base unit: measure in %s", last, base))
	}
	for _, word := range durations {
		if last == word && m.Unit == "" && m.Kind != Unknown {
			messages = append(messages, fmt.Sprintf("%s needs a unit: measure in seconds and end the name in _seconds", word))
		}
	}
	return messages
}
