package promtree

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/prometheus/prometheus/promql/parser"

	"github.com/metertree/metertree/metric"
	"github.com/metertree/metertree/tree"
)

// FuzzExpressions: whatever names and values are, every expression parses, and
// every selector of it selects by exactly them.
func FuzzExpressions(f *testing.F) {
	f.Add("up", "code", "200", "host")
	f.Add("sum", "by", `x"} or vector(1)`, "inf")
	f.Add("http.requests", "the.route", "a\\b\"c\n\x00", "é")
	f.Add("a|b", "_", "\u2028", "NaN")
	f.Add("x", "inf", "", "")
	f.Add("On", "part", "a|b", "part")
	f.Add("a:b", "group_left", ".*", "le")
	f.Add(":", "x", "$1", "x")
	p := parser.NewParser(parser.Options{})
	f.Fuzz(func(t *testing.T, name, label, value, by string) {
		if name == "" || label == "" || label == nameLabel || label == bucketLabel || !utf8.ValidString(strings.Join([]string{name, label, value, by}, " ")) {
			return // no such metric or label can be stored
		}
		for _, kind := range []tree.Kind{tree.KindCounter, tree.KindGauge, tree.KindHistogram, tree.KindSummary} {
			for _, e := range expressionsOf(kind, name, label, value, by) {
				if e == "" {
					continue
				}
				parsed, err := p.ParseExpr(string(e))
				if err != nil {
					t.Fatalf("%s: %v", e, err)
				}
				for _, selected := range parser.ExtractSelectors(parsed) {
					var got []string
					for _, m := range selected {
						if m.Name != nameLabel && m.Name != bucketLabel {
							got = append(got, fmt.Sprintf("%s%s%q", m.Name, m.Type, m.Value))
						}
					}
					for _, want := range []string{
						fmt.Sprintf("%s=%q", label, value),
						fmt.Sprintf("%s!=%q", label, value+"x"),
						fmt.Sprintf("%s=~%q", label, alternatives([]string{value, value + "x"})),
					} {
						if !slices.Contains(got, want) {
							t.Fatalf("%s selects by %q, want %s", e, got, want)
						}
					}
				}
			}
		}
	})
}

// expressionsOf are expressions about a family of the kind that select by the
// label in every way.
func expressionsOf(kind tree.Kind, name, label, value, by string) []expr {
	family := tree.Family{Name: name, Kind: kind, Fold: tree.FoldAvg, Parts: []string{name + "_bucket", name + "_count", name + "_sum"}}
	if !kind.Observes() {
		family.Parts = []string{name}
	}
	where := metric.Matchers{}.With(label, value, value+"x")
	q := tree.Query{
		Family: family, By: by, Where: where,
		Selector: tree.Selector{Metric: name, Matchers: []tree.Matcher{{Name: label, Value: value}}},
		Except:   &tree.Exclusion{Label: label, Values: []string{value + "x"}},
	}
	more := q
	more.Also = []tree.Part{{Family: family, Where: where}, {Family: family, Where: where}}
	var out []expr
	for _, q := range []tree.Query{q, more} {
		for _, l := range []look{{window: time.Minute}, {window: 90 * time.Second, skipNaN: true}, {as: tree.MeaningTotal}} {
			out = append(out, valueExpr(q, l), overTimeExpr(q, l), quantileExpr(q, 0.99, l))
		}
		out = append(out, newCounting(q).exprs()...)
		values, streams, counted := leavesExprs(q, []string{label}, look{window: time.Hour})
		out = append(out, values, streams, counted)
	}
	return out
}

// TestExpressions shows how what people ask for is written.
func TestExpressions(t *testing.T) {
	counter := tree.Family{Name: "calls_total", Kind: tree.KindCounter, Fold: tree.FoldSum, Parts: []string{"calls_total"}}
	histogram := tree.Family{Name: "rpc_seconds", Kind: tree.KindHistogram, Fold: tree.FoldSum, Parts: []string{"rpc_seconds_bucket", "rpc_seconds_count", "rpc_seconds_sum"}}
	gauge := tree.Family{Name: "on", Kind: tree.KindGauge, Fold: tree.FoldMax, Parts: []string{"on"}}
	lone := tree.Family{Name: "config.version", Kind: tree.KindGauge, Fold: tree.FoldNone, Parts: []string{"config.version"}}
	errors := tree.Selector{Matchers: []tree.Matcher{{Name: "code", Value: "500"}}}
	source := New(nil, Options{})
	for _, tt := range []struct {
		query tree.Query
		want  string
	}{
		{tree.Query{Family: counter, Selector: errors}, `sum(rate(calls_total{code="500"}[1m]))`},
		{tree.Query{Family: counter, By: "host", Limit: 3}, `sum(rate(calls_total[1m]))`},
		{tree.Query{Family: counter, As: tree.MeaningTotal}, `sum(calls_total)`},
		{tree.Query{Family: counter, Moment: tree.Moment{Length: 90 * time.Second}, SkipNaN: true}, `sum(rate(calls_total[90s]) >= -Inf)`},
		{tree.Query{Family: counter, Where: metric.Matchers{}.With("code", "a.b", ""), Except: &tree.Exclusion{Label: "host", Values: []string{""}}},
			`sum(rate(calls_total{code=~"|a\\.b",host!=""}[1m]))`},
		{tree.Query{Family: counter, Except: &tree.Exclusion{Label: "host", Values: []string{"a", "b"}}}, `sum(rate(calls_total{host!~"a|b"}[1m]))`},
		{tree.Query{Family: counter, Also: []tree.Part{{Family: histogram}}},
			`sum(label_replace(sum(rate(calls_total[1m])), "part", "1", "", "") or label_replace(sum(rate(rpc_seconds_count[1m])), "part", "2", "", ""))`},
		{tree.Query{Family: histogram, Quantile: 0.99}, `histogram_quantile(0.99, sum by (le) (rate(rpc_seconds_bucket[1m])))`},
		{tree.Query{Family: counter, Quantile: 0.99}, ``},
		{tree.Query{Family: gauge}, `max({__name__="on"})`},
		{tree.Query{Family: lone}, ``},
		{tree.Query{Family: lone, As: tree.MeaningSingle}, `max({__name__="config.version"})`},
	} {
		if got := source.Expression(tt.query); got != tt.want {
			t.Errorf("%+v\n got %s\nwant %s", tt.query, got, tt.want)
		}
	}
}

func TestDuration(t *testing.T) {
	for d, want := range map[time.Duration]expr{
		time.Minute: "1m", 90 * time.Second: "90s", 48 * time.Hour: "48h", 1500 * time.Millisecond: "1500ms", 0: "1ms",
	} {
		if got := duration(d); got != want {
			t.Errorf("%v is written %s, want %s", d, got, want)
		}
	}
}
