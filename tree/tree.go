package tree

import (
	"time"
)

// Tree answers what a viewer asks about a source. It is safe for concurrent use.
type Tree struct {
	source Source
	limits Limits
	now    func() time.Time
	at     time.Time // zero for now
}

// Limits bound one answer. A zero field takes its default.
type Limits struct {
	Nodes    int // nodes in one answer; default 1000
	Readings int // metrics and ratios whose value is read in one answer; default 300
	Branches int // branches of one node; default DefaultBranches
	Lines    int // branches in one plot; default 10
	Points   int // instants in one plot; default 240
}

func (l Limits) withDefaults() Limits {
	set := func(p *int, v int) {
		if *p <= 0 {
			*p = v
		}
	}
	set(&l.Nodes, 1000)
	set(&l.Readings, 300)
	set(&l.Branches, DefaultBranches)
	set(&l.Lines, 10)
	set(&l.Points, 240)
	return l
}

// New returns a tree over the source.
func New(source Source, limits Limits) *Tree {
	return &Tree{source: source, limits: limits.withDefaults(), now: time.Now}
}

// SetClock replaces the clock, before first use, so that ages and plots can be
// produced for another moment than now.
func (t *Tree) SetClock(now func() time.Time) { t.now = now }

// At returns the tree with the values of a moment of the past, and of now if it is
// zero. Which metrics and labels there are is as of now.
func (t *Tree) At(moment time.Time) *Tree {
	at := *t
	at.at = moment
	return &at
}

// moment is when the answers are of.
func (t *Tree) moment() time.Time {
	if t.at.IsZero() {
		return t.now()
	}
	return t.at
}

// Notices tells, as sentences, what is missing from recent answers of the source
// and why.
func (t *Tree) Notices() []string {
	if n, ok := t.source.(Noticer); ok {
		return n.Notices()
	}
	return nil
}
