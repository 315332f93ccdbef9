package joined

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/metertree/metertree/metric"
	"github.com/metertree/metertree/policy/naming"
	"github.com/metertree/metertree/tree"
)

// Source is a tree.Source with the siblings of another joined. It is safe for
// concurrent use.
type Source struct {
	base tree.Source

	mu     sync.Mutex
	listed []tree.Family // in which the sets were found
	all    []tree.Family
	sets   map[string]*set
}

// New returns a source over another.
func New(base tree.Source) *Source { return &Source{base: base} }

// set is a joined metric.
type set struct {
	family  tree.Family
	label   string
	members []member // by value
}

// member is one of the metrics that are joined, and the value of the label for it.
type member struct {
	value  string
	family tree.Family
}

// Families implements tree.Source.
func (s *Source) Families(ctx context.Context) ([]tree.Family, error) {
	all, _, err := s.read(ctx)
	return slices.Clone(all), err
}

// read gives all metrics, and those that are joined by name.
func (s *Source) read(ctx context.Context) ([]tree.Family, map[string]*set, error) {
	base, err := s.base.Families(ctx)
	if err != nil {
		return nil, nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if !same(base, s.listed) {
		s.listed, s.sets = base, find(base)
		s.all = slices.Clone(base)
		for _, joined := range s.sets {
			s.all = append(s.all, joined.family)
		}
		slices.SortFunc(s.all, func(a, b tree.Family) int { return strings.Compare(a.Name, b.Name) })
	}
	return s.all, s.sets, nil
}

// same reports whether a list is the one that was seen last: sources keep it for a
// while.
func same(a, b []tree.Family) bool { return len(a) == len(b) && len(a) > 0 && &a[0] == &b[0] }

// find joins siblings.
func find(families []tree.Family) map[string]*set {
	byName := make(map[string]tree.Family, len(families))
	metrics := make([]naming.Metric, len(families))
	for i, f := range families {
		byName[f.Name] = f
		metrics[i] = naming.Metric{Name: f.Name, Kind: naming.Kind(f.Kind.String())}
	}
	sets := map[string]*set{}
	for _, siblings := range naming.FindSiblings(metrics) {
		_, taken := byName[siblings.Name]
		if joined := newSet(siblings, byName); siblings.Certain && !taken && joined.alike() {
			sets[siblings.Name] = joined
		}
	}
	return sets
}

func newSet(siblings naming.Siblings, byName map[string]tree.Family) *set {
	joined := &set{label: siblings.Label}
	for _, m := range siblings.Members {
		joined.members = append(joined.members, member{m.Value, byName[m.Metric]})
	}
	slices.SortFunc(joined.members, func(a, b member) int { return strings.Compare(a.value, b.value) })
	first := joined.members[0].family
	joined.family = tree.Family{
		Name: siblings.Name, Kind: first.Kind, Unit: first.Unit, Fold: first.Fold, Inferred: first.Inferred,
		Joined: len(joined.members),
		Help:   fmt.Sprintf("%d metrics such as %s, whose names tell the %s.", len(joined.members), first.Name, siblings.Label), Axes: append([]string{siblings.Label}, first.Axes...),
	}
	for _, m := range joined.members {
		joined.family.Series += m.family.Series
		joined.family.Parts = append(joined.family.Parts, m.family.Parts...)
	}
	slices.Sort(joined.family.Parts)
	return joined
}

// alike reports whether the members fold alike, and each has a value of its own.
func (s *set) alike() bool {
	for i, m := range s.members {
		if m.family.Kind != s.family.Kind || m.family.Fold != s.family.Fold || m.family.Unit != s.family.Unit {
			return false
		}
		if m.value == "" || i > 0 && m.value == s.members[i-1].value {
			return false
		}
	}
	return true
}

// Ratios implements tree.Source.
func (s *Source) Ratios(ctx context.Context) ([]metric.Ratio, error) { return s.base.Ratios(ctx) }

// Notices implements tree.Noticer as the other source does.
func (s *Source) Notices() []string {
	if n, ok := s.base.(tree.Noticer); ok {
		return n.Notices()
	}
	return nil
}

// Expression implements tree.Querier as the other source does.
func (s *Source) Expression(q tree.Query) string {
	querier, ok := s.base.(tree.Querier)
	if !ok {
		return ""
	}
	s.mu.Lock()
	p := newPlan(q, s.sets)
	s.mu.Unlock()
	if len(p.asked) == 0 {
		return ""
	}
	return querier.Expression(p.asked[0])
}
