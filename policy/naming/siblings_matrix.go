package naming

import "slices"

// libraries are words that say which library measures, so that the word in front
// of them says for whom.
var libraries = []string{
	"http", "https", "grpc", "rpc", "sql", "db", "redis", "kafka", "client", "server", "cache", "queue", "api", "service", "worker", "pool",
}

// owners are first words that say which library measures themselves.
var owners = []string{"go", "process", "promhttp", "metertree", "node", "http", "grpc", "rpc", "db", "sql", "redis", "kafka", "cache", "queue"}

// maxPaired bounds the values of one shape that are compared with one another.
const maxPaired = 100

// matrix returns the siblings whose first or second word differs, in the same
// way in several shapes, in front of the name of a library.
func matrix(shapes []*shape) (found []Siblings) {
	pairs := map[[2]string]int{}
	var candidates []*shape
	for _, s := range shapes {
		if s.namesCallers() {
			candidates = append(candidates, s)
			s.eachPair(func(pair [2]string) { pairs[pair]++ })
		}
	}
	for _, s := range candidates {
		again := map[string]bool{}
		s.eachPair(func(pair [2]string) {
			if pairs[pair] > 1 {
				again[pair[0]], again[pair[1]] = true, true
			}
		})
		members := slices.DeleteFunc(slices.Clone(s.members), func(m Member) bool { return !again[m.Value] })
		if len(members) < 2 {
			continue
		}
		i := s.position
		proposal := Siblings{Name: s.without(i, i+1), Label: "service", Members: members}
		if next := s.words[i+1]; (next == "service" || next == "worker") && len(s.words) > i+minWords {
			proposal.Label, proposal.Name = next, s.without(i, i+2)
		}
		found = append(found, proposal)
	}
	return found
}

// namesCallers reports whether the word that differs may say for whom a library
// measures.
func (s *shape) namesCallers() bool {
	return s.position <= 1 && len(s.words) > s.position+2 && slices.Contains(libraries, s.words[s.position+1])
}

// eachPair calls do with each two values that may be callers.
func (s *shape) eachPair(do func([2]string)) {
	var values []string
	for _, m := range s.members {
		if _, number := numberedStem(m.Value); !number && !slices.Contains(owners, m.Value) && len(values) < maxPaired {
			values = append(values, m.Value)
		}
	}
	slices.Sort(values)
	for i, a := range values {
		for _, b := range values[i+1:] {
			do([2]string{a, b})
		}
	}
}
