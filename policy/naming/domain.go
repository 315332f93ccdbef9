package naming

import (
	"fmt"
	"slices"
	"strings"
)

// domain asks for a prefix and a domain in front of what is measured.
func domain(l *Linter, m Metric) []string {
	if m.Name == "up" || strings.Contains(m.Name, ":") {
		return nil
	}
	prefixes := l.options.Prefixes
	if len(prefixes) > 0 && !slices.ContainsFunc(prefixes, func(p string) bool { return strings.HasPrefix(m.Name, p+"_") }) {
		return []string{fmt.Sprintf("the name begins with none of %s: put the prefix and the domain in front", strings.Join(prefixes, ", "))}
	}
	alone := !strings.Contains(m.stem(), "_")
	if alone || len(prefixes) > 0 && len(m.words()) < 3 {
		return []string{"the name does not say what it belongs to: use <prefix>_<domain>_<metric>_<unit>, such as shop_orders_placed_total"}
	}
	return nil
}
