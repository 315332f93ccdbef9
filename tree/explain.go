package tree

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/metertree/metertree/tree/explain"
)

// ExplainRequest asks why a node changed.
type ExplainRequest struct {
	Selector Selector
	// By are the labels to look for causes in; none stands for all that the node
	// has several values of, as far as they can be searched.
	By []string
	// Window is how much time before now is compared; 0 is DefaultExplainWindow.
	Window time.Duration
	// Baseline is how long before now the stretch ends that it is compared with; 0
	// is Window, which makes it the one just before.
	Baseline time.Duration
	// MaxBranches bounds the list; 0 is 5.
	MaxBranches int
	// Event is what one event adds to a value, where that is known otherwise than
	// from the kind and the unit: see explain.Options.
	Event float64
}

const (
	// DefaultExplainWindow is compared where no window is asked for.
	DefaultExplainWindow = 15 * time.Minute
	// MinExplainWindow is the shortest that can be compared. A source needs two
	// samples in it: a running program has them in seconds, a server whose targets
	// are scraped less often says that it has none.
	MinExplainWindow = 15 * time.Second
)

func (req *ExplainRequest) complete() error {
	if req.Window == 0 {
		req.Window = DefaultExplainWindow
	}
	if req.Baseline == 0 {
		req.Baseline = req.Window
	}
	switch {
	case req.Window < MinExplainWindow || req.Window > MaxWindow:
		return fmt.Errorf("%w: window %s is out of range: use %s to %s", ErrRequest, req.Window, MinExplainWindow, MaxWindow)
	case req.Baseline < req.Window || req.Baseline > 12*MaxWindow:
		return fmt.Errorf("%w: baseline %s: use the window of %s or more, up to %s, so that the two do not overlap", ErrRequest, req.Baseline, req.Window, 12*MaxWindow)
	case len(req.By) > explain.MaxLabels:
		return fmt.Errorf("%w: %d labels: at most %d can be searched", ErrRequest, len(req.By), explain.MaxLabels)
	}
	for i, label := range req.By {
		if label == "" || slices.Contains(req.By[:i], label) || req.Selector.Has(label) {
			return fmt.Errorf("%w: label %q is empty, fixed or given twice: give each once", ErrRequest, label)
		}
	}
	return nil
}

// Explain ranks the branches of a node, over single labels and pairs, that account
// for its change between two stretches of time. Only what adds up can be explained:
// rates, sums, averages as sum by number, and ratios.
func (t *Tree) Explain(ctx context.Context, req ExplainRequest) (*Explained, error) {
	if err := req.complete(); err != nil {
		return nil, err
	}
	s, err := t.find(ctx, req.Selector)
	if err != nil {
		return nil, err
	}
	if s.ratio == nil && !s.family.Fold.Additive() && s.family.Fold != FoldAvg {
		return nil, fmt.Errorf("%w: %s folds by %s, so its branches have no part in a change: explain what adds up, or look at the branches", ErrRequest, req.Selector, s.family.Fold)
	}
	labels, err := t.searched(ctx, s, req)
	if err != nil {
		return nil, fmt.Errorf("labels of %s: %w", req.Selector, err)
	}
	x := explainer{tree: t, subject: s, req: req, labels: labels}
	x.after = Moment{End: t.moment(), Length: req.Window}
	x.before = Moment{End: x.after.End.Add(-req.Baseline), Length: req.Window}
	return x.explain(ctx)
}

// searched are the labels to look for causes in, the best first.
func (t *Tree) searched(ctx context.Context, s subject, req ExplainRequest) ([]Axis, error) {
	a := ask{subject: s, matchers: req.Selector.Matchers}
	r, err := t.putOne(ctx, a)
	if err != nil {
		return nil, err
	}
	ranked, err := t.rankedAxes(ctx, t.present(a, r), MetricRequest{Selector: req.Selector})
	if err != nil {
		return nil, err
	}
	var axes []Axis
	for _, axis := range ranked {
		wanted := axis.Branches > 1
		if len(req.By) > 0 {
			wanted = slices.Contains(req.By, axis.Label)
		}
		if wanted {
			axes = append(axes, axis.Axis)
		}
	}
	if len(axes) < len(req.By) {
		return nil, fmt.Errorf("%w: %s does not have all of the labels %q: leave out those it does not have", ErrRequest, req.Selector, req.By)
	}
	return axes, nil
}

// explainer explains one change.
type explainer struct {
	tree          *Tree
	subject       subject
	req           ExplainRequest
	labels        []Axis // searched, the best first
	leftOut       []string
	before, after Moment
}

// explain searches as many labels as there is room for, and leaves the one with the
// most values out for as long as there are too many leaves.
func (x *explainer) explain(ctx context.Context) (*Explained, error) {
	for len(x.labels) > explain.MaxLabels {
		last := len(x.labels) - 1
		x.leave(last)
	}
	for {
		found, err := x.search(ctx)
		tooMany := errors.Is(err, ErrTooMany) || errors.Is(err, explain.ErrTooLarge)
		if !tooMany || len(x.labels) == 0 {
			return found, x.fail(err)
		}
		most := 0
		for i, axis := range x.labels {
			if axis.Branches >= x.labels[most].Branches {
				most = i
			}
		}
		x.leave(most)
	}
}

func (x *explainer) leave(i int) {
	x.leftOut = append(x.leftOut, x.labels[i].Label)
	x.labels = slices.Delete(x.labels, i, i+1)
}

