package inspect

import (
	"cmp"
	"slices"
	"strings"
)

// maxCompared bounds how many metrics of one type with the same labels are
// compared with one another, on each side.
const maxCompared = 1000

// findRenames finds which metrics that are gone have come back under another
// name, sorted by the old one. Only metrics of the same type with the same labels
// are compared. Of several that would suit, the best is taken, and none if two are
// as good.
func findRenames(gone, come []Family) (found []Rename) {
	kindred := map[string][]*candidate{}
	for _, c := range candidates(come) {
		kindred[c.key] = append(kindred[c.key], c)
	}
	var pairs []pair
	compared := map[string]int{}
	for _, old := range candidates(gone) {
		if compared[old.key]++; compared[old.key] > maxCompared {
			continue
		}
		list := kindred[old.key]
		for _, now := range list[:min(len(list), maxCompared)] {
			if p, ok := compare(old, now); ok {
				pairs = append(pairs, p)
			}
		}
	}
	for _, p := range marry(pairs) {
		found = append(found, p.rename())
	}
	slices.SortFunc(found, func(a, b Rename) int { return strings.Compare(a.Old, b.Old) })
	return found
}

// candidate is one side of a possible rename.
type candidate struct {
	Family
	// key is what both sides must have in common.
	key string
	// words are those of the name, without unit and suffix.
	words []string
	// sayings is how many candidates of this side have the help text.
	sayings int
}

func candidates(families []Family) []*candidate {
	sayings := map[string]int{}
	for _, f := range families {
		sayings[f.Help]++
	}
	list := make([]*candidate, 0, len(families))
	for _, f := range families {
		key := f.Kind.String() + " " + strings.Join(f.labelNames(), ",")
		list = append(list, &candidate{f, key, stem(f.Name), sayings[f.Help]})
	}
	return list
}

// pair is a possible rename.
type pair struct {
	old, now *candidate
	evidence []string
	score    float64
	units    unitChange
}

// marry takes the best pairs. A metric for which two are as good gets neither of
// them, nor a worse one.
func marry(pairs []pair) (taken []pair) {
	slices.SortStableFunc(pairs, func(a, b pair) int { return cmp.Compare(b.score, a.score) })
	free := func(p pair, used map[*candidate]bool) bool { return !used[p.old] && !used[p.now] }
	used := map[*candidate]bool{}
	for len(pairs) > 0 {
		// All that score the same are looked at together.
		n := 1
		for n < len(pairs) && pairs[n].score == pairs[0].score {
			n++
		}
		suitors := map[*candidate]int{}
		for _, p := range pairs[:n] {
			if free(p, used) {
				suitors[p.old]++
				suitors[p.now]++
			}
		}
		for _, p := range pairs[:n] {
			if free(p, used) && suitors[p.old] == 1 && suitors[p.now] == 1 {
				taken = append(taken, p)
			}
		}
		for c := range suitors {
			used[c] = true
		}
		pairs = pairs[n:]
	}
	return taken
}

func (p pair) rename() Rename {
	r := Rename{Old: p.old.Name, New: p.now.Name, Type: p.now.typeName(), Evidence: p.evidence, units: p.units}
	for _, part := range p.old.Parts {
		end, ours := strings.CutPrefix(part.Name, p.old.Name)
		if !ours {
			continue
		}
		if slices.ContainsFunc(p.now.Parts, func(other Part) bool { return other.Name == p.now.Name+end }) {
			r.parts = append(r.parts, renamedPart{part.Name, p.now.Name + end})
		}
	}
	return r
}
