package tree

import (
	"context"
	"fmt"
	"math"
	"strings"
	"time"
)

// compare writes into nodes how they differ from what they were a while ago: the
// node itself and, of an expansion, the branches. What is not known of then is a
// warning.
func (t *Tree) compare(ctx context.Context, p presenter, node *Node, ago time.Duration) error {
	before := p.ask
	before.limit = -1 // a branch that is shown now may have been small
	before.moment = Moment{End: p.now.Add(-ago), Length: p.Length}
	if meaning := p.total.Reading.Meaning; p.ask.subject.family.Increases() && meaning != MeaningNone {
		before.as = meaning // a total is no change of a rate
	}
	answers, err := t.put(ctx, []ask{before})
	if err != nil {
		return err
	}
	then := answers[0]
	if then.Err != nil {
		node.Warnings = append(node.Warnings, fmt.Sprintf("no comparison with %s ago: %v", Age(ago), then.Err))
		return nil
	}
	node.Change = p.change(p.total.Reading, then.total.Reading)
	p.changeBranches(node.Children, then)
	return nil
}

func (p presenter) changeBranches(children []*Node, then answer) {
	old := make(map[string]amount, len(then.branches))
	for _, b := range then.branches {
		old[b.Value] = b
	}
	for i := range p.branches {
		value := p.branches[i].Value
		children[i].Change = p.change(p.branches[i].Reading, old[value].Reading)
		delete(old, value)
	}
	if p.other == nil {
		return
	}
	var rest []amount
	for _, b := range then.branches {
		if _, left := old[b.Value]; left {
			rest = append(rest, b)
		}
	}
	merged := p.ask.merge(rest, then.as, then.total)
	children[len(p.branches)].Change = p.change(p.other.Reading, merged.Reading)
}

// change compares two readings of the subject.
func (p presenter) change(now, before Reading) *Change {
	if before.Meaning == "" {
		before = Reading{Meaning: MeaningNone, Value: NoData}
	}
	f := p.ask.subject.described()
	Describe(f, &before, p.now)
	before.Quantiles = nil
	from, to := float64(before.Value), float64(now.Value)
	if p.ask.subject.additive() {
		from, to = zeroIfAbsent(from), zeroIfAbsent(to)
	}
	if math.Abs(to-from) <= rounding*math.Max(math.Abs(from), math.Abs(to)) {
		from = to // but for the rounding of sums
	}
	c := &Change{Before: before, Delta: Number(to - from), Percent: NoData}
	if from != 0 {
		c.Percent = c.Delta / Number(math.Abs(from)) * 100
	}
	meaning := now.Meaning
	if meaning == MeaningNone {
		meaning = before.Meaning
	}
	c.Text = signedText(f, meaning, float64(c.Delta))
	return c
}

func zeroIfAbsent(v float64) float64 {
	if math.IsNaN(v) {
		return 0
	}
	return v
}

// signedText writes a difference of two values of the family. That of two moments
// is a length of time, and that of two percentages is in percentage points.
func signedText(f Family, meaning Meaning, delta float64) string {
	if f.Unit == UnitTimestamp {
		f.Unit = "seconds"
	}
	r := Reading{Meaning: meaning, Value: Number(delta)}
	Describe(f, &r, time.Time{})
	if percentage, ok := strings.CutSuffix(r.Text, "%"); ok {
		r.Text = percentage + " pp"
	}
	switch {
	case delta > 0:
		return "+" + r.Text
	case delta < 0:
		return "−" + strings.TrimPrefix(r.Text, "-")
	default:
		return r.Text
	}
}

// Age writes a length of time as people say it: 15m, 1h, 1d.
func Age(d time.Duration) string {
	for _, unit := range []struct {
		length time.Duration
		name   string
	}{{24 * time.Hour, "d"}, {time.Hour, "h"}, {time.Minute, "m"}, {time.Second, "s"}} {
		if d >= unit.length && d%unit.length == 0 {
			return fmt.Sprintf("%d%s", d/unit.length, unit.name)
		}
	}
	return d.String()
}
