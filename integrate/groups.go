package integrate

import (
	"cmp"
	"math"
	"slices"
	"time"

	"github.com/metertree/metertree/metric"
)

// groups are the series of one exported metric that are made of others.
type groups struct {
	temporality metric.Temporality
	values      accumulator
	// index finds a group by its label set; what follows is in parallel.
	index  map[string]int32
	labels []metric.LabelSet
	// start is the earliest start of a member in nanoseconds since 1970, or
	// unknownStart.
	start []int64
	// seen is the collection that last had a member of the group.
	seen []uint64
	// order is empty if it has to be made.
	order []int32
	pass  uint64
	// live counts the groups seen in this collection.
	live int
}

const unknownStart = math.MaxInt64

// accumulator holds the values of groups, numbered from 0.
type accumulator interface {
	// grow adds an empty group.
	grow()
	// begin starts a collection; what is shown anew each time is emptied.
	begin()
	// reset empties all groups.
	reset()
	// add merges a point into a group. changed is the collection in which a gauge
	// has got its value.
	add(group int32, p *metric.Point, changed uint64)
	// fill sets the value of a point, which is valid until the next call.
	fill(group int32, p *metric.Point)
	// move gives the contents of a group another number, not above its own.
	move(from, to int32)
	// truncate leaves the first n groups.
	truncate(n int)
}

func newGroups(d *metric.Descriptor, temporality metric.Temporality) *groups {
	return &groups{temporality: temporality, values: newAccumulator(d, temporality), index: map[string]int32{}}
}

// begin starts a collection.
func (g *groups) begin() {
	g.pass++
	g.live = 0
	g.values.begin()
	if g.temporality == metric.Delta {
		g.values.reset()
		for i := range g.start {
			g.start[i] = unknownStart
		}
	}
}

// find returns the group of an encoded label set, made if need be.
func (g *groups) find(encoded []byte) int32 {
	if at, found := g.index[string(encoded)]; found {
		return at
	}
	at := int32(len(g.labels))
	labels := string(encoded)
	g.index[labels] = at
	g.labels = append(g.labels, metric.LabelSet(labels))
	g.start = append(g.start, unknownStart)
	g.seen = append(g.seen, 0)
	g.values.grow()
	g.order = g.order[:0]
	return at
}

// see keeps a group for this collection.
func (g *groups) see(at int32) {
	if g.seen[at] != g.pass {
		g.seen[at] = g.pass
		g.live++
	}
}

// add merges a point into a group.
func (g *groups) add(at int32, p *metric.Point, changed uint64) {
	g.see(at)
	if !p.Start.IsZero() {
		g.start[at] = min(g.start[at], p.Start.UnixNano())
	}
	g.values.add(at, p, changed)
}

// end drops the groups that have no member left and returns the new numbers of
// the others, or nil if they keep theirs.
func (g *groups) end() []int32 {
	if g.live == len(g.labels) {
		return nil
	}
	to := make([]int32, len(g.labels))
	n := int32(0)
	for from := range g.labels {
		if g.seen[from] != g.pass {
			delete(g.index, string(g.labels[from]))
			continue
		}
		to[from] = n
		g.labels[n], g.start[n], g.seen[n] = g.labels[from], g.start[from], g.seen[from]
		g.index[string(g.labels[n])] = n
		g.values.move(int32(from), n)
		n++
	}
	clear(g.labels[n:])
	g.labels, g.start, g.seen = g.labels[:n], g.start[:n], g.seen[:n]
	g.values.truncate(int(n))
	g.order = g.order[:0]
	return to
}

// sorted returns the groups in the order of their labels.
func (g *groups) sorted() []int32 {
	if len(g.order) != len(g.labels) {
		g.order = g.order[:0]
		for at := range g.labels {
			g.order = append(g.order, int32(at))
		}
		slices.SortFunc(g.order, func(a, b int32) int { return cmp.Compare(g.labels[a], g.labels[b]) })
	}
	return g.order
}

// points yields the groups in the order of their labels.
func (g *groups) points(yield func(*metric.Point) bool) {
	var p metric.Point
	for _, at := range g.sorted() {
		p.Labels, p.Start, p.Exemplars = g.labels[at], time.Time{}, nil
		if g.start[at] != unknownStart {
			p.Start = time.Unix(0, g.start[at])
		}
		g.values.fill(at, &p)
		if !yield(&p) {
			return
		}
	}
}
