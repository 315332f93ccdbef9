package web

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/metertree/metertree/tree"
)

// requestError is a request that cannot be right, whatever the source holds.
type requestError string

func (e requestError) Error() string { return string(e) }

func badRequest(format string, args ...any) error {
	return requestError(fmt.Sprintf(format, args...))
}

const (
	maxDepth    = 64
	maxMatchers = 32
)

func (h *handler) scope(ctx context.Context, r *http.Request) (any, error) {
	q := r.URL.Query()
	depth := 1
	if s := q.Get("depth"); s != "" {
		var err error
		if depth, err = strconv.Atoi(s); err != nil || depth < 1 || depth > maxDepth {
			return nil, badRequest("depth %q: use a number from 1 to %d", s, maxDepth)
		}
	}
	return h.tree.Scope(ctx, tree.ScopeRequest{Path: q.Get("scope"), Filter: q.Get("filter"), Depth: depth})
}

func (h *handler) metric(ctx context.Context, r *http.Request) (any, error) {
	sel, err := selector(r.URL.Query())
	if err != nil {
		return nil, err
	}
	return h.tree.Metric(ctx, sel)
}

func (h *handler) split(ctx context.Context, r *http.Request) (any, error) {
	q := r.URL.Query()
	sel, err := selector(q)
	if err != nil {
		return nil, err
	}
	by := q.Get("by")
	if by == "" {
		return nil, badRequest("no label to expand %s along: give by=LABEL", sel)
	}
	return h.tree.Split(ctx, sel, by)
}

func (h *handler) plot(ctx context.Context, r *http.Request) (any, error) {
	q := r.URL.Query()
	sel, err := selector(q)
	if err != nil {
		return nil, err
	}
	req := tree.PlotRequest{Selector: sel, By: q.Get("by"), Window: 15 * time.Minute}
	if s := q.Get("window"); s != "" {
		if req.Window, err = time.ParseDuration(s); err != nil {
			return nil, badRequest("window %q: use a duration such as 15m or 6h", s)
		}
	}
	if s := q.Get("quantile"); s != "" {
		if req.Quantile, err = strconv.ParseFloat(s, 64); err != nil {
			return nil, badRequest("quantile %q: use a number between 0 and 1", s)
		}
	}
	return h.tree.Plot(ctx, req)
}

// selector reads metric and the pairs of label and value.
func selector(q url.Values) (tree.Selector, error) {
	sel := tree.Selector{Metric: q.Get("metric")}
	labels, values := q["label"], q["value"]
	switch {
	case sel.Metric == "":
		return sel, badRequest("no metric: give metric=NAME")
	case len(labels) != len(values):
		return sel, badRequest("%d labels and %d values: give each label one value", len(labels), len(values))
	case len(labels) > maxMatchers:
		return sel, badRequest("%d labels: at most %d can be fixed", len(labels), maxMatchers)
	}
	for i, l := range labels {
		if l == "" {
			return sel, badRequest("label %d has no name: give label=NAME", i+1)
		}
		if sel.Has(l) {
			return sel, badRequest("label %q is given twice: give each label once", l)
		}
		sel.Matchers = append(sel.Matchers, tree.Matcher{Name: l, Value: values[i]})
	}
	return sel, nil
}
