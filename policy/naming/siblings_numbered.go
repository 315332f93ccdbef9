package naming

import (
	"maps"
	"slices"
	"strings"
)

// nouns are words that say of what a number is the number.
var nouns = []string{
	"service", "shard", "node", "host", "worker", "queue", "pool", "db", "database", "region", "zone",
	"tenant", "partition", "replica", "cluster", "server", "client", "thread", "channel", "disk", "cpu",
	"core", "device", "backend", "upstream", "segment", "slot", "level", "topic", "bucket", "version", "port",
}

// numbered returns the siblings in whose words a number differs.
func (s *shape) numbered() (found []Siblings) {
	byStem := map[string][]Member{}
	for _, m := range s.members {
		if stem, ok := numberedStem(m.Value); ok {
			byStem[stem] = append(byStem[stem], m)
		}
	}
	for _, stem := range slices.Sorted(maps.Keys(byStem)) {
		if members := byStem[stem]; len(members) > 1 {
			found = append(found, s.siblings(stem, members))
		}
	}
	return found
}

// codeStem stands for HTTP status codes and their classes.
const codeStem = "code"

// numberedStem returns what is in front of a number at the end of a word. A
// quantile, such as p99, is no number of anything.
func numberedStem(word string) (stem string, ok bool) {
	if len(word) == 3 && word[0] >= '1' && word[0] <= '5' && (word[1:] == "xx" || isDigit(word[1]) && isDigit(word[2])) {
		return codeStem, true
	}
	stem = strings.TrimRight(word, "0123456789")
	if stem == word || stem == "p" || strings.ContainsAny(stem, "0123456789") {
		return "", false
	}
	return stem, true
}

func isDigit(c byte) bool { return c >= '0' && c <= '9' }

// siblings makes the proposal for members that differ in a number behind a stem.
func (s *shape) siblings(stem string, members []Member) Siblings {
	i := s.position
	proposal := Siblings{Certain: true, Name: s.without(i, i+1), Label: stem}
	for _, m := range members {
		m.Value = strings.TrimPrefix(m.Value, stem)
		proposal.Members = append(proposal.Members, m)
	}
	switch {
	case stem == "v":
		proposal.Label = "version"
	case stem != "":
	case i > 0 && slices.Contains(nouns, s.words[i-1]):
		proposal.Label, proposal.Name = s.words[i-1], s.without(i-1, i+1)
	default:
		proposal.Label = "index"
	}
	return proposal
}
