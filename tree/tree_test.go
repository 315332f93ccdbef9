package tree

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"
)

// generate makes samples of every kind with labels that are sometimes missing.
// Values are whole numbers, so sums are exact.
func generate(rng *rand.Rand) *Snapshot {
	b := NewSnapshotBuilder()
	kinds := map[string]Metadata{
		"a_requests_total":   {Kind: KindCounter},
		"a_open":             {Kind: KindGauge, Fold: FoldSum},
		"a_limit":            {Kind: KindGauge, Fold: FoldMax},
		"a_least":            {Kind: KindGauge, Fold: FoldMin},
		"a_mean_ratio":       {Kind: KindGauge, Fold: FoldAvg},
		"a_duration_seconds": {Kind: KindHistogram},
	}
	for name, md := range kinds {
		b.Declare(name, md)
		seen := map[string]bool{}
		for range rng.IntN(60) {
			labels := randomLabels(rng)
			if key := fmt.Sprint(labels); seen[key] {
				continue
			} else {
				seen[key] = true
			}
			if md.Kind != KindHistogram {
				b.Add(Sample{Name: name, Labels: labels, Value: float64(rng.IntN(1000))})
				continue
			}
			addHistogram(b, rng, name, labels)
		}
	}
	return b.Build()
}

func randomLabels(rng *rand.Rand) []Label {
	var labels []Label
	for _, name := range []string{"host", "method", "zone"} { // sorted
		if rng.IntN(4) > 0 {
			labels = append(labels, Label{name, fmt.Sprintf("v%d", rng.IntN(4))})
		}
	}
	return labels
}

// addHistogram gives each histogram bounds of its own.
func addHistogram(b *SnapshotBuilder, rng *rand.Rand, name string, labels []Label) {
	with := func(le string) []Label {
		out := append(slices.Clone(labels), Label{"le", le})
		slices.SortFunc(out, func(a, b Label) int { return strings.Compare(a.Name, b.Name) })
		return out
	}
	count := 0.0
	for _, le := range []string{"0.1", "0.5", "1", "5"} {
		count += float64(rng.IntN(10))
		if rng.IntN(3) > 0 {
			b.Add(Sample{Name: name + "_bucket", Labels: with(le), Value: count})
		}
	}
	b.Add(Sample{Name: name + "_bucket", Labels: with("+Inf"), Value: count + 1})
	b.Add(Sample{Name: name + "_count", Labels: labels, Value: count + 1})
	b.Add(Sample{Name: name + "_sum", Labels: labels, Value: count})
}

// TestConservation: expanding by any label partitions a node; additive parents
// are the sum of their branches, others their fold; limits do not change that.
func TestConservation(t *testing.T) {
	ctx := context.Background()
	checked := 0
	for seed := range uint64(200) {
		rng := rand.New(rand.NewPCG(seed, 7))
		s := generate(rng)
		families, err := s.Families(ctx)
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range families {
			sel := Selector{Metric: f.Name}
			for depth := 0; depth < 3; depth++ {
				axes, err := s.Axes(ctx, sel)
				if err != nil {
					t.Fatal(err)
				}
				if len(axes) == 0 {
					break
				}
				axis := axes[rng.IntN(len(axes))]
				limit := 1 + rng.IntN(6)
				results, err := s.Fold(ctx, []Query{{Family: f, Selector: sel, By: axis.Label, Limit: limit}})
				if err != nil || results[0].Err != nil {
					t.Fatal(err, results[0].Err)
				}
				checkPartition(t, fmt.Sprintf("seed %d %s by %s limit %d", seed, sel, axis.Label, limit), f, axis, results[0])
				checked++
				sel = sel.With(axis.Label, results[0].Groups[rng.IntN(len(results[0].Groups))].Value)
			}
		}
	}
	if checked < 1000 {
		t.Fatalf("only %d expansions were checked", checked)
	}
}

