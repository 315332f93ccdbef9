package inspect

import (
	"fmt"
	"strings"
	"testing"
)

// told is a difference in lines.
func told(d Difference) string {
	var lines []string
	for _, s := range d.Removed {
		lines = append(lines, fmt.Sprintf("- %s %s %d", s.Metric, s.Type, s.Series))
	}
	for _, s := range d.Added {
		lines = append(lines, fmt.Sprintf("+ %s %s %d", s.Metric, s.Type, s.Series))
	}
	for _, r := range d.Renamed {
		lines = append(lines, fmt.Sprintf("> %s %s", r.Old, r.New))
	}
	for _, c := range d.Changed {
		mark := "."
		if c.Breaking {
			mark = "!"
		}
		lines = append(lines, fmt.Sprintf("%s %s %s: %s → %s", mark, c.Metric, c.Aspect, c.Before, c.After))
	}
	return strings.Join(lines, "\n")
}

func TestDiff(t *testing.T) {
	const histogram = "# TYPE h histogram\nh_bucket{le=\"1\"} 1\nh_bucket{le=\"+Inf\"} 1\nh_sum 1\nh_count 1\n"
	for _, tt := range []struct {
		name, before, after string
		want                string
		breaking            int
	}{
		{"nothing", textFormat, textFormat, "", 0},
		{"values only", "a 1\n", "a 2\n", "", 0},
		{"added", "a 1\n", "# TYPE b_total counter\na 1\nb_total{x=\"1\"} 1\nb_total{x=\"2\"} 1\n", "+ b_total counter 2", 0},
		{"removed", "a 1\nbook_shelves 1\n", "a 1\n", "- book_shelves untyped 1", 1},
		{"type", "# TYPE a gauge\na 1\n", "# TYPE a counter\na 1\n", "! a type: gauge → counter", 1},
		{"type declared later", "a 1\n", "# TYPE a gauge\na 1\n", ". a type: untyped → gauge", 0},
		{"type declared later as another", "a 1\n", "# TYPE a counter\na 1\n", ". a type: untyped → counter", 0},
		{"label gone", "a{x=\"1\",y=\"1\"} 1\n", "a{x=\"1\"} 1\n", "! a labels: x, y → x", 1},
		{"label come", "a 1\n", "a{x=\"1\"} 1\na{x=\"2\"} 1\n", "! a labels:  → x\n. a series: 1 → 2", 1},
		{"buckets", histogram, strings.Replace(histogram, `le="1"`, `le="2"`, 1), "! h buckets: 1, +Inf → 2, +Inf", 1},
		{"bucket spelt otherwise", histogram, strings.Replace(histogram, `le="1"`, `le="1.0"`, 1), "", 0},
		{"sum gone", histogram, strings.Replace(histogram, "h_sum 1\n", "", 1), "! h samples: _bucket, _count, _sum → _bucket, _count\n. h series: 4 → 3", 1},
		{"help", "# HELP a x\na 1\n", "# HELP a y\na 1\n", ". a help: x → y", 0},
		{"unit", "# TYPE a_seconds gauge\n# UNIT a_seconds seconds\na_seconds 1\n# EOF\n", "# TYPE a_seconds gauge\na_seconds 1\n# EOF\n", ". a_seconds unit: seconds → ", 0},
		{"renamed and changed", "# HELP a_put Puts.\na_put 5\n", "# HELP b_put Puts.\n# TYPE b_put gauge\nb_put 9\n",
			"> a_put b_put\n. b_put type: untyped → gauge", 1},
	} {
		t.Run(tt.name, func(t *testing.T) {
			d := Diff(parse(t, tt.before), parse(t, tt.after))
			if got := told(d); got != tt.want {
				t.Errorf("got\n%s\nwant\n%s", got, tt.want)
			}
			if d.Breaking() != tt.breaking {
				t.Errorf("%d breaking, want %d", d.Breaking(), tt.breaking)
			}
		})
	}
}

// The two text formats say the same of one program, but for units.
func TestDiffOfFormats(t *testing.T) {
	d := Diff(parse(t, textFormat), parse(t, openMetrics))
	want := "- pause_seconds summary 3\n+ mode gauge 1\n. build_info type: untyped → info\n. wait_seconds unit:  → seconds"
	if got := told(d); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}
