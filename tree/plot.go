package tree

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/metertree/metertree/metric"
)

// PlotRequest asks for a node over time.
type PlotRequest struct {
	Selector Selector
	By       string           // label whose branches to draw too; empty for the node alone
	Window   time.Duration    // back from now
	Quantile float64          // of a histogram's observations; 0 for their rate
	Mode     metric.RatioMode // of a ratio's branches
	Lines    int              // most branches; 0 is Limits.Lines
	Points   int              // most instants; 0 is Limits.Points
}

// Bounds of a plot.
const (
	MinWindow = time.Minute
	MaxWindow = 31 * 24 * time.Hour
	MaxLines  = 1000
	MaxPoints = 2000
)

func (req PlotRequest) check() error {
	bad := func(format string, args ...any) error {
		return fmt.Errorf("%w: "+format, append([]any{ErrRequest}, args...)...)
	}
	switch {
	case req.Window < MinWindow || req.Window > MaxWindow:
		return bad("window %s is out of range: use %s to %s", req.Window, MinWindow, MaxWindow)
	case !(req.Quantile >= 0 && req.Quantile < 1): // NaN is neither
		return bad("quantile %v is out of range: use 0 (the rate) or a number below 1", req.Quantile)
	case req.Lines < 0 || req.Lines > MaxLines:
		return bad("%d lines: use at most %d", req.Lines, MaxLines)
	case req.Points < 0 || req.Points > MaxPoints:
		return bad("%d points: use at most %d", req.Points, MaxPoints)
	default:
		return nil
	}
}

// Plot returns the node and its largest branches over the window before now.
func (t *Tree) Plot(ctx context.Context, req PlotRequest) (*Plot, error) {
	if err := req.check(); err != nil {
		return nil, err
	}
	s, err := t.find(ctx, req.Selector)
	if err != nil {
		return nil, err
	}
	if req.By != "" {
		if err := t.canExpand(ctx, s, req.Selector, req.By); err != nil {
			return nil, err
		}
	}
	if req.Quantile > 0 && s.family.Kind != KindHistogram {
		return nil, fmt.Errorf("%w: quantile %v of %s: only histograms have quantiles", ErrRequest, req.Quantile, s.name())
	}
	if req.Lines == 0 {
		req.Lines = t.limits.Lines
	}
	if req.Points == 0 {
		req.Points = t.limits.Points
	}
	p := plotter{tree: t, subject: s, req: req, window: t.window(req.Window, req.Points)}
	if s.ratio != nil {
		return p.ratio(ctx)
	}
	return p.metric(ctx)
}

// window ends now, on a multiple of its step, so that successive plots share
// their instants and do not shimmer.
func (t *Tree) window(length time.Duration, points int) Window {
	step := niceStep(length / time.Duration(points))
	end := t.moment().Truncate(step)
	return Window{Start: end.Add(-length.Truncate(step)), End: end, Step: step}
}

// niceStep rounds a step up to one a clock shows.
func niceStep(d time.Duration) time.Duration {
	for _, s := range [...]int{1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200} {
		if step := time.Duration(s) * time.Second; step >= d {
			return step
		}
	}
	return (d + 4*time.Hour - 1).Truncate(4 * time.Hour)
}

// plotter draws one plot.
type plotter struct {
	tree    *Tree
	subject subject
	req     PlotRequest
	window  Window
}

func (p plotter) empty(meaning Meaning, times []time.Time) *Plot {
	plot := &Plot{
		Metric: p.subject.name(), Matchers: p.req.Selector.Matchers, By: p.req.By,
		Unit: p.subject.described().Unit, Meaning: meaning, Times: make([]int64, len(times)),
	}
	for i, at := range times {
		plot.Times[i] = at.UnixMilli()
	}
	return plot
}

// mostOverTime bounds the branches that are read over time to draw a few. Of more,
// those that are largest now are read.
const mostOverTime = 500

// narrow chooses the branches to draw where there are very many, and returns how
// many it leaves out.
func (p plotter) narrow(ctx context.Context, q *Query) (omitted int, err error) {
	if q.By == "" || p.subject.family.Series <= mostOverTime {
		return 0, nil
	}
	a := ask{subject: p.subject, matchers: p.req.Selector.Matchers, by: q.By, limit: q.Limit}
	now, err := p.tree.putOne(ctx, a)
	if err != nil || len(now.branches)+now.Others <= mostOverTime {
		return 0, err
	}
	shown := make([]string, len(now.branches))
	for i, b := range now.branches {
		shown[i] = b.Value
	}
	q.Where = q.Where.With(q.By, shown...)
	return now.Others, nil
}

