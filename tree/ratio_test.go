package tree

import (
	"errors"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/metertree/metertree/metric"
)

func newShop() (*Tree, *past) {
	source := newPast(shop)
	t := New(source, Limits{})
	t.SetClock(func() time.Time { return source.now })
	return t, source
}

func near(a Number, b float64) bool { return math.Abs(float64(a)-b) <= 1e-6*math.Max(1, math.Abs(b)) }

func TestRatioNode(t *testing.T) {
	tr, _ := newShop()
	scope, err := tr.Scope(t.Context(), ScopeRequest{Path: "shop_"})
	if err != nil {
		t.Fatal(err)
	}
	var found *Node
	for _, c := range scope.Children {
		if c.Type == NodeRatio {
			found = c
		}
	}
	if found == nil || found.Path != "shop_call_error_ratio" || found.Ratio.Role != "errors" {
		t.Fatalf("ratio in scope: %+v", found)
	}
	n, err := tr.Metric(t.Context(), MetricRequest{Selector: Selector{Metric: found.Path}, Baseline: time.Hour})
	if err != nil {
		t.Fatal(err)
	}
	if n.Reading.Meaning != MeaningRatio || !near(n.Reading.Value, (13.5+22)/1350) || n.Reading.Text != "2.63%" {
		t.Errorf("value %+v", n.Reading)
	}
	if n.Change == nil || !near(n.Change.Before.Value, 0.01) || n.Change.Text != "+1.63 pp" {
		t.Errorf("change %+v", n.Change)
	}
	if got := n.Ratio.Numerator + " / " + n.Ratio.Denominator; got != `shop_calls_total{status="error"} / shop_calls_total` {
		t.Errorf("sides %s", got)
	}
	want := `(rate(shop_calls_total{status="error"}) or 0 * rate(shop_calls_total)) / (rate(shop_calls_total) > 0)`
	if n.Reading.Query != want {
		t.Errorf("query %s, want %s", n.Reading.Query, want)
	}
	var axes []string
	for _, c := range n.Children {
		axes = append(axes, c.Label)
	}
	if got := strings.Join(axes, " "); got != "region version" {
		t.Errorf("axes %q, want those both sides have, in the order declared", got)
	}
}

func TestRatioModes(t *testing.T) {
	tr, _ := newShop()
	sel := Selector{Metric: "shop_call_error_ratio"}.With("region", "eu")
	within, err := tr.Split(t.Context(), SplitRequest{Selector: sel, By: "version"})
	if err != nil {
		t.Fatal(err)
	}
	if first := within.Children[0]; first.Name != "2" || !near(first.Reading.Value, 0.21) || first.Share != nil {
		t.Errorf("within: %+v %+v", first, first.Reading)
	}
	share, err := tr.Split(t.Context(), SplitRequest{Selector: sel, By: "version", Mode: metric.ShareOfParent})
	if err != nil {
		t.Fatal(err)
	}
	first := share.Children[0]
	if !near(first.Reading.Value, 0.21*110/330) || first.Share == nil || !near(*first.Share, 23.1/25.3) {
		t.Errorf("share: %+v %+v", first, first.Reading)
	}
	if !strings.HasSuffix(first.Reading.Query, `/ (rate(shop_calls_total{region="eu"}) > 0)`) {
		t.Errorf("query of a share: %s", first.Reading.Query)
	}
	for _, axis := range []*Node{within, share} {
		if !axis.Check.Holds || !near(axis.Reading.Value, 25.3/330) {
			t.Errorf("check %+v of %+v", axis.Check, axis.Reading)
		}
	}
}

func TestRatioRequests(t *testing.T) {
	tr, _ := newShop()
	sel := Selector{Metric: "shop_call_error_ratio"}
	for says, ask := range map[string]func() error{
		"selects by the label \"status\" itself": func() error {
			_, err := tr.Split(t.Context(), SplitRequest{Selector: sel, By: "status"})
			return err
		},
		"do not both have the label \"pool\"": func() error {
			_, err := tr.Split(t.Context(), SplitRequest{Selector: sel, By: "pool"})
			return err
		},
		"narrow it by another": func() error {
			_, err := tr.Metric(t.Context(), MetricRequest{Selector: sel.With("status", "ok")})
			return err
		},
		"only histograms": func() error {
			_, err := tr.Plot(t.Context(), PlotRequest{Selector: sel, Window: time.Hour, Quantile: 0.5})
			return err
		},
		"baseline -1s": func() error {
			_, err := tr.Split(t.Context(), SplitRequest{Selector: sel, By: "region", Baseline: -time.Second})
			return err
		},
		"limit -1": func() error {
			_, err := tr.Split(t.Context(), SplitRequest{Selector: sel, By: "region", Limit: -1})
			return err
		},
	} {
		if err := ask(); !errors.Is(err, ErrRequest) || !strings.Contains(err.Error(), says) {
			t.Errorf("error %v does not say %s", err, says)
		}
	}
}

