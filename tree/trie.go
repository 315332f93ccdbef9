package tree

import (
	"slices"
	"sort"
	"strings"
)

// smallestScope is how many metrics a segment must hold before it becomes a node
// of its own below the root: a branch of two leaves costs a click and saves none.
const smallestScope = 3

// Scope is a node of the trie of names: a prefix that several metrics share.
type Scope struct {
	// Path is the prefix with its last separator, "go_gc_"; the root's is empty.
	Path string
	// Name is what the path adds to the parent's, without the separator: "gc".
	Name    string
	Scopes  []*Scope // sorted by path
	Metrics []Family // directly below, sorted by name
	Series  int      // of all metrics below
	Count   int      // of all metrics below
}

// NewScope builds the trie of the families' names and returns its root. A chain
// of segments without a branch is one node.
func NewScope(families []Family) *Scope {
	sorted := append([]Family(nil), families...)
	sort.Slice(sorted, func(i, j int) bool { return sorted[i].Name < sorted[j].Name })
	return newScope("", "", sorted)
}

func newScope(path, name string, families []Family) *Scope {
	s := &Scope{Path: path, Name: name, Count: len(families)}
	groups := make(map[string][]Family)
	for _, f := range families {
		s.Series += f.Series
		if prefix, ok := nextPrefix(f.Name, len(path)); ok {
			groups[prefix] = append(groups[prefix], f)
		} else {
			s.Metrics = append(s.Metrics, f)
		}
	}
	least := smallestScope
	if path == "" {
		least = 2
	}
	for prefix, group := range groups {
		if len(group) < least {
			s.Metrics = append(s.Metrics, group...)
			continue
		}
		prefix = compress(prefix, group)
		s.Scopes = append(s.Scopes, newScope(prefix, trimSeparators(prefix[len(path):]), group))
	}
	sort.Slice(s.Scopes, func(i, j int) bool { return s.Scopes[i].Path < s.Scopes[j].Path })
	sort.Slice(s.Metrics, func(i, j int) bool { return s.Metrics[i].Name < s.Metrics[j].Name })
	return s
}

// compress lengthens a prefix for as long as the whole group shares its next segment.
func compress(prefix string, group []Family) string {
	for {
		next, ok := nextPrefix(group[0].Name, len(prefix))
		if !ok {
			return prefix
		}
		for _, f := range group[1:] {
			if p, ok := nextPrefix(f.Name, len(prefix)); !ok || p != next {
				return prefix
			}
		}
		prefix = next
	}
}

// Find returns the scope with the path, or the one a compressed chain put in its
// place, or nil.
func (s *Scope) Find(path string) *Scope {
	for s != nil && len(s.Path) < len(path) {
		var next *Scope
		for _, c := range s.Scopes {
			fits := strings.HasPrefix(path, c.Path) || strings.HasPrefix(c.Path, path)
			if fits && (next == nil || len(next.Path) < len(path) && len(c.Path) > len(next.Path)) {
				next = c // the closest: "a__" lies beside "a_", not below it
			}
		}
		s = next
	}
	return s
}

// LeafName is the part of a metric's name that a scope's path leaves to be shown.
func (s *Scope) LeafName(f Family) string { return strings.TrimPrefix(f.Name, s.Path) }

func isSeparator(c byte) bool { return c == '_' || c == ':' || c == '.' || c == '/' }

func trimSeparators(s string) string { return strings.TrimRight(s, "_:./") }

// nextPrefix returns the name's prefix that ends after the first segment beyond
// from. There is none when what would be left is empty or only names a unit:
// "bytes_total" alone says nothing, so it stays with the word before it.
func nextPrefix(name string, from int) (string, bool) {
	i := from
	for i < len(name) && isSeparator(name[i]) {
		i++ // leading separators belong to the segment
	}
	for i < len(name) && !isSeparator(name[i]) {
		i++
	}
	for i < len(name) && isSeparator(name[i]) {
		i++
	}
	if i == len(name) || onlyUnits(name[i:]) {
		return "", false
	}
	return name[:i], true
}

// glued reports whether a word never stands alone as the name of a leaf.
func glued(word string) bool {
	switch word {
	case "total", "count", "sum", "timestamp", "created":
		return true
	}
	return slices.Contains(unitSuffixes[:], word)
}

func onlyUnits(rest string) bool {
	for _, word := range strings.FieldsFunc(rest, func(r rune) bool { return r < 0x80 && isSeparator(byte(r)) }) {
		if !glued(word) {
			return false
		}
	}
	return true
}