func (p plotter) metric(ctx context.Context) (*Plot, error) {
	q := Part{Family: p.subject.family}.query(p.req.Selector.Matchers)
	q.By, q.Limit, q.Quantile = p.req.By, p.req.Lines, p.req.Quantile
	few := q
	omitted, err := p.narrow(ctx, &few)
	if err != nil {
		return nil, p.fail(err)
	}
	r, err := p.tree.source.Range(ctx, few, p.window)
	if err == nil && omitted > 0 {
		// The node is more than the branches that are drawn.
		q.By = ""
		var whole RangeResult
		whole, err = p.tree.source.Range(ctx, q, p.window)
		r.Total = whole.Total
	}
	if err != nil {
		return nil, p.fail(err)
	}
	plot := p.empty(r.Meaning, r.Times)
	plot.Omitted = r.Others + omitted
	switch {
	case q.Quantile > 0:
		plot.Meaning = MeaningQuantile
	case q.Family.Kind.Observes():
		plot.Unit = "" // observations per second
	}
	plot.add(p.req.Selector.String(), NodeMetric, r.Total)
	for _, l := range r.Lines {
		plot.add(valueName(l.Value), NodeValue, l.Points)
	}
	return plot, nil
}

func (plot *Plot) add(name string, kind NodeType, points []Number) {
	plot.Lines = append(plot.Lines, Trace{Name: name, Type: kind, Points: points})
}

func (p plotter) fail(err error) error { return fmt.Errorf("plotting %s: %w", p.req.Selector, err) }

// ratio draws the quotients. The branches are those that are largest now, because
// nothing orders them over the window before both sides are divided.
func (p plotter) ratio(ctx context.Context) (*Plot, error) {
	var shown []string
	omitted := 0
	if p.req.By != "" {
		a := ask{subject: p.subject, matchers: p.req.Selector.Matchers, by: p.req.By, limit: p.req.Lines, mode: p.req.Mode}
		r, err := p.tree.putOne(ctx, a)
		if err != nil {
			return nil, p.fail(err)
		}
		for _, b := range r.branches {
			shown = append(shown, b.Value)
		}
		omitted = r.Others
	}
	above, err := p.side(ctx, p.subject.top, shown)
	if err != nil {
		return nil, p.fail(err)
	}
	below, err := p.side(ctx, p.subject.bottom, shown)
	if err != nil {
		return nil, p.fail(err)
	}
	plot := p.empty(MeaningRatio, p.window.Instants())
	plot.Omitted = omitted
	if p.req.By != "" {
		plot.Mode = p.req.Mode.String()
	}
	plot.add(p.req.Selector.String(), NodeRatio, divideLines(above.total, below.total))
	for _, value := range shown {
		divisor := below.lines[value]
		if p.req.Mode == metric.ShareOfParent {
			divisor = below.total
		}
		plot.add(valueName(value), NodeValue, divideLines(above.lines[value], divisor))
	}
	return plot, nil
}

// sums are one side of a ratio over time; a line that is nil has no data.
type sums struct {
	total []Number
	lines map[string][]Number
}

func (p plotter) side(ctx context.Context, part Part, shown []string) (sums, error) {
	if !part.exists() {
		return sums{}, nil
	}
	q := part.query(p.req.Selector.Matchers)
	whole, err := p.tree.source.Range(ctx, q, p.window)
	if err != nil || len(shown) == 0 {
		return sums{total: whole.Total}, err
	}
	q.By, q.Limit = p.req.By, -1
	q.Where = slices.Clone(q.Where).With(p.req.By, shown...)
	branches, err := p.tree.source.Range(ctx, q, p.window)
	s := sums{total: whole.Total, lines: make(map[string][]Number, len(branches.Lines))}
	for _, l := range branches.Lines {
		s.lines[l.Value] = l.Points
	}
	return s, err
}

// divideLines divides at each instant, by the rules of any ratio.
func divideLines(above, below []Number) []Number {
	at := func(line []Number, i int) metric.Amount {
		if i >= len(line) || line[i].IsNaN() {
			return metric.Amount{}
		}
		return metric.AmountOf(float64(line[i]))
	}
	out := make([]Number, max(len(above), len(below)))
	for i := range out {
		out[i] = Number(metric.RatioSums{Numerator: at(above, i), Denominator: at(below, i)}.Quotient().Value)
	}
	return out
}

// LargestLines keeps the lines with the largest sums over the window, largest first
// and then by value, and returns how many are left out.
func LargestLines(lines []Line, limit int) ([]Line, int) {
	weight := make(map[string]float64, len(lines))
	for _, l := range lines {
		for _, p := range l.Points {
			if !p.IsNaN() {
				weight[l.Value] += float64(p)
			}
		}
	}
	slices.SortFunc(lines, func(a, b Line) int {
		return cmp.Or(cmp.Compare(weight[b.Value], weight[a.Value]), cmp.Compare(a.Value, b.Value))
	})
	if len(lines) <= limit {
		return lines, 0
	}
	return lines[:limit], len(lines) - limit
}
