package tree

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/metertree/metertree/metric"
)

// Signals returns the golden signals of a scope: what the metrics and ratios below
// it, whose names begin with the path, are declared to be.
func (t *Tree) Signals(ctx context.Context, path string) (*Signals, error) {
	space, err := t.namespace(ctx)
	if err != nil {
		return nil, err
	}
	if entries := space.entries(); path != "" && !slices.ContainsFunc(entries, func(e Entry) bool { return strings.HasPrefix(e.Name(), path) }) {
		return nil, fmt.Errorf("scope %q: %w: start at the root and expand", path, ErrUnknownScope)
	}
	roles := rolesBelow(space, path)
	signals := &Signals{Path: path}
	var asked []*signalAsk
	add := func(to **Signal, a *signalAsk) {
		if a != nil {
			*to = &a.signal
			asked = append(asked, a)
		}
	}
	add(&signals.Traffic, roles.traffic())
	add(&signals.Errors, roles.errors())
	add(&signals.Latency, roles.latency())
	if err := t.readSignals(ctx, asked); err != nil {
		return nil, err
	}
	signals.Saturation, err = t.saturation(ctx, roles)
	return signals, err
}

// together is one query about several parts; those without series are nothing.
func (t *Tree) together(parts []Part, as Meaning) (Query, bool) {
	parts = slices.DeleteFunc(slices.Clone(parts), func(p Part) bool { return !p.exists() })
	if len(parts) == 0 {
		return Query{}, false
	}
	q := parts[0].query(nil)
	q.Also, q.As, q.Moment.End = parts[1:], as, t.at
	return q, true
}

// readSignals asks for signals at once, at one moment; ratios whose sides are not
// read alike are asked for again.
func (t *Tree) readSignals(ctx context.Context, asked []*signalAsk) error {
	for len(asked) > 0 {
		var queries []Query
		for _, a := range asked {
			queries = append(queries, t.sides(a)...)
		}
		results, err := t.source.Fold(ctx, queries)
		if err != nil {
			return fmt.Errorf("reading golden signals: %w", err)
		}
		var again []*signalAsk
		for _, a := range asked {
			n := len(t.sides(a))
			if !t.taken(a, queries[:n], results[:n]) {
				again = append(again, a)
			}
			queries, results = queries[n:], results[n:]
		}
		asked = again
	}
	return nil
}

// sides are the queries of a signal: for a ratio the denominator and, if there is
// any, the numerator.
func (t *Tree) sides(a *signalAsk) []Query {
	whole, _ := t.together(a.whole, a.as)
	queries := []Query{whole}
	if failed, ok := t.together(a.failed, cmp.Or(a.as, MeaningRate)); ok {
		queries = append(queries, failed)
	}
	for i := range queries {
		queries[i].Moment.Length = a.length
	}
	return queries
}

// taken writes what was read into a signal, or reports that its sides must be read
// in another way.
func (t *Tree) taken(a *signalAsk, queries []Query, results []Result) bool {
	whole, failed := results[0], Result{Length: results[0].Length}
	if len(results) > 1 {
		failed = results[1]
	}
	if a.failed != nil && a.as == "" {
		switch {
		case whole.Total.Reading.Meaning == MeaningTotal:
			a.as = MeaningTotal
			return false
		case whole.Err == nil && failed.Err == nil && whole.Length != failed.Length:
			a.as, a.length = MeaningRate, whole.Length
			return false
		}
	}
	t.settle(a, queries, whole, failed)
	return true
}

