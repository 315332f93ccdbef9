package naming

import (
	"fmt"
	"slices"
)

// collision finds sample names that two metrics are exposed under.
func collision(_ *Linter, metrics []Metric) (found []about) {
	owners := map[string]string{}
	for _, m := range metrics {
		if m.Kind.distribution() {
			for _, end := range []string{"_bucket", "_sum", "_count"} {
				owners[m.Name+end] = m.Name
			}
		}
	}
	seen := map[string]bool{}
	for _, m := range metrics {
		if seen[m.Name] {
			found = append(found, about{m.Name, "there are two metrics of this name: make them one, or rename one of them"})
		}
		seen[m.Name] = true
		for _, sample := range slices.Compact(append([]string{m.Name}, m.Samples...)) {
			if owner := owners[sample]; owner != "" && owner != m.Name {
				found = append(found, about{m.Name, fmt.Sprintf("%s is also a sample of %s: rename one of them", sample, owner)})
			}
		}
	}
	return found
}
