package tree

import (
	"errors"
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/metertree/metertree/tree/explain"
)

func TestExplainRatio(t *testing.T) {
	tr, _ := newShop()
	e, err := tr.Explain(t.Context(), ExplainRequest{Selector: Selector{Metric: "shop_call_error_ratio"}, Baseline: time.Hour})
	if err != nil {
		t.Fatal(err)
	}
	if e.Verdict != explain.Branches || len(e.Branches) == 0 || e.Branches[0].Selector != `region="eu", version="2"` {
		t.Fatalf("%s\n%+v", e.Summary, e)
	}
	leads := e.Leads(e.Branches[0])
	n, err := tr.Metric(t.Context(), MetricRequest{Selector: leads})
	if err != nil || !near(n.Reading.Value, e.Branches[0].After) {
		t.Errorf("%s is %v, %v; explained as %v", leads, n.Reading, err, e.Branches[0].After)
	}
	sum := e.Remainder.Contribution
	for _, b := range e.Branches {
		sum += b.Contribution
	}
	if math.Abs(sum-float64(e.Change)) > 1e-12 || !near(e.Change, 22.0/1350) {
		t.Errorf("contributions add up to %v, the change is %v", sum, e.Change)
	}
	if !e.Ratio || e.Before.End-e.Before.Start != (15*time.Minute).Milliseconds() || e.After.End-e.Before.End != time.Hour.Milliseconds() {
		t.Errorf("windows %+v %+v", e.Before, e.After)
	}
	if !strings.Contains(e.Summary, `region="eu", version="2" contributes +1.63 pp`) {
		t.Errorf("summary: %s", e.Summary)
	}
}

func TestExplainSum(t *testing.T) {
	tr, _ := newShop()
	e, err := tr.Explain(t.Context(), ExplainRequest{Selector: Selector{Metric: "shop_calls_total"}.With("status", "error")})
	if err != nil {
		t.Fatal(err)
	}
	if e.Branches[0].Selector != `region="eu", version="2"` || e.Branches[0].ContributionText != "+22/s" || e.Meaning != MeaningRate {
		t.Errorf("%s: %+v", e.Summary, e.Branches)
	}
}

func TestExplainAverage(t *testing.T) {
	source := newPast(func(b *SnapshotBuilder, at time.Time) {
		b.Declare("fill", Metadata{Kind: KindGauge, Fold: FoldAvg, Unit: "ratio"})
		for i := range 30 {
			v := 0.5
			if at.Unix() >= 1_700_000_000 && i < 10 {
				v = 0.8
			}
			b.Add(Sample{Name: "fill", Value: v, Labels: labels("disk", fmt.Sprint(i), "rack", fmt.Sprint(i/10))})
		}
	})
	tr := New(source, Limits{})
	tr.SetClock(func() time.Time { return source.now })
	e, err := tr.Explain(t.Context(), ExplainRequest{Selector: Selector{Metric: "fill"}})
	if err != nil {
		t.Fatal(err)
	}
	if len(e.Branches) == 0 || e.Branches[0].Selector != `rack="0"` || e.ChangeText != "+10 pp" {
		t.Errorf("%s: %+v", e.Summary, e.Branches)
	}
}

// With more label sets than can be searched, the label that has most is left out.
func TestExplainLeavesOut(t *testing.T) {
	source := newPast(func(b *SnapshotBuilder, at time.Time) {
		b.Declare("load", Metadata{Kind: KindGauge, Fold: FoldSum})
		for i := range explain.MaxLeaves + 10 {
			v := 1.0
			if at.Unix() >= 1_700_000_000 && i%7 == 3 {
				v = 2
			}
			b.Add(Sample{Name: "load", Value: v, Labels: labels("id", fmt.Sprint(i), "kind", fmt.Sprint(i%7), "zone", fmt.Sprint(i%5))})
		}
	})
	tr := New(source, Limits{})
	tr.SetClock(func() time.Time { return source.now })
	e, err := tr.Explain(t.Context(), ExplainRequest{Selector: Selector{Metric: "load"}})
	if err != nil {
		t.Fatal(err)
	}
	if got := fmt.Sprint(e.Labels, e.LeftOut, " ", e.Branches[0].Selector); got != `[zone kind] [id] kind="3"` {
		t.Errorf("searched, left out, found: %s", got)
	}
}

// Of very many branches only those that are drawn are read over time.
func TestPlotOfMany(t *testing.T) {
	source := newPast(func(b *SnapshotBuilder, at time.Time) {
		b.Declare("load", Metadata{Kind: KindGauge, Fold: FoldSum})
		for i := range mostOverTime + 10 {
			b.Add(Sample{Name: "load", Value: float64(i), Labels: labels("id", fmt.Sprint(i))})
		}
	})
	tr := New(source, Limits{})
	tr.SetClock(func() time.Time { return source.now })
	plot, err := tr.Plot(t.Context(), PlotRequest{Selector: Selector{Metric: "load"}, By: "id", Window: time.Minute, Lines: 3, Points: 2})
	if err != nil {
		t.Fatal(err)
	}
	n := mostOverTime + 10
	if len(plot.Lines) != 4 || plot.Omitted != n-3 || !near(plot.Lines[0].Points[0], float64(n*(n-1)/2)) {
		t.Errorf("%d lines, %d omitted, the node is %v", len(plot.Lines), plot.Omitted, plot.Lines[0].Points)
	}
}

func TestExplainRequests(t *testing.T) {
	tr, _ := newShop()
	calls := Selector{Metric: "shop_calls_total"}
	for says, req := range map[string]ExplainRequest{
		"window 1s":             {Selector: calls, Window: time.Second},
		"do not overlap":        {Selector: calls, Window: time.Hour, Baseline: time.Minute},
		"at most 8":             {Selector: calls, By: strings.Fields("a b c d e f g h i")},
		"given twice":           {Selector: calls, By: []string{"region", "region"}},
		"not have all of":       {Selector: calls, By: []string{"region", "colour"}},
		"no part in a change":   {Selector: Selector{Metric: "shop_start"}},
		`label "region" is emp`: {Selector: calls.With("region", "eu"), By: []string{"region"}},
	} {
		source := newPast(func(b *SnapshotBuilder, at time.Time) {
			shop(b, at)
			b.Declare("shop_start", Metadata{Kind: KindGauge, Fold: FoldMax})
			b.Add(Sample{Name: "shop_start", Value: 1})
		})
		tr.source = source
		if _, err := tr.Explain(t.Context(), req); !errors.Is(err, ErrRequest) || !strings.Contains(err.Error(), says) {
			t.Errorf("error %v does not say %s", err, says)
		}
	}
	if _, err := New(small(), Limits{}).Explain(t.Context(), ExplainRequest{Selector: Selector{Metric: "shop_orders_total"}}); !errors.Is(err, ErrNoHistory) {
		t.Errorf("a snapshot explains: %v", err)
	}
}