// settle writes what was read into a signal.
func (t *Tree) settle(a *signalAsk, queries []Query, whole, failed Result) {
	for _, r := range []Result{whole, failed} {
		if r.Err != nil {
			a.signal.Error = r.Err.Error()
			return
		}
		if r.MixedBuckets && a.family.Kind == KindHistogram {
			a.signal.Warnings = append(a.signal.Warnings, warnBuckets)
		}
	}
	a.signal.At = cmp.Or(whole.At, t.moment()).UnixMilli()
	if a.failed != nil {
		t.settleRatio(a, queries, whole, failed)
		return
	}
	reading := whole.Total.Reading
	q := queries[0]
	q.As, q.SkipNaN, q.Moment.Length = reading.Meaning, whole.SkippedNaN, whole.Length
	if reading.Meaning != MeaningTotal {
		q.As = MeaningRate
	}
	reading.Query = t.expression(q)
	for i := range reading.Quantiles {
		q.Quantile = reading.Quantiles[i].Q
		reading.Quantiles[i].Query = t.expression(q)
	}
	if a.family.Kind != KindHistogram {
		reading.Quantiles = nil // of traffic, only how much there is
	}
	Describe(a.family, &reading, t.moment())
	a.signal.Reading = reading
}

func (t *Tree) settleRatio(a *signalAsk, queries []Query, whole, failed Result) {
	n := newAmount(failed.Total, whole.Total)
	n.settle(metric.WithinGroup, n)
	as := whole.Total.Reading.Meaning
	if as != MeaningTotal {
		as = MeaningRate
	}
	written := []string{"", ""}
	for i, q := range queries {
		q.As, q.Moment.Length = as, whole.Length
		written[i] = t.expression(q)
	}
	n.Reading.Query = quotientQuery(written[1], written[0])
	Describe(a.family, &n.Reading, t.moment())
	a.signal.Reading = n.Reading
	a.signal.Ratio.NumeratorSum, a.signal.Ratio.DenominatorSum = t.plainSum(n.above), t.plainSum(n.below)
	if n.exceeds {
		a.signal.Warnings = append(a.signal.Warnings, warnExceeds)
	}
}

// plainSum is one side of a ratio of several metrics, whose units differ or not.
func (t *Tree) plainSum(r *Reading) *Reading {
	if r == nil {
		return nil
	}
	sum := Reading{Meaning: r.Meaning, Value: r.Value}
	Describe(Family{Kind: KindCounter}, &sum, t.moment())
	return &sum
}

// saturation is the largest of the fullest parts: of each gauge its largest series,
// and of each ratio the quotient of its sums.
func (t *Tree) saturation(ctx context.Context, r roles) (*Signal, error) {
	var asks []ask
	families := r.families[metric.RoleSaturation]
	for _, declared := range r.ratios[metric.RoleSaturation] {
		asks = append(asks, ask{subject: r.space.divided(declared)})
	}
	unit, omitted := "ratio", 0
	if len(asks) == 0 && len(families) > 0 {
		unit, _ = commonUnit(families)
	}
	for _, f := range families {
		if f.Unit != unit {
			omitted++
			continue
		}
		f.Fold = FoldMax
		asks = append(asks, ask{subject: subject{family: f}})
	}
	if len(asks) == 0 {
		return nil, nil
	}
	s := &Signal{Reading: Reading{Meaning: MeaningNone, Value: NoData}}
	s.warnUnits(omitted, unit)
	if over := len(asks) - mostSignalParts; over > 0 {
		asks, s.Omitted = asks[:mostSignalParts], s.Omitted+over
	}
	answers, err := t.put(ctx, asks)
	if err != nil {
		return nil, fmt.Errorf("reading golden signals: %w", err)
	}
	for i, answered := range answers {
		s.Parts = append(s.Parts, asks[i].subject.name())
		if answered.Err != nil {
			s.Warnings = append(s.Warnings, answered.Err.Error())
			continue
		}
		n := &Node{}
		t.present(asks[i], answered).fill(n, &answered.total, nil, nil)
		if !n.Reading.Value.IsNaN() && !(n.Reading.Value <= s.Reading.Value) {
			s.Reading, s.At = *n.Reading, n.At
		}
	}
	slices.Sort(s.Parts)
	if s.Reading.Meaning == MeaningNone {
		s.Reading.Text = "–"
	}
	return s, nil
}