func checkPartition(t *testing.T, what string, f Family, axis Axis, r Result) {
	t.Helper()
	groups := slices.Clone(r.Groups)
	if len(groups)+r.Others != axis.Branches {
		t.Errorf("%s: %d branches, the axis promised %d", what, len(groups)+r.Others, axis.Branches)
	}
	if r.Other != nil {
		groups = append(groups, *r.Other)
	}
	series, streams := 0, 0
	acc := Accumulator{Fold: f.Fold}
	weighted := 0.0
	for _, g := range groups {
		series += g.Series
		streams += g.Streams
		acc.Add(float64(g.Reading.Value))
		weighted += float64(g.Reading.Value) * float64(g.Streams)
	}
	if series != r.Total.Series || streams != r.Total.Streams {
		t.Errorf("%s: branches have %d series in %d streams, the node %d in %d", what, series, streams, r.Total.Series, r.Total.Streams)
	}
	want := float64(acc.Value())
	if f.Fold == FoldAvg {
		want = weighted / float64(streams)
	}
	if got := float64(r.Total.Reading.Value); math.Abs(got-want) > 1e-9*math.Abs(want) {
		t.Errorf("%s: the node is %v, its branches fold (%s) to %v", what, got, f.Fold, want)
	}
}

// TestOrderOfAxes: A then B and B then A reach the same node.
func TestOrderOfAxes(t *testing.T) {
	ctx := context.Background()
	for seed := range uint64(50) {
		s := generate(rand.New(rand.NewPCG(seed, 11)))
		families, _ := s.Families(ctx)
		for _, f := range families {
			one := Selector{Metric: f.Name}.With("host", "v1").With("zone", "")
			two := Selector{Metric: f.Name}.With("zone", "").With("host", "v1")
			r, err := s.Fold(ctx, []Query{{Family: f, Selector: one}, {Family: f, Selector: two}})
			if err != nil {
				t.Fatal(err)
			}
			if fmt.Sprint(r[0]) != fmt.Sprint(r[1]) {
				t.Errorf("seed %d %s: %v and %v", seed, f.Name, r[0], r[1])
			}
		}
	}
}

func TestSelectorWithDoesNotShare(t *testing.T) {
	base := Selector{Metric: "m", Matchers: make([]Matcher, 1, 8)}
	a, b := base.With("x", "1"), base.With("x", "2")
	if a.Matchers[1].Value != "1" || b.Matchers[1].Value != "2" {
		t.Errorf("%v and %v share memory", a, b)
	}
}

func small() *Snapshot {
	b := NewSnapshotBuilder()
	b.Declare("shop_orders_total", Metadata{Kind: KindCounter, Help: "Orders."})
	b.Add(Sample{Name: "shop_orders_total", Labels: []Label{{"country", "de"}, {"pay", "card"}}, Value: 5})
	b.Add(Sample{Name: "shop_orders_total", Labels: []Label{{"country", "fr"}, {"pay", "card"}}, Value: 7})
	b.Add(Sample{Name: "shop_orders_total", Labels: []Label{{"pay", "cash"}}, Value: 2})
	b.Add(Sample{Name: "shop_carts_open", Value: 4})
	b.Add(Sample{Name: "shop_stock_items", Value: 9})
	b.Add(Sample{Name: "up", Value: 1})
	return b.Build()
}

func TestTreeWalk(t *testing.T) {
	ctx := context.Background()
	tr := New(small(), Limits{})
	root, err := tr.Scope(ctx, ScopeRequest{})
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, c := range root.Children {
		names = append(names, string(c.Type)+" "+c.Name)
	}
	if got := strings.Join(names, ", "); got != "scope shop, metric up" || root.Series != 6 || root.Metrics != 4 {
		t.Errorf("root: %s; %d series, %d metrics", got, root.Series, root.Metrics)
	}
	node, err := tr.Metric(ctx, MetricRequest{Selector: Selector{Metric: "shop_orders_total"}})
	if err != nil {
		t.Fatal(err)
	}
	if node.Reading.Value != 14 || node.Reading.Meaning != MeaningTotal || len(node.Children) != 2 || node.Children[0].Label != "pay" {
		t.Errorf("node: %+v %+v", node.Reading, node.Children)
	}
	axis, err := tr.Split(ctx, SplitRequest{Selector: Selector{Metric: "shop_orders_total"}, By: "country"})
	if err != nil {
		t.Fatal(err)
	}
	names = nil
	for _, c := range axis.Children {
		names = append(names, c.Name+" "+c.Reading.Text)
	}
	if got := strings.Join(names, ", "); got != "fr 7, de 5, <unset> 2" {
		t.Errorf("branches: %s", got)
	}
	again, err := tr.Split(ctx, SplitRequest{Selector: Selector{Metric: "shop_orders_total"}, By: "country"})
	if err != nil || !reflect.DeepEqual(axis, again) {
		t.Errorf("the same question has another answer (error %v)", err)
	}
}

