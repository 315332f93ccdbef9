package tree

import (
	"context"
	"fmt"
	"time"
)

// PlotRequest asks for a node over time.
type PlotRequest struct {
	Selector Selector
	By       string        // label whose branches to draw too; empty for the node alone
	Window   time.Duration // back from now
	Quantile float64       // of a histogram's observations; 0 for their rate
}

// Bounds of a plot's window.
const (
	MinWindow = time.Minute
	MaxWindow = 31 * 24 * time.Hour
)

// Plot returns the node and its largest branches over the window before now.
func (t *Tree) Plot(ctx context.Context, req PlotRequest) (*Plot, error) {
	if req.Window < MinWindow || req.Window > MaxWindow {
		return nil, fmt.Errorf("%w: window %s is out of range: use %s to %s", ErrRequest, req.Window, MinWindow, MaxWindow)
	}
	if !(req.Quantile >= 0 && req.Quantile < 1) { // NaN is neither
		return nil, fmt.Errorf("%w: quantile %v is out of range: use 0 (the rate) or a number below 1", ErrRequest, req.Quantile)
	}
	if req.By != "" && req.Selector.Has(req.By) {
		return nil, fmt.Errorf("%w: label %q is already fixed in %s: plot along another label", ErrRequest, req.By, req.Selector)
	}
	f, err := t.family(ctx, req.Selector.Metric)
	if err != nil {
		return nil, err
	}
	if req.Quantile > 0 && f.Kind != KindHistogram {
		return nil, fmt.Errorf("%w: quantile %v of %s, a %s: only histograms have quantiles", ErrRequest, req.Quantile, f.Name, f.Kind)
	}
	q := Query{Family: f, Selector: req.Selector, By: req.By, Limit: t.limits.Lines, Quantile: req.Quantile}
	r, err := t.source.Range(ctx, q, t.window(req.Window))
	if err != nil {
		return nil, fmt.Errorf("plotting %s: %w", req.Selector, err)
	}
	return newPlot(q, r), nil
}

// window ends now, on a multiple of its step, so that successive plots share
// their instants and do not shimmer.
func (t *Tree) window(length time.Duration) Window {
	step := niceStep(length / time.Duration(t.limits.Points))
	end := t.now().Truncate(step)
	return Window{Start: end.Add(-length.Truncate(step)), End: end, Step: step}
}

// niceStep rounds a step up to one a clock shows.
func niceStep(d time.Duration) time.Duration {
	for _, s := range [...]int{1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200} {
		if step := time.Duration(s) * time.Second; step >= d {
			return step
		}
	}
	return 4 * time.Hour
}

func newPlot(q Query, r RangeResult) *Plot {
	p := &Plot{
		Metric: q.Family.Name, Matchers: q.Selector.Matchers, By: q.By,
		Unit: q.Family.Unit, Meaning: r.Meaning, Omitted: r.Others, Times: make([]int64, len(r.Times)),
	}
	switch {
	case q.Quantile > 0:
		p.Meaning = MeaningQuantile
	case q.Family.Kind.Observes():
		p.Unit = "" // observations per second
	}
	for i, at := range r.Times {
		p.Times[i] = at.UnixMilli()
	}
	p.Lines = append(p.Lines, Trace{Name: q.Selector.String(), Type: NodeMetric, Points: r.Total})
	for _, l := range r.Lines {
		p.Lines = append(p.Lines, Trace{Name: valueName(l.Value), Type: NodeValue, Points: l.Points})
	}
	return p
}
