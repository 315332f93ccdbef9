package inspect

import (
	"fmt"
	"strings"
	"testing"

	"github.com/metertree/metertree/server/internal/prom"
	"github.com/metertree/metertree/tree"
)

// parse reads an exposition.
func parse(t testing.TB, text string) *Exposition {
	t.Helper()
	b := NewBuilder()
	if err := prom.ReadExposition(strings.NewReader(text), prom.FormatAny, b); err != nil {
		t.Fatal(err)
	}
	return b.Build()
}

func family(t testing.TB, e *Exposition, name string) Family {
	t.Helper()
	f, ok := byName(e)[name]
	if !ok {
		t.Fatalf("no family %s", name)
	}
	return f
}

const textFormat = `# HELP calls_total Calls.
# TYPE calls_total counter
calls_total{op="put",zone="a"} 7
calls_total{op="get"} 9
# TYPE wait_seconds histogram
wait_seconds_bucket{op="put",le="0.5"} 1
wait_seconds_bucket{op="put",le="+Inf"} 2
wait_seconds_sum{op="put"} 3
wait_seconds_count{op="put"} 2
# TYPE pause_seconds summary
pause_seconds{quantile="0.5"} 1
pause_seconds_sum 3
pause_seconds_count 2
build_info{version="1"} 1
loose 4
`

const openMetrics = `# HELP calls Calls.
# TYPE calls counter
calls_total{op="get"} 9
calls_total{op="put",zone="a"} 7
# TYPE wait_seconds histogram
# UNIT wait_seconds seconds
wait_seconds_bucket{op="put",le="0.5"} 1
wait_seconds_bucket{op="put",le="+Inf"} 2
wait_seconds_sum{op="put"} 3
wait_seconds_count{op="put"} 2
# TYPE build info
build_info{version="1"} 1
# TYPE mode stateset
mode{mode="fast"} 1
# TYPE loose unknown
loose 4
# EOF
`

func TestBuild(t *testing.T) {
	e := parse(t, textFormat)
	var got []string
	for _, f := range e.Families {
		got = append(got, fmt.Sprintf("%s %s/%s %d %v", f.Name, f.Kind, f.Type, f.Series(), f.labelNames()))
	}
	want := []string{
		"build_info info/ 1 [version]",
		"calls_total counter/counter 2 [op zone]",
		"loose gauge/ 1 []",
		"pause_seconds summary/summary 3 []",
		"wait_seconds histogram/histogram 4 [op]",
	}
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	if e.Series() != 11 {
		t.Errorf("%d series", e.Series())
	}
}

// What OpenMetrics declares under a name without suffix belongs to the metric.
func TestBuildOpenMetrics(t *testing.T) {
	e := parse(t, openMetrics)
	for name, want := range map[string]string{
		"calls_total":  "counter counter  Calls.",
		"wait_seconds": "histogram histogram seconds ",
		"build_info":   "info info  ",
		"mode":         "gauge stateset  ",
		"loose":        "gauge   ",
	} {
		f := family(t, e, name)
		if got := fmt.Sprintf("%s %s %s %s", f.Kind, f.Type, f.Unit, f.Help); got != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
}

func TestBuildKeepsTheFirstOfEqualSeries(t *testing.T) {
	f := family(t, parse(t, "a{x=\"2\"} 5\na{x=\"1\"} 6\na{x=\"2\"} 7\na{x=\"2\",y=\"\"} 8\n"), "a")
	if got := fmt.Sprint(f.Parts[0].Series); got != "[{[{x 1}] 6} {[{x 2}] 5}]" {
		t.Errorf("series %s", got)
	}
}

func TestBounds(t *testing.T) {
	f := Family{Name: "h", Kind: tree.KindHistogram, Parts: parse(t,
		"h_bucket{le=\"10\"} 1\nh_bucket{le=\"1e1\"} 1\nh_bucket{le=\"0.50\"} 1\nh_bucket{le=\"+Inf\"} 1\nh_bucket{le=\"NaN\"} 1\nh_bucket{le=\"x\"} 1\n").Families[0].Parts}
	if got := listed(f.bounds()); got != "0.5, 10, +Inf" {
		t.Errorf("bounds %s", got)
	}
}
