package naming

import (
	"fmt"
	"strings"
)

// total asks for _total at the end of counters, and only there.
func total(_ *Linter, m Metric) []string {
	ends := strings.HasSuffix(m.Name, "_total")
	switch {
	case m.Kind == Counter && !ends:
		return []string{fmt.Sprintf("the name of a counter ends in _total: %s_total", strings.TrimSuffix(strings.ReplaceAll(m.Name, "_total_", "_"), "_count"))}
	case m.Kind != Counter && m.Kind != Unknown && ends:
		return []string{fmt.Sprintf("only counters end in _total, and this is a %s: %s", m.Kind, strings.TrimSuffix(m.Name, "_total"))}
	}
	return nil
}
