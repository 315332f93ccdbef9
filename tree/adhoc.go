package tree

import (
	"context"
	"fmt"
	"slices"

	"github.com/metertree/metertree/metric"
)

// WithRatio returns the source with one more ratio, which nobody declared. Names may
// be any that a server has. It fails if the two sides say nothing when divided. A
// metric or a declared ratio of the name goes before it.
func WithRatio(source Source, ratio metric.Ratio) (Source, error) {
	above, below := ratio.Numerator, ratio.Denominator
	switch {
	case ratio.Name == "" || above.Metric == "" || below.Metric == "":
		return nil, fmt.Errorf("%w: the ratio %q of %s by %s: name it and both metrics", ErrRequest, ratio.Name, above, below)
	case above.String() == below.String():
		return nil, fmt.Errorf("%w: %s by itself is always 1: narrow the numerator by a label", ErrRequest, above)
	}
	return withRatio{source, ratio}, nil
}

type withRatio struct {
	Source
	ratio metric.Ratio
}

// Ratios implements Source.
func (s withRatio) Ratios(ctx context.Context) ([]metric.Ratio, error) {
	declared, err := s.Source.Ratios(ctx)
	if err != nil || slices.ContainsFunc(declared, func(r metric.Ratio) bool { return r.Name == s.ratio.Name }) {
		return declared, err
	}
	return append(slices.Clone(declared), s.ratio), nil
}

// Expression implements Querier as the source does.
func (s withRatio) Expression(q Query) string {
	if querier, ok := s.Source.(Querier); ok {
		return querier.Expression(q)
	}
	return ""
}

// Notices implements Noticer as the source does.
func (s withRatio) Notices() []string {
	if noticer, ok := s.Source.(Noticer); ok {
		return noticer.Notices()
	}
	return nil
}
