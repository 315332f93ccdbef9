package tree

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"github.com/metertree/metertree/metric"
)

// presenter turns the amounts of one answer into nodes.
type presenter struct {
	tree *Tree
	ask  ask
	answer
	now time.Time // of the answer, for ages
}

func (t *Tree) present(a ask, r answer) presenter {
	if r.At.IsZero() {
		r.At = t.now()
	}
	return presenter{tree: t, ask: a, answer: r, now: r.At}
}

// fill writes an amount into the node it is of, which the matchers select.
func (p presenter) fill(n *Node, of *amount, matchers []Matcher, except *Exclusion) {
	s := p.ask.subject
	n.Series, n.At = of.Series, p.At.UnixMilli()
	reading := of.Reading
	reading.Query = p.query(reading.Meaning, 0, matchers, except)
	for i := range reading.Quantiles {
		q := &reading.Quantiles[i]
		q.Query = p.query(reading.Meaning, q.Q, matchers, except)
	}
	Describe(s.described(), &reading, p.now)
	n.Reading = &reading
	if s.ratio != nil {
		n.Ratio = p.parts(of, matchers)
	}
	if of.exceeds {
		n.Warnings = append(n.Warnings, warnExceeds)
	}
}

// query is the expression of an amount, or of one of its quantiles.
func (p presenter) query(meaning Meaning, quantile float64, matchers []Matcher, except *Exclusion) string {
	write := func(part Part, matchers []Matcher, except *Exclusion, as Meaning) string {
		q := part.query(matchers)
		q.Except, q.Moment, q.Quantile, q.SkipNaN = except, p.ask.moment, quantile, p.SkippedNaN
		q.Moment.Length = cmp.Or(q.Moment.Length, p.Length)
		if part.Family.Increases() || as == MeaningSingle {
			q.As = as
		}
		return p.tree.expression(q)
	}
	if except != nil && !except.writable() {
		return ""
	}
	s := p.ask.subject
	if s.ratio == nil {
		if meaning != MeaningTotal && meaning != MeaningSingle {
			meaning = MeaningRate
		}
		return write(Part{Family: s.family}, matchers, except, meaning)
	}
	below, left := matchers, except
	if p.ask.mode == metric.ShareOfParent {
		below, left = p.ask.matchers, nil
	}
	bottom := write(s.bottom, below, left, p.as)
	if !s.top.exists() {
		return quotientQuery("", bottom)
	}
	return quotientQuery(write(s.top, matchers, except, p.as), bottom)
}

// parts describe a ratio and what was divided.
func (p presenter) parts(of *amount, matchers []Matcher) *RatioParts {
	s := p.ask.subject
	below := matchers
	if p.ask.mode == metric.ShareOfParent {
		below = p.ask.matchers
	}
	parts := &RatioParts{
		Numerator: s.top.selection(matchers), Denominator: s.bottom.selection(below),
		Mode: p.ask.mode.String(), Help: s.ratio.Help, Role: s.ratio.Role.String(),
	}
	sum := func(r *Reading, f Family) *Reading {
		if r == nil {
			return nil
		}
		shown := *r
		shown.Quantiles = nil
		Describe(f, &shown, p.now)
		return &shown
	}
	parts.NumeratorSum = sum(of.above, s.top.Family)
	parts.DenominatorSum = sum(of.below, s.bottom.Family)
	return parts
}

// Sentences that warn about a number.
const (
	warnExceeds  = "the numerator is more than the denominator: something is counted twice, or missing below"
	warnNaN      = "series whose value is not a number are left out"
	warnBuckets  = "histograms with unlike buckets are merged: quantiles are rough, and may be too high"
	warnOverflow = "label sets beyond the budget of the metric are counted together as " + overflow
)

// overflow is the value that stands for those a label had no room for.
const overflow = "__overflow__"

// fillTotal writes the node that was asked about, whose warnings are for what is
// below it too.
func (p presenter) fillTotal(n *Node) {
	p.fill(n, &p.total, p.ask.matchers, nil)
	if p.SkippedNaN {
		n.Warnings = append(n.Warnings, warnNaN)
	}
	if p.MixedBuckets && p.ask.subject.family.Kind == KindHistogram {
		n.Warnings = append(n.Warnings, warnBuckets)
	}
}

// branch is the node of one branch.
func (p presenter) branch(b *amount) *Node {
	a := p.ask
	n := &Node{
		Type: NodeValue, Name: valueName(b.Value), Label: a.by, Path: a.subject.name(),
		Matchers: Selector{Matchers: a.matchers}.With(a.by, b.Value).Matchers, Expandable: b.Streams > 1,
	}
	p.fill(n, b, n.Matchers, nil)
	n.Share = p.share(b)
	if b.Value == overflow {
		n.Warnings = append(n.Warnings, warnOverflow)
	}
	return n
}

// rest is the node of the branches that are not shown.
func (p presenter) rest() *Node {
	a := p.ask
	n := &Node{
		Type: NodeOther, Name: fmt.Sprintf("other (%d)", p.Others), Label: a.by, Path: a.subject.name(),
		Matchers: a.matchers, Branches: p.Others,
	}
	p.fill(n, p.other, a.matchers, p.shown())
	n.Share = p.share(p.other)
	return n
}

// longestExclusion bounds, in bytes, the values of an expression that leaves out
// the branches that are shown.
const longestExclusion = 16 << 10

// writable reports whether the values are few and short enough for an expression.
func (e *Exclusion) writable() bool {
	length := 0
	for _, v := range e.Values {
		length += len(v) + 1
	}
	return length <= longestExclusion
}

// shown excludes the branches that are shown.
func (p presenter) shown() *Exclusion {
	e := &Exclusion{Label: p.ask.by}
	for _, b := range p.branches {
		e.Values = append(e.Values, b.Value)
	}
	slices.Sort(e.Values)
	return e
}

// share is the part of the parent that a branch is, where branches add up.
func (p presenter) share(b *amount) *Number {
	whole, part := p.total.Reading.Value, b.Reading.Value
	if p.ask.subject.ratio != nil {
		if p.ask.mode != metric.ShareOfParent {
			return nil
		}
	} else if !p.ask.subject.additive() {
		return nil
	}
	if whole.IsNaN() || whole == 0 || part.IsNaN() {
		return nil
	}
	share := part / whole
	return &share
}

func valueName(v string) string {
	if v == "" {
		return Unset
	}
	return v
}
