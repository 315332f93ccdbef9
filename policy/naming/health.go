package naming

import (
	"fmt"
	"strings"
)

// health asks for a gauge that ends in _up or _healthy, and has no unit.
func health(_ *Linter, m Metric) []string {
	for _, end := range []string{"_up", "_healthy"} {
		if !strings.HasSuffix(m.Name, end) {
			continue
		}
		if m.Kind != Unknown && m.Kind != Gauge {
			return []string{fmt.Sprintf("health is a gauge of 0 or 1, and this is a %s: make it a gauge", m.Kind)}
		}
		if m.Unit != "" {
			return []string{fmt.Sprintf("health is 0 or 1 and has no unit: take %s away", m.Unit)}
		}
	}
	if m.Kind != Gauge {
		return nil
	}
	for _, end := range []string{"_health", "_health_status", "_is_healthy", "_is_up", "_is_alive", "_alive", "_down", "_unhealthy"} {
		if base, found := strings.CutSuffix(m.Name, end); found {
			return []string{fmt.Sprintf("health is 1 if all is well, and its name ends in _up or _healthy: %s_up", base)}
		}
	}
	return nil
}
