package naming

import (
	"fmt"
	"strings"
)

// reservedSuffix finds names that end as the samples of a distribution do.
func reservedSuffix(_ *Linter, m Metric) []string {
	for _, end := range []string{"_bucket", "_sum", "_count", "_created"} {
		if base, found := strings.CutSuffix(m.Name, end); found && m.Kind != Unknown {
			return []string{fmt.Sprintf("%s is how samples of a histogram end: rename it, such as %s", end, better(m.Kind, base))}
		}
	}
	if base, found := strings.CutSuffix(m.Name, "_info"); found && (m.Kind == Counter || m.Kind.distribution()) {
		return []string{fmt.Sprintf("_info is how metrics end that are always 1: rename it, such as %s", better(m.Kind, base))}
	}
	return nil
}

// better makes a name that fits the kind.
func better(kind Kind, base string) string {
	if kind == Counter {
		return base + "_total"
	}
	return base
}