func (x *explainer) fail(err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("explaining %s: %w", x.req.Selector, err)
}

func (x *explainer) names() []string {
	names := make([]string, len(x.labels))
	for i, axis := range x.labels {
		names[i] = axis.Label
	}
	return names
}

// search reads the leaves and explains them.
func (x *explainer) search(ctx context.Context) (*Explained, error) {
	options := explain.Options{MaxBranches: x.req.MaxBranches, Event: x.event()}
	var found *explain.Explanation
	var err error
	switch {
	case x.subject.ratio != nil:
		var leaves []explain.RatioLeaf
		if leaves, err = x.ratioLeaves(ctx, x.subject.top, x.subject.bottom); err == nil {
			found, err = explain.Ratio(ctx, x.names(), leaves, options)
		}
	case x.subject.family.Fold == FoldAvg:
		var leaves []explain.RatioLeaf
		if leaves, err = x.averageLeaves(ctx); err == nil {
			found, err = explain.Ratio(ctx, x.names(), leaves, options)
		}
	default:
		var leaves []explain.Leaf
		if leaves, err = x.sumLeaves(ctx); err == nil {
			found, err = explain.Sum(ctx, x.names(), leaves, options)
		}
	}
	if err != nil {
		return nil, err
	}
	return x.word(found), nil
}

// event is what one event adds to a rate: what counts without a unit counts events.
func (x *explainer) event() float64 {
	counted := x.subject.family
	if x.subject.ratio != nil {
		counted = x.subject.bottom.Family
	}
	switch {
	case x.req.Event > 0:
		return x.req.Event
	case counted.Kind.Observes(), counted.Kind == KindCounter && counted.Unit == "":
		return 1 / x.req.Window.Seconds()
	default:
		return 0
	}
}

// read gives the leaves of a part in a stretch of time.
func (x *explainer) read(ctx context.Context, p Part, m Moment) ([]Leaf, error) {
	if !p.exists() {
		return nil, nil
	}
	return x.tree.source.Leaves(ctx, LeavesQuery{
		Family: p.Family, Where: p.Where, By: x.names(), Moment: m, Limit: explain.MaxLeaves,
		Selector: Selector{Metric: p.Family.Name, Matchers: x.req.Selector.Matchers},
	})
}

// joined collects measures of leaves by their values. What is absent counts 0.
type joined struct {
	order    [][]string
	measures map[string]*[4]float64
}

func (j *joined) add(values []string, measure int, v float64) {
	key := strings.Join(values, "\xff") // cannot occur in UTF-8
	at := j.measures[key]
	if at == nil {
		if j.measures == nil {
			j.measures = make(map[string]*[4]float64)
		}
		at = new([4]float64)
		j.measures[key] = at
		j.order = append(j.order, values)
	}
	at[measure] += v
}

func (j *joined) at(i int) *[4]float64 { return j.measures[strings.Join(j.order[i], "\xff")] }

// join reads a part in both stretches, into two measures.
func (x *explainer) join(ctx context.Context, j *joined, p Part, before, after int) error {
	for _, side := range []struct {
		moment  Moment
		measure int
	}{{x.before, before}, {x.after, after}} {
		leaves, err := x.read(ctx, p, side.moment)
		if err != nil {
			return err
		}
		for _, l := range leaves {
			j.add(l.Values, side.measure, l.Value)
		}
	}
	if len(j.order) == 0 {
		return fmt.Errorf("%w: neither stretch of time has any data: choose others", ErrNoHistory)
	}
	return nil
}

func (x *explainer) sumLeaves(ctx context.Context) ([]explain.Leaf, error) {
	var j joined
	if err := x.join(ctx, &j, Part{Family: x.subject.family}, 0, 1); err != nil {
		return nil, err
	}
	leaves := make([]explain.Leaf, len(j.order))
	for i, values := range j.order {
		m := j.at(i)
		leaves[i] = explain.Leaf{Values: values, Before: m[0], After: m[1]}
	}
	return leaves, nil
}

func (x *explainer) ratioLeaves(ctx context.Context, top, bottom Part) ([]explain.RatioLeaf, error) {
	var j joined
	if err := x.join(ctx, &j, bottom, 1, 3); err != nil {
		return nil, err
	}
	if err := x.join(ctx, &j, top, 0, 2); err != nil {
		return nil, err
	}
	return j.ratios(), nil
}

func (j *joined) ratios() []explain.RatioLeaf {
	leaves := make([]explain.RatioLeaf, len(j.order))
	for i, values := range j.order {
		m := j.at(i)
		leaves[i] = explain.RatioLeaf{Values: values, NumBefore: m[0], DenBefore: m[1], NumAfter: m[2], DenAfter: m[3]}
	}
	return leaves
}

// averageLeaves divide the sum of a gauge by the number of its series.
func (x *explainer) averageLeaves(ctx context.Context) ([]explain.RatioLeaf, error) {
	var j joined
	for at, moment := range []Moment{x.before, x.after} {
		leaves, err := x.read(ctx, Part{Family: x.subject.family}, moment)
		if err != nil {
			return nil, err
		}
		for _, l := range leaves {
			if !math.IsNaN(l.Value) {
				j.add(l.Values, 2*at, l.Value)
				j.add(l.Values, 2*at+1, float64(l.Streams))
			}
		}
	}
	return j.ratios(), nil
}
