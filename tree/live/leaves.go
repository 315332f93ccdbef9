package live

import (
	"context"
	"fmt"
	"math"
	"slices"

	"github.com/metertree/metertree/metric"
	"github.com/metertree/metertree/tree"
)

// Leaves implements tree.Source, over the same samples as Fold. What increases
// needs two of them. Without a positive limit there is none.
func (s *Source) Leaves(ctx context.Context, q tree.LeavesQuery) ([]tree.Leaf, error) {
	samples, err := s.samples(ctx)
	if err != nil {
		return nil, err
	}
	query := tree.Query{Family: q.Family, Selector: q.Selector, Where: q.Where}
	window, err := s.window(samples, q.Moment, query.Parts())
	if err == nil {
		err = known(query, window, samples)
	}
	if err != nil {
		return nil, err
	}
	if q.Family.Increases() && len(window) == 1 {
		return nil, fmt.Errorf("%s: %w to tell a rate from: the time asked for has one sample: ask for a longer or later time", q.Selector, tree.ErrNoHistory)
	}
	c := census{query: query, sets: make(map[metric.LabelSet]int)}
	for i := range window {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		col := window[i].columns[q.Family.Name]
		switch {
		case !q.Family.Increases() && col != nil:
			c.show(col)
		case q.Family.Increases() && i > 0:
			c.grow(newStep(window[i-1], window[i], q.Family.Name))
		}
	}
	if q.Family.Increases() {
		return c.leaves(q, func(m *member) float64 { return m.sum / seconds(window) })
	}
	return c.leaves(q, func(m *member) float64 { return m.sum / float64(m.samples) })
}

// census finds the label sets of a window.
type census struct {
	query   tree.Query
	members []member
	sets    map[metric.LabelSet]int // places in members
	picks   picks[int]
}

// member is one label set, whichever streams it had.
type member struct {
	stream  *stream // one of them
	sum     float64 // of its values, or of what it counted
	samples int     // that sum is made of
}

func (c *census) place(st *stream) int {
	at, found := c.sets[st.key]
	if !found {
		at = len(c.members)
		c.sets[st.key] = at
		c.members = append(c.members, member{stream: st})
	}
	return at
}

func (c *census) choose(col *column) {
	c.picks.of(col, &c.query, tree.Part{Family: c.query.Family, Where: c.query.Where}, c.place)
}

// show takes in a sample of gauges.
func (c *census) show(col *column) {
	c.choose(col)
	for i, at := range c.picks.at {
		if v := col.values[at]; !math.IsNaN(v) {
			m := &c.members[c.picks.to[i]]
			m.sum += v
			m.samples++
		}
	}
}

// grow takes in what was counted from one sample to the next.
func (c *census) grow(s step) {
	c.choose(s.now)
	for i, at := range c.picks.at {
		if g, known := s.gain(at); known {
			m := &c.members[c.picks.to[i]]
			m.sum += g.value()
			m.samples++
		}
	}
}

// leaves gathers the members by the labels that tell leaves apart.
func (c *census) leaves(q tree.LeavesQuery, value func(*member) float64) ([]tree.Leaf, error) {
	var leaves []tree.Leaf
	places := make(map[string]int)
	var key []byte
	for i := range c.members {
		m := &c.members[i]
		if m.samples == 0 {
			continue
		}
		key = key[:0]
		for _, label := range q.By {
			key = append(append(key, m.stream.label(label)...), 0xff) // no UTF-8 has it
		}
		at, found := places[string(key)]
		if !found {
			if at = len(leaves); q.Limit > 0 && at == q.Limit {
				return nil, fmt.Errorf("%s by %q: %w: more than %d: choose labels with fewer values", q.Selector, q.By, tree.ErrTooMany, q.Limit)
			}
			places[string(key)] = at
			leaves = append(leaves, tree.Leaf{Values: m.stream.values(q.By)})
		}
		leaves[at].Value += value(m)
		leaves[at].Streams++
	}
	slices.SortFunc(leaves, func(a, b tree.Leaf) int { return slices.Compare(a.Values, b.Values) })
	return leaves, nil
}

// values are those of some labels.
func (s *stream) values(labels []string) []string {
	values := make([]string, len(labels))
	for i, label := range labels {
		values[i] = s.label(label)
	}
	return values
}
