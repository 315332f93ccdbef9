package cli

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/metertree/metertree/policy"
	"github.com/metertree/metertree/tree"
	"github.com/metertree/metertree/tree/explain"
)

func numberOf(v float64) *tree.Number {
	n := tree.Number(v)
	return &n
}

// What does not add up, cannot be read or costs too much is marked at its line and
// told below.
func TestTreeTellsWhatIsWrong(t *testing.T) {
	counter := &tree.Family{Name: "shop_calls_total", Kind: tree.KindCounter, Fold: tree.FoldSum}
	rate := func(v float64, text string) *tree.Reading {
		return &tree.Reading{Meaning: tree.MeaningRate, Value: tree.Number(v), Text: text}
	}
	metric := &tree.Node{
		Type: tree.NodeMetric, Name: "calls_total", Path: counter.Name, Series: 3, Family: counter, Reading: rate(9, "9/s"),
		Check:  &tree.Check{Text: "branches add up to 8/s, the node is 9/s"},
		Change: &tree.Change{Delta: -3, Percent: -25, Text: "−3/s"},
	}
	branches := []*branch{
		{Node: &tree.Node{Type: tree.NodeValue, Path: counter.Name, Label: "op", Name: "put", Matchers: []tree.Matcher{{Name: "op", Value: "put"}}, Series: 2,
			Reading: rate(8, "8/s"), Share: numberOf(0.889), Change: &tree.Change{Delta: 8, Percent: tree.NoData, Text: "+8/s"}}},
		{Node: &tree.Node{Type: tree.NodeValue, Path: counter.Name, Label: "op", Name: "get", Matchers: []tree.Matcher{{Name: "op", Value: "get"}}, Series: 1,
			Error: "shop: no complete answer within 10s"}},
	}
	level, bad := &tree.Family{Name: "shop_level", Kind: tree.KindGauge}, errors.New("nobody knows")
	root := &branch{
		Node: &tree.Node{Type: tree.NodeScope, Series: 8, Metrics: 3, Omitted: 2},
		Signals: &tree.Signals{
			Traffic: &tree.Signal{Reading: *rate(9, "9/s"), Warnings: []string{"1 metric is left out"}},
			Latency: &tree.Signal{Error: "too slow"},
		},
		Children: []*branch{
			{Node: metric, Children: branches},
			{Node: &tree.Node{Type: tree.NodeScope, Name: "queue", Path: "shop_queue_", Error: "golden signals: " + bad.Error()}},
			{Node: &tree.Node{Type: tree.NodeMetric, Name: "level", Path: level.Name, Series: 1, Family: level, Reading: &tree.Reading{Meaning: tree.MeaningSingle, Text: "3"}},
				Children: []*branch{{Node: &tree.Node{Type: tree.NodeAxis, Label: "id", Branches: 900, Axis: &tree.AxisFacts{Level: policy.Questioned, NearUnique: true, Uneven: numberOf(0.5)}}}}},
		},
	}
	wantGolden(t, "testdata/source/wrong.golden", format{width: usualWidth}.tree("place", root))

	for range mostProblems {
		root.Children = append(root.Children, branches[1])
	}
	if text := (format{width: usualWidth}).tree("place", root); !strings.Contains(text, "! and 5 more: --json has them all") {
		t.Errorf("printed\n%s", text)
	}
}

// refusing is a viewer that answers about the namespace only.
type refusing struct {
	viewer
	err error
}

func (refusing) Scope(context.Context, tree.ScopeRequest) (*tree.Node, error) {
	children := []*tree.Node{{Type: tree.NodeMetric, Name: "a", Path: "a", Series: 2}, {Type: tree.NodeMetric, Name: "b", Path: "b", Error: "not read"}}
	return &tree.Node{Type: tree.NodeScope, Metrics: 2, Children: children}, nil
}

