package metertest_test

import (
	"strings"
	"testing"

	"github.com/metertree/metertree/metertest"
)

func TestDiff(t *testing.T) {
	for what, test := range map[string]struct {
		got, want string
		how       []metertest.Comparison
		diff      string
	}{
		"order of lines and labels": {
			got:  "b{y=\"2\",x=\"1\"} 5\na 1\n# a comment\n",
			want: "a 1\n\nb{x=\"1\", y=\"2\",} 5.0",
		},
		"timestamps and exemplars": {
			got:  "a_bucket{le=\"1\"} 3 1700000000 # {trace_id=\"ab\"} 0.5 1700000000\n# EOF\n",
			want: "a_bucket{le=\"1.0\"} 3\n",
		},
		"every difference": {
			got:  "a 1\nb 2\nd{x=\"1\"} NaN\n",
			want: "a 1\nc 3\nd{x=\"1\"} 4\n",
			diff: "+ b 2\n- c 3\n- d{x=\"1\"} 4\n+ d{x=\"1\"} NaN\n",
		},
		"not a number is itself":   {got: "a NaN\nb +Inf\n", want: "a NaN\nb Inf\n"},
		"a label that is not set":  {got: "a{x=\"\"} 1\n", want: "a 1\n"},
		"declared only in got":     {got: "# TYPE a counter\n# HELP a Help.\na 1\n", want: "a 1\n"},
		"declared otherwise":       {got: "# TYPE a gauge\na 1\n", want: "# TYPE a counter\n# HELP a Help.\na 1\n", diff: "- # HELP a Help.\n+ # HELP a \n- # TYPE a counter\n+ # TYPE a gauge\n"},
		"creation not asked for":   {got: "a_total 1\na_created 5\n", want: "a_total 1\n"},
		"creation asked for":       {got: "a_total 1\na_created 5\n", want: "a_created 6\na_total 1\n", diff: "- a_created 6\n+ a_created 5\n"},
		"within the tolerance":     {got: "a 99.5\nb -99.5\nc 0\n", want: "a 100\nb -100\nc 0\n", how: []metertest.Comparison{metertest.Tolerance(0.01)}},
		"beyond the tolerance":     {got: "a 98\nb 5\n", want: "a 100\nb +Inf\n", how: []metertest.Comparison{metertest.Tolerance(0.01)}, diff: "- a 100\n+ a 98\n- b +Inf\n+ b 5\n"},
		"only some":                {got: "a_total 1\nh_bucket{le=\"1\"} 2\nh_sum 3\nhx 7\n", want: "h_sum 3\nh_count 2\n", how: []metertest.Comparison{metertest.Only("h", "none")}, diff: "+ h_bucket{le=\"1\"} 2\n- h_count 2\n"},
		"only some, by their name": {got: "shop_a 1\nshop_b 2\nother 3\n", want: "shop_a 1\n", how: []metertest.Comparison{metertest.Only("shop_*")}, diff: "+ shop_b 2\n"},
		"values like syntax":       {got: `a{p="}, b=\"1\" \\"} 1` + "\n", want: `a{p="}, b=\"1\" \\"} 2` + "\n", diff: `- a{p="}, b=\"1\" \\"} 2` + "\n" + `+ a{p="}, b=\"1\" \\"} 1` + "\n"},
	} {
		diff, err := metertest.Diff(test.got, test.want, test.how...)
		if err != nil || diff != test.diff {
			t.Errorf("%s: %v\n%swant\n%s", what, err, diff, test.diff)
		}
	}
}

func TestDiffErrors(t *testing.T) {
	for text, says := range map[string]string{
		"a":               "name{label=\"value\"} 1",
		"{x=\"1\"} 1":     "it is not a series",
		"a one":           `"one" is no number`,
		"a 1\nb 1\na 1":   "line 3",
		"a{x} 1":          "labels do not go on",
		"a{x=\"1} 1":      "does not end",
		"a{x=\"1\\\" } 1": "does not end",
		"a{x=\"1\" 1":     "labels do not go on",
	} {
		for _, texts := range [][2]string{{text, ""}, {"", text}} {
			if _, err := metertest.Diff(texts[0], texts[1]); err == nil || !strings.Contains(err.Error(), says) {
				t.Errorf("%q gives %v, which does not say %q", text, err, says)
			}
		}
	}
}

// FuzzDiff: what can be read is equal to itself, and differs from nothing unless it
// is without series.
func FuzzDiff(f *testing.F) {
	f.Add("# TYPE a counter\na{x=\"1\",y=\"\\\"\"} 1 5\nb 2 # {t=\"1\"} 3\n")
	f.Add("a{} NaN\n# EOF")
	f.Add("a{x=\"\\")
	f.Fuzz(func(t *testing.T, text string) {
		diff, err := metertest.Diff(text, text)
		if err == nil && diff != "" {
			t.Errorf("%q differs from itself:\n%s", text, diff)
		}
	})
}