func TestTreeByLabels(t *testing.T) {
	root, err := New(small(), Limits{}).Scope(context.Background(), ScopeRequest{Filter: "ORDERS", Depth: 9, By: []string{"none", "pay", "country"}})
	if err != nil {
		t.Fatal(err)
	}
	var lines []string
	var walk func(n *Node, depth int)
	walk = func(n *Node, depth int) {
		lines = append(lines, strings.Repeat(" ", depth)+n.Name)
		for _, c := range n.Children {
			walk(c, depth+1)
		}
	}
	walk(root, 0)
	want := []string{"", " shop_orders_total", "  card", "   fr", "   de", "  cash"}
	if !slices.Equal(lines, want) {
		t.Errorf("got %q, want %q", lines, want)
	}
}

func TestTreeErrors(t *testing.T) {
	ctx := context.Background()
	tr := New(small(), Limits{})
	if _, err := tr.Metric(ctx, MetricRequest{Selector: Selector{Metric: "nope"}}); !errors.Is(err, ErrUnknownMetric) {
		t.Errorf("unknown metric: %v", err)
	}
	if _, err := tr.Scope(ctx, ScopeRequest{Path: "nope_"}); !errors.Is(err, ErrUnknownScope) {
		t.Errorf("unknown scope: %v", err)
	}
	if _, err := tr.Split(ctx, SplitRequest{Selector: Selector{Metric: "up"}.With("a", "b"), By: "a"}); !errors.Is(err, ErrRequest) {
		t.Errorf("split by a fixed label: %v", err)
	}
	if _, err := tr.Plot(ctx, PlotRequest{Selector: Selector{Metric: "up"}, Window: time.Second}); !errors.Is(err, ErrRequest) {
		t.Errorf("short window: %v", err)
	}
	if _, err := tr.Plot(ctx, PlotRequest{Selector: Selector{Metric: "up"}, Window: time.Hour, Quantile: 0.5}); !errors.Is(err, ErrRequest) {
		t.Errorf("quantile of a gauge: %v", err)
	}
	if _, err := tr.Plot(ctx, PlotRequest{Selector: Selector{Metric: "up"}, Window: time.Hour}); !errors.Is(err, ErrNoHistory) {
		t.Errorf("plot of a snapshot: %v", err)
	}
}

func TestLimits(t *testing.T) {
	b := NewSnapshotBuilder()
	for i := range 30 {
		b.Add(Sample{Name: "n_total", Labels: []Label{{"i", fmt.Sprint(i)}}, Value: float64(i)})
		b.Add(Sample{Name: fmt.Sprintf("x_m%02d", i), Value: 1})
	}
	tr := New(b.Build(), Limits{Nodes: 10, Readings: 4, Branches: 5})
	scope, err := tr.Scope(context.Background(), ScopeRequest{Path: "x_"})
	if err != nil {
		t.Fatal(err)
	}
	read := 0
	for _, c := range scope.Children {
		if c.Reading != nil {
			read++
		} else if c.Error == "" {
			t.Errorf("%s has neither value nor reason", c.Name)
		}
	}
	if len(scope.Children) != 10 || scope.Omitted != 20 || read != 4 {
		t.Errorf("%d children, %d omitted, %d read", len(scope.Children), scope.Omitted, read)
	}
	axis, err := tr.Split(context.Background(), SplitRequest{Selector: Selector{Metric: "n_total"}, By: "i"})
	if err != nil {
		t.Fatal(err)
	}
	other := axis.Children[len(axis.Children)-1]
	if len(axis.Children) != 6 || other.Type != NodeOther || other.Name != "other (25)" || other.Reading.Value != 300 || axis.Branches != 30 {
		t.Errorf("%d children, last %q = %v of %d", len(axis.Children), other.Name, other.Reading.Value, axis.Branches)
	}
}

func TestNumberJSON(t *testing.T) {
	in := []Number{1.5, NoData, Number(math.Inf(1)), Number(math.Inf(-1))}
	data, err := json.Marshal(in)
	if err != nil || string(data) != `[1.5,null,"+Inf","-Inf"]` {
		t.Fatalf("%s, error %v", data, err)
	}
	var out []Number
	if err := json.Unmarshal(data, &out); err != nil || fmt.Sprint(out) != fmt.Sprint(in) {
		t.Errorf("%v, error %v", out, err)
	}
	if err := json.Unmarshal([]byte(`["x"]`), &out); err == nil {
		t.Error("a word was taken for a number")
	}
}
