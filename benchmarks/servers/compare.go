package servers

import (
	"fmt"
	"math"
)

// tolerance is by how much answers may differ: sums are added in no fixed order.
const tolerance = 1e-9

// exact are the servers that must answer alike.
var exact = []string{Metertree, Prometheus, OldPrometheus}

// compareAnswers fails if Prometheus and metertree have answered differently.
// VictoriaMetrics computes rates and quantiles in its own way, and is held to
// the number of series alone.
func (b *Bench) compareAnswers() error {
	ours := b.answers[Metertree]
	for _, s := range b.Servers {
		theirs, asked := b.answers[s.Name]
		if !asked {
			continue
		}
		for i, q := range Queries() {
			if err := compare(ours[i], theirs[i], isExact(s.Name)); err != nil {
				return fmt.Errorf("%s: %s and %s answer differently: %w", q.expr, Metertree, s.Name, err)
			}
		}
	}
	return nil
}

func isExact(name string) bool {
	for _, other := range exact {
		if other == name {
			return true
		}
	}
	return false
}

func compare(a, b answer, exact bool) error {
	if len(a) != len(b) {
		return fmt.Errorf("%d series and %d", len(a), len(b))
	}
	if !exact {
		return nil
	}
	for key, points := range a {
		others, found := b[key]
		if !found {
			return fmt.Errorf("only one has {%s}", key)
		}
		if len(points) != len(others) {
			return fmt.Errorf("{%s} has %d points and %d", key, len(points), len(others))
		}
		for i, p := range points {
			if p.at != others[i].at || !near(p.value, others[i].value) {
				return fmt.Errorf("{%s} is %v and %v", key, p, others[i])
			}
		}
	}
	return nil
}

func near(a, b float64) bool {
	return a == b || math.IsNaN(a) && math.IsNaN(b) || math.Abs(a-b) <= tolerance*math.Max(math.Abs(a), math.Abs(b))
}
