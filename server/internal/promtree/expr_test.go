package promtree

import (
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/prometheus/prometheus/promql/parser"

	"github.com/metertree/metertree/tree"
)

// FuzzExpressions: whatever names and values are, every expression parses, and
// selects by exactly them.
func FuzzExpressions(f *testing.F) {
	f.Add("up", "code", "200", "host")
	f.Add("sum", "by", `x"} or vector(1)`, "inf")
	f.Add("http.requests", "the.route", "a\\b\"c\n\x00", "é")
	f.Add("a|b", "_", "\u2028", "NaN")
	f.Add("x", "inf", "", "")
	p := parser.NewParser(parser.Options{})
	f.Fuzz(func(t *testing.T, metric, label, value, by string) {
		if metric == "" || label == "" || label == nameLabel || !utf8.ValidString(strings.Join([]string{metric, label, value, by}, " ")) {
			return // no such metric or label can be stored
		}
		for _, kind := range []tree.Kind{tree.KindCounter, tree.KindGauge, tree.KindHistogram, tree.KindSummary} {
			family := tree.Family{Name: metric, Kind: kind, Parts: []string{metric + "_bucket", metric + "_count", metric + "_sum"}}
			if !kind.Observes() {
				family.Parts = []string{metric}
			}
			q := tree.Query{Family: family, By: by, Selector: tree.Selector{Metric: metric, Matchers: []tree.Matcher{{Name: label, Value: value}}}}
			for _, e := range []expr{
				rateExpr(q, time.Minute), totalExpr(q), gaugeExpr(q), seriesExpr(q), streamsExpr(q),
				quantileExpr(q, 0.99, time.Minute), streamSetsExpr(family, q.Selector), namesExpr(metric, "x"+value),
			} {
				parsed, err := p.ParseExpr(string(e))
				if err != nil {
					t.Fatalf("%s: %v", e, err)
				}
				selected := parser.ExtractSelectors(parsed)
				if len(selected) != 1 {
					t.Fatalf("%s has %d selectors", e, len(selected))
				}
				if matchers := selected[0]; len(matchers) > 1 && (matchers[1].Name != label || matchers[1].Value != value) {
					t.Fatalf("%s selects by %v", e, matchers)
				}
			}
		}
	})
}
