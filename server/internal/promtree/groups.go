package promtree

import (
	"math"

	"github.com/metertree/metertree/tree"
)

// groupSet collects what several expressions say about the same groups. A group
// may appear in any of them: a series that just ended has no current sample but
// still a rate, which its parent's rate includes.
type groupSet struct {
	by     string
	groups map[string]*tree.Group
}

func newGroups(by string, about int) groupSet {
	return groupSet{by: by, groups: make(map[string]*tree.Group, about)}
}

// at is the group of a value, which is empty at first.
func (s groupSet) at(value string) *tree.Group {
	g := s.groups[value]
	if g == nil {
		g = &tree.Group{Value: value, Reading: tree.Reading{Meaning: tree.MeaningNone, Value: tree.NoData}}
		s.groups[value] = g
	}
	return g
}

func (s groupSet) list() []tree.Group {
	out := make([]tree.Group, 0, len(s.groups))
	for _, g := range s.groups {
		out = append(out, *g)
	}
	return out
}

// setValues takes the numbers of the groups, after their counts.
func (s groupSet) setValues(answer []Sample, f tree.Family, as tree.Meaning) {
	for _, sample := range answer {
		g := s.at(valueOf(sample.Labels, s.by))
		meaning := as
		if !f.Increases() {
			meaning = tree.GaugeMeaning(f.Fold, g.Streams)
		}
		if meaning != tree.MeaningNone && !math.IsNaN(sample.Value) {
			g.Reading.Value, g.Reading.Meaning = tree.Number(sample.Value), meaning
		}
	}
}

func (s groupSet) setQuantile(answer []Sample, quantile float64) {
	for _, sample := range answer {
		g := s.at(valueOf(sample.Labels, s.by))
		g.Reading.Quantiles = append(g.Reading.Quantiles, tree.Quantile{Q: quantile, Value: tree.Number(sample.Value)})
	}
}

// completeQuantiles adds the quantile, the one at place i, to the groups that have a
// value and not it: some servers leave out those of no observations.
func (s groupSet) completeQuantiles(i int, quantile float64) {
	for _, g := range s.groups {
		if len(g.Reading.Quantiles) == i && !g.Reading.Value.IsNaN() {
			g.Reading.Quantiles = append(g.Reading.Quantiles, tree.Quantile{Q: quantile, Value: tree.NoData})
		}
	}
}

// merge is all groups as one, without a reading.
func (s groupSet) merge() tree.Group {
	all := tree.Group{Reading: tree.Reading{Meaning: tree.MeaningNone, Value: tree.NoData}}
	for _, g := range s.groups {
		all.Series += g.Series
		all.Streams += g.Streams
	}
	return all
}

// anyNaN reports whether there is something that is not a number.
func anyNaN(answers ...[]Sample) bool {
	for _, answer := range answers {
		for _, sample := range answer {
			if math.IsNaN(sample.Value) {
				return true
			}
		}
	}
	return false
}
