package naming

import "fmt"

// siblingNames reports each set of siblings at its first member.
func siblingNames(_ *Linter, metrics []Metric) (found []about) {
	for _, s := range FindSiblings(metrics) {
		first, last := s.Members[0], s.Members[len(s.Members)-1]
		message := fmt.Sprintf("%d names from %s to %s differ in one word: use the name %s with label %s, as in %s{%s=%q}",
			len(s.Members), first.Metric, last.Metric, s.Name, s.Label, s.Name, s.Label, first.Value)
		if !s.Certain {
			message = fmt.Sprintf("%d names from %s to %s differ in one word, as others do: if the word says for whom and not what is measured, use the name %s with label %s, as in %s{%s=%q}",
				len(s.Members), first.Metric, last.Metric, s.Name, s.Label, s.Name, s.Label, first.Value)
		}
		found = append(found, about{first.Metric, message})
	}
	return found
}