func (r refusing) Split(context.Context, tree.SplitRequest) (*tree.Node, error)   { return nil, r.err }
func (r refusing) Metric(context.Context, tree.MetricRequest) (*tree.Node, error) { return nil, r.err }
func (r refusing) Signals(context.Context, string) (*tree.Signals, error)         { return nil, r.err }
func (r refusing) Plot(context.Context, tree.PlotRequest) (*tree.Plot, error)     { return nil, r.err }

// What a server does not answer is said at its node, and the rest is shown; once
// nobody waits any more, nothing is.
func TestTreeShowsWhatItGets(t *testing.T) {
	for name, c := range map[string]TreeCmd{
		"branches": {By: []string{"x"}}, "changes": {Baseline: Duration(time.Hour)}, "signals": {Signals: true}, "trends": {Sparkline: true, Window: Duration(time.Hour)},
	} {
		p := &place{viewer: refusing{err: errors.New("out of paper")}, name: "place"}
		root, err := c.grow(t.Context(), p, nil)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		a := root.Children[0]
		if all := fmt.Sprint(root.Error, a.Error, a.Warnings); len(root.Children) != 2 || !strings.Contains(all, "out of paper") {
			t.Errorf("%s: %d metrics, and said %s", name, len(root.Children), all)
		}
		ctx, end := context.WithCancel(t.Context())
		end()
		if _, err := c.grow(ctx, p, nil); err == nil {
			t.Errorf("%s: a tree that nobody waits for", name)
		}
	}
}

func TestExplanationTellsWhatItLeftOut(t *testing.T) {
	at := func(hour int) int64 { return time.Date(2026, 3, 1, hour, 30, 0, 0, time.Local).UnixMilli() }
	part := func(before, after, contributes, rate, mix string, percent float64) tree.ExplainedPart {
		return tree.ExplainedPart{Part: explain.Part{Percent: percent}, BeforeText: before, AfterText: after, ContributionText: contributes, RateText: rate, MixText: mix}
	}
	e := &tree.Explained{
		Metric: "shop_error_ratio", Matchers: []tree.Matcher{{Name: "job", Value: "shop"}}, Ratio: true, Verdict: explain.Branches,
		Summary: "1% → 2% (+1 pp): everything is on fire.",
		After:   tree.Span{Start: at(1), End: at(2)}, Before: tree.Span{Start: at(-2), End: at(1)},
		Labels: []string{"host", "op"}, LeftOut: []string{"user"}, Folded: []string{"pod"}, Excluded: explain.Excluded{NaN: 1, NoDenominator: 2},
		Change: 0.01, RateEffect: 0.02, MixEffect: -0.01,
		Branches: []tree.ExplainedBranch{
			{Selector: `host="a", op="put"`, ExplainedPart: part("1%", "9%", "+2 pp", "+2 pp", "0 pp", 200)},
			{Selector: `host="a"`, Except: []int{0}, ExplainedPart: part("1%", "0%", "−1 pp", "−0.5 pp", "−0.5 pp", -100)},
		},
		Remainder: part("1%", "1%", "0 pp", "0 pp", "0 pp", 0),
	}
	wantGolden(t, "testdata/source/left-out.golden", format{width: usualWidth}.explanation(explanation{Explained: e}))

	e.RateEffect, e.MixEffect = -0.02, 0.03
	if text := (format{}).explanation(explanation{Explained: e}); !strings.Contains(text, "rates alone would have changed it by −2 pp") {
		t.Errorf("printed\n%s", text)
	}
	sum := &tree.Explained{Metric: "a", Verdict: explain.Nothing, Change: 1, Up: 5, Down: -4}
	text := format{}.explanation(explanation{Explained: sum, Compared: []string{"x", "y"}})
	if !strings.Contains(text, "y against x") || !strings.Contains(text, "Changes cancel") || !strings.Contains(text, "no label to look into") {
		t.Errorf("printed\n%s", text)
	}
}
