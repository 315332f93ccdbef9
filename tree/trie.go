package tree

import (
	"slices"
	"sort"
	"strings"

	"github.com/metertree/metertree/metric"
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
	Entries []Entry  // directly below, sorted by name
	Series  int      // of all metrics below
	Count   int      // of all metrics and ratios below
}

// Entry is a leaf of the trie: a metric, or a ratio of two.
type Entry struct {
	Family Family        // of a metric
	Ratio  *metric.Ratio // nil for a metric
}

// Name is the full name of the metric or ratio.
func (e Entry) Name() string {
	if e.Ratio != nil {
		return e.Ratio.Name
	}
	return e.Family.Name
}

// NewScope builds the trie of the entries' names and returns its root. A chain of
// segments without a branch is one node.
func NewScope(entries []Entry) *Scope {
	return newScope("", "", slices.SortedFunc(slices.Values(entries), byName))
}

func byName(a, b Entry) int { return strings.Compare(a.Name(), b.Name()) }

func newScope(path, name string, entries []Entry) *Scope {
	s := &Scope{Path: path, Name: name, Count: len(entries)}
	groups := make(map[string][]Entry)
	for _, e := range entries {
		if e.Family.Joined == 0 { // or they would count twice
			s.Series += e.Family.Series
		}
		if prefix, ok := nextPrefix(e.Name(), len(path)); ok {
			groups[prefix] = append(groups[prefix], e)
		} else {
			s.Entries = append(s.Entries, e)
		}
	}
	least := smallestScope
	if path == "" {
		least = 2
	}
	for prefix, group := range groups {
		if len(group) < least {
			s.Entries = append(s.Entries, group...)
			continue
		}
		prefix = compress(prefix, group)
		s.Scopes = append(s.Scopes, newScope(prefix, trimSeparators(prefix[len(path):]), group))
	}
	sort.Slice(s.Scopes, func(i, j int) bool { return s.Scopes[i].Path < s.Scopes[j].Path })
	slices.SortFunc(s.Entries, byName)
	return s
}

// compress lengthens a prefix for as long as the whole group shares its next segment.
func compress(prefix string, group []Entry) string {
	for {
		next, ok := nextPrefix(group[0].Name(), len(prefix))
		if !ok {
			return prefix
		}
		for _, e := range group[1:] {
			if p, ok := nextPrefix(e.Name(), len(prefix)); !ok || p != next {
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

// LeafName is the part of an entry's name that a scope's path leaves to be shown.
func (s *Scope) LeafName(e Entry) string { return strings.TrimPrefix(e.Name(), s.Path) }

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