func TestRatioPlot(t *testing.T) {
	tr, _ := newShop()
	for _, mode := range []metric.RatioMode{metric.WithinGroup, metric.ShareOfParent} {
		plot, err := tr.Plot(t.Context(), PlotRequest{
			Selector: Selector{Metric: "shop_call_error_ratio"}, By: "region", Window: time.Hour, Mode: mode, Lines: 2, Points: 60,
		})
		if err != nil {
			t.Fatal(err)
		}
		if len(plot.Lines) != 3 || plot.Omitted != 1 || plot.Unit != "ratio" || plot.Mode != mode.String() {
			t.Fatalf("%s: %d lines, %d omitted, %+v", mode, len(plot.Lines), plot.Omitted, plot)
		}
		last := len(plot.Times) - 1
		eu := plot.Lines[1]
		want := 25.3 / 330
		if mode == metric.ShareOfParent {
			want = 25.3 / 1350
		}
		if eu.Name != "eu" || !near(eu.Points[last], want) || !near(plot.Lines[0].Points[0], 0.01) {
			t.Errorf("%s: %s ends at %v, want %v; the node begins at %v", mode, eu.Name, eu.Points[last], want, plot.Lines[0].Points[0])
		}
	}
}

func TestSplitChanges(t *testing.T) {
	source := newPast(func(b *SnapshotBuilder, at time.Time) {
		b.Declare("jobs", Metadata{Kind: KindGauge, Fold: FoldSum})
		now := at.Unix() >= 1_700_000_000
		for name, values := range map[string][2]float64{"steady": {5, 5}, "grown": {1, 9}, "gone": {4, math.NaN()}, "new": {math.NaN(), 3}, "small": {2, 1}} {
			v := values[0]
			if now {
				v = values[1]
			}
			if !math.IsNaN(v) {
				b.Add(Sample{Name: "jobs", Labels: labels("state", name), Value: v})
			}
		}
	})
	tr := New(source, Limits{})
	tr.SetClock(func() time.Time { return source.now })
	axis, err := tr.Split(t.Context(), SplitRequest{Selector: Selector{Metric: "jobs"}, By: "state", Limit: 3, Baseline: time.Hour})
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	sum := 0.0
	for _, c := range axis.Children {
		got = append(got, c.Name+" "+c.Change.Text)
		sum += float64(c.Change.Delta)
	}
	// "gone" is in the rest: it was there, and is not.
	if want := "grown +8, steady 0, new +3, other (1) −5"; strings.Join(got, ", ") != want {
		t.Errorf("changes %q, want %q", got, want)
	}
	if axis.Change.Delta != 6 || sum != 6 || !near(axis.Change.Percent, 50) {
		t.Errorf("the node changed by %v (%v %%), its branches by %v", axis.Change.Delta, axis.Change.Percent, sum)
	}
	if !near(*axis.Children[0].Share, 0.5) {
		t.Errorf("share of %s: %v", axis.Children[0].Name, *axis.Children[0].Share)
	}
	if q := axis.Children[3].Reading.Query; !strings.Contains(q, `except state ["grown" "new" "steady"]`) {
		t.Errorf("query of the rest: %s", q)
	}
}

// liar says that a node is one more than its branches.
type liar struct{ *past }

func (l liar) Fold(ctx ctx, queries []Query) ([]Result, error) {
	results, err := l.past.Fold(ctx, queries)
	for i := range results {
		results[i].Total.Reading.Value++
	}
	return results, err
}

func TestCheckFails(t *testing.T) {
	_, source := newShop()
	axis, err := New(liar{source}, Limits{}).Split(t.Context(), SplitRequest{Selector: Selector{Metric: "shop_calls_total"}, By: "region"})
	if err != nil {
		t.Fatal(err)
	}
	if c := axis.Check; c.Holds || !near(c.Difference, 1) || !strings.Contains(c.Text, "branches add up to 1350/s, the node is 1351/s") {
		t.Errorf("check %+v", axis.Check)
	}
}

func TestWithRatio(t *testing.T) {
	_, source := newShop()
	calls := metric.Selection{Metric: "shop_calls_total"}
	for says, ratio := range map[string]metric.Ratio{
		"always 1":           {Name: "r", Numerator: calls, Denominator: calls},
		"name it and both":   {Name: "r", Numerator: calls},
		`ratio "" of shop_c`: {Numerator: calls, Denominator: calls},
	} {
		if _, err := WithRatio(source, ratio); !errors.Is(err, ErrRequest) || !strings.Contains(err.Error(), says) {
			t.Errorf("error %v does not say %s", err, says)
		}
	}
	with, err := WithRatio(source, metric.Ratio{Name: "größe/1", Numerator: metric.Selection{Metric: calls.Metric, Matchers: metric.Matchers{}.With("region", "eu")}, Denominator: calls})
	if err != nil {
		t.Fatal(err)
	}
	n, err := New(with, Limits{}).Metric(t.Context(), MetricRequest{Selector: Selector{Metric: "größe/1"}})
	if err != nil || !near(n.Reading.Value, 330.0/1350) || n.Reading.Query == "" {
		t.Errorf("%+v, %v", n, err)
	}
}
