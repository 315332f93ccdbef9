package tree

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/metertree/metertree/metric"
)

// past is a Source whose samples are a function of time, and whose rates are the
// difference of two totals. Its expressions only name what they ask for.
type past struct {
	*Snapshot
	now     time.Time
	samples func(b *SnapshotBuilder, at time.Time)
	asked   int // calls of Fold
}

const pastWindow = time.Minute

func newPast(samples func(b *SnapshotBuilder, at time.Time)) *past {
	p := &past{now: time.Unix(1_700_000_000, 0), samples: samples}
	p.Snapshot = p.at(p.now)
	return p
}

func (p *past) at(at time.Time) *Snapshot {
	b := NewSnapshotBuilder()
	p.samples(b, at)
	return b.Build()
}

// Expression implements Querier.
func (p *past) Expression(q Query) string {
	var parts []string
	for _, part := range q.Parts() {
		parts = append(parts, part.selection(q.Selector.Matchers))
	}
	text := fmt.Sprintf("%s(%s)", q.As, strings.Join(parts, "+"))
	if q.Except != nil {
		text += fmt.Sprintf(" except %s %q", q.Except.Label, q.Except.Values)
	}
	if q.Quantile > 0 {
		text += fmt.Sprintf(" p%v", q.Quantile)
	}
	return text
}

func (p *past) Fold(ctx context.Context, queries []Query) ([]Result, error) {
	p.asked++
	results := make([]Result, len(queries))
	for i, q := range queries {
		end := q.Moment.End
		if end.IsZero() {
			end = p.now
		}
		length := q.Moment.Length
		if length == 0 {
			length = pastWindow
		}
		q.Moment = Moment{}
		limit := q.BranchLimit()
		if q.Limit = -1; q.As == MeaningRate {
			q.As = ""
		}
		now, err := p.at(end).Fold(ctx, []Query{q})
		if err != nil {
			return nil, err
		}
		r := now[0]
		if q.Family.Increases() && r.Err == nil {
			before, err := p.at(end.Add(-length)).Fold(ctx, []Query{q})
			if err != nil {
				return nil, err
			}
			r.subtract(before[0], length)
		}
		r.Arrange(q.Family.Fold, limit)
		r.At = end
		results[i] = r
	}
	return results, nil
}

// subtract turns totals into rates.
func (r *Result) subtract(before Result, over time.Duration) {
	old := map[string]Number{}
	for _, g := range before.Groups {
		old[g.Value] = g.Reading.Value
	}
	rate := func(now *Reading, was Number) {
		if !now.Value.IsNaN() {
			now.Value, now.Meaning = (now.Value-was)/Number(over.Seconds()), MeaningRate
		}
	}
	rate(&r.Total.Reading, before.Total.Reading.Value)
	for i := range r.Groups {
		rate(&r.Groups[i].Reading, old[r.Groups[i].Value])
	}
}

// Leaves implements Source.
func (p *past) Leaves(_ context.Context, q LeavesQuery) ([]Leaf, error) {
	end, start := p.at(q.Moment.End), p.at(q.Moment.End.Add(-q.Moment.Length))
	query := Query{Family: q.Family, Selector: q.Selector, Where: q.Where}
	leaves := map[string]*Leaf{}
	add := func(s *Snapshot, sign float64) error {
		streams, err := s.selected(query)
		for _, st := range streams {
			values := make([]string, len(q.By))
			for i, label := range q.By {
				values[i] = st.label(label)
			}
			l := leaves[strings.Join(values, "\xff")]
			if l == nil {
				l = &Leaf{Values: values}
				leaves[strings.Join(values, "\xff")] = l
			}
			switch {
			case q.Family.Increases():
				l.Value += sign * st.value / q.Moment.Length.Seconds()
			case sign > 0:
				l.Value += st.value
			}
			if sign > 0 {
				l.Streams++
			}
		}
		return err
	}
	if err := add(end, 1); err != nil {
		return nil, err
	}
	if q.Family.Increases() {
		if err := add(start, -1); err != nil {
			return nil, err
		}
	}
	if len(leaves) > q.Limit {
		return nil, fmt.Errorf("%w: %d, at most %d", ErrTooMany, len(leaves), q.Limit)
	}
	var out []Leaf
	for _, l := range leaves {
		out = append(out, *l)
	}
	return out, nil
}

