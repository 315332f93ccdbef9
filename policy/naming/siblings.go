package naming

import (
	"cmp"
	"slices"
	"strings"
)

// Siblings are metrics that should be one metric with a label: their names
// differ in one word, which says who or which one, not what is measured.
type Siblings struct {
	// Name is the common name and Label the label it should have.
	Name  string `json:"name"`
	Label string `json:"label"`
	// Members are sorted by metric.
	Members []Member `json:"members"`
	// Certain is set if the word is a number, or a word with a number; if not,
	// several sets of names differ in the same words.
	Certain bool `json:"certain"`
}

// Member is one of Siblings, with the value that the label should have for it.
type Member struct {
	Metric string `json:"metric"`
	Value  string `json:"value"`
}

// FindSiblings returns the sets of siblings among the metrics, sorted by common
// name. A metric is in one set at most: names that differ in two words become
// one set for each value of the one, and are found again once those are renamed.
//
// Siblings are of one kind, have the same labels, and have three words or more
// (which keeps load1, load5 and load15 apart, whose number is what is measured).
func FindSiblings(metrics []Metric) []Siblings {
	shapes := shapesOf(metrics)
	var found []Siblings
	for _, s := range shapes {
		found = append(found, s.numbered()...)
	}
	found = append(found, matrix(shapes)...)
	// Larger sets go first, those that are certain before others.
	slices.SortStableFunc(found, func(a, b Siblings) int {
		return cmp.Or(a.doubt()-b.doubt(), cmp.Compare(len(b.Members), len(a.Members)), strings.Compare(a.Name, b.Name))
	})
	used := map[string]bool{}
	found = slices.DeleteFunc(found, func(s Siblings) bool {
		if slices.ContainsFunc(s.Members, func(m Member) bool { return used[m.Metric] }) {
			return true
		}
		for _, m := range s.Members {
			used[m.Metric] = true
		}
		return false
	})
	slices.SortFunc(found, func(a, b Siblings) int { return strings.Compare(a.Name, b.Name) })
	return found
}

func (s Siblings) doubt() int {
	if s.Certain {
		return 0
	}
	return 1
}

// shape is what names have in common that differ in the word at one position.
type shape struct {
	position int
	// words are those of a member, of which the one at position stands for all.
	words   []string
	members []Member
	// seen are the words of the members.
	seen map[string]bool
}

// minWords is how many words siblings have at least.
const minWords = 3

// shapesOf returns the shapes that two metrics or more have, in a fixed order.
func shapesOf(metrics []Metric) []*shape {
	byKey := map[string]*shape{}
	var keys []string
	for _, m := range metrics {
		words := m.words()
		if len(words) < minWords {
			continue
		}
		suffix := "|" + string(m.Kind) + "|" + strings.Join(m.labelNames(), ",")
		for i, word := range words {
			key := strings.Join(words[:i], "_") + "|*|" + strings.Join(words[i+1:], "_") + suffix
			s := byKey[key]
			if s == nil {
				s = &shape{position: i, words: words, seen: map[string]bool{}}
				byKey[key] = s
				keys = append(keys, key)
			}
			if !s.seen[word] {
				s.seen[word] = true
				s.members = append(s.members, Member{m.Name, word})
			}
		}
	}
	slices.Sort(keys)
	var shapes []*shape
	for _, key := range keys {
		if s := byKey[key]; len(s.members) > 1 {
			slices.SortFunc(s.members, func(a, b Member) int { return strings.Compare(a.Metric, b.Metric) })
			shapes = append(shapes, s)
		}
	}
	return shapes
}

// without returns the words but those from i up to before j, joined.
func (s *shape) without(i, j int) string {
	return strings.Join(slices.Concat(s.words[:i], s.words[j:]), "_")
}
