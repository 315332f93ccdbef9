package tenant

import "time"

// Retention returns for how long the counters and histograms of an evicted
// tenant stay exposed.
func (g *Guard) Retention() time.Duration {
	if g == nil {
		return 0
	}
	return g.options.Retain
}