// Range implements Source.
func (p *past) Range(ctx context.Context, q Query, w Window) (RangeResult, error) {
	r := RangeResult{Times: w.Instants(), Meaning: MeaningRate}
	lines := map[string][]Number{}
	for i, at := range r.Times {
		q.Moment.End = at
		folded, err := p.Fold(ctx, []Query{q})
		if err != nil {
			return r, err
		}
		r.Total = append(r.Total, folded[0].Total.Reading.Value)
		for _, g := range folded[0].Groups {
			for len(lines[g.Value]) < i {
				lines[g.Value] = append(lines[g.Value], NoData)
			}
			lines[g.Value] = append(lines[g.Value], g.Reading.Value)
		}
	}
	for value, points := range lines {
		r.Lines = append(r.Lines, Line{Value: value, Points: points})
	}
	return r, nil
}

// info declares, as an exposition does.
func info(b *SnapshotBuilder, name string, labels metric.Labels) {
	s := Sample{Name: name, Value: 1}
	for _, l := range labels {
		if l.Value != "" {
			s.Labels = append(s.Labels, Label{Name: l.Name, Value: l.Value})
		}
	}
	b.Add(s)
}

func labels(pairs ...string) []Label {
	var out []Label
	for i := 0; i < len(pairs); i += 2 {
		out = append(out, Label{Name: pairs[i], Value: pairs[i+1]})
	}
	return out
}

// shop is a service with an incident: half an hour before now, version 2 in the eu
// begins to fail.
func shop(b *SnapshotBuilder, at time.Time) {
	calls := metric.Descriptor{Name: "shop_calls_total", Kind: metric.Counter, Scope: []string{"shop"}, Keys: []string{"region", "version", "status"}, Role: metric.RoleTraffic}
	pool := metric.Descriptor{Name: "shop_pool_fill", Kind: metric.Gauge, Fold: metric.FoldAvg, Unit: "ratio", Scope: []string{"shop"}, Keys: []string{"pool"}, Role: metric.RoleSaturation}
	info(b, metric.MetricInfo, calls.Info())
	info(b, metric.MetricInfo, pool.Info())
	failed := metric.Ratio{
		Name: "shop_call_error_ratio", Role: metric.RoleErrors, Scope: []string{"shop"}, Axes: []string{"region", "version"},
		Numerator:   metric.Selection{Metric: calls.Name, Matchers: metric.Matchers{}.With("status", "error")},
		Denominator: metric.Selection{Metric: calls.Name},
	}
	info(b, metric.RatioInfo, failed.Info())
	b.Add(Sample{Name: "shop_pool_fill", Labels: labels("pool", "a"), Value: 0.5})
	b.Add(Sample{Name: "shop_pool_fill", Labels: labels("pool", "b"), Value: 0.9})
	elapsed := at.Sub(time.Unix(1_699_000_000, 0)).Seconds()
	incident := max(0, at.Sub(time.Unix(1_700_000_000, 0).Add(-15*time.Minute)).Seconds())
	for i, region := range []string{"eu", "us", "asia"} {
		for j, version := range []string{"1", "2", "3"} {
			rate := float64(100 + 40*i + 10*j)
			errors := rate * 0.01 * elapsed
			if region == "eu" && version == "2" {
				errors += rate * 0.2 * incident
			}
			b.Add(Sample{Name: calls.Name, Labels: labels("region", region, "status", "error", "version", version), Value: errors})
			b.Add(Sample{Name: calls.Name, Labels: labels("region", region, "status", "ok", "version", version), Value: rate*elapsed - errors})
		}
	}
}
