package cli

import (
	"bufio"
	"fmt"
	"io"

	"github.com/metertree/metertree/policy"
	"github.com/metertree/metertree/policy/cardinality"
	"github.com/metertree/metertree/server/internal/inspect"
)

// cardinalityReport is what the command prints, and keeps.
type cardinalityReport struct {
	Target string `json:"target"`
	cardinality.Report
	// Growth is there if there was something to compare with.
	Growth *[]cardinality.Growth `json:"growth,omitempty"`
	// Plan is there if there is a budget.
	Plan *inspect.Plan `json:"budget,omitempty"`
}

// print writes tables of the largest, and what they leave out.
func (r cardinalityReport) print(w io.Writer, top int) error {
	out := bufio.NewWriter(w)
	p := cardinalityPrinter{out: out, top: top, total: lineWidth(w), text: textWidth(w)}
	if wantsColour(w) {
		p.style = colourStyle
	}
	p.report(r)
	return out.Flush()
}

type cardinalityPrinter struct {
	out   io.Writer
	style treeStyle
	top   int
	total int // width of tables
	text  int // width of sentences; 0 is any
}

func (p cardinalityPrinter) report(r cardinalityReport) {
	p.say(fmt.Sprintf("%s: %s in %s", r.Target, counted(r.Series, "series", "series"), counted(len(r.Metrics), "metric", "metrics")))
	fmt.Fprintln(p.out)
	p.metrics(r)
	p.labels(r.Labels)
	if r.Growth != nil {
		p.growth(*r.Growth)
	}
	if r.Plan != nil {
		p.plan(*r.Plan)
	}
}

// metrics shows the largest metrics, with their labels and the pairs of them.
func (p cardinalityPrinter) metrics(r cardinalityReport) {
	t := table{titles: []string{"metric, its labels and pairs", "series", "values", "level", "without it"}}
	shown := r.Metrics[:min(p.top, len(r.Metrics))]
	rest := r.Series
	for _, m := range shown {
		rest -= m.Series
		t.add(printable(m.Name), fmt.Sprint(m.Series), "", "", "")
		labels := m.Labels[:min(p.top, len(m.Labels))]
		for _, l := range labels {
			t.add("  "+printable(l.Name), "", number(l.Values), l.Level.String(), number(l.Without))
		}
		p.omitted(&t, len(m.Labels)-len(labels)+m.LabelsLeftOut, "label", "labels")
		pairs := m.Pairs[:min(p.top, len(m.Pairs))]
		for _, pair := range pairs {
			t.add("  "+printable(pair.Labels[0]+", "+pair.Labels[1]), "", number(pair.Values), "", "")
		}
		p.omitted(&t, len(m.Pairs)-len(pairs), "pair", "pairs")
	}
	if n := len(r.Metrics) - len(shown); n > 0 {
		t.add("other: "+counted(n, "metric", "metrics"), fmt.Sprint(rest), "", "", "")
	}
	t.write(p.out, p.style, p.total)
}

func (p cardinalityPrinter) omitted(t *table, n int, one, many string) {
	if n > 0 {
		t.add("  other: "+counted(n, one, many), "", "", "", "")
	}
}

// labels shows the labels that the most series have, over all metrics.
func (p cardinalityPrinter) labels(labels []cardinality.LabelTotal) {
	if len(labels) == 0 {
		return
	}
	t := table{titles: []string{"label", "series", "metrics", "most values", "level"}}
	for _, l := range labels[:min(p.top, len(labels))] {
		t.add(printable(l.Name), fmt.Sprint(l.Series), fmt.Sprint(l.Metrics), number(l.MostValues), policy.Thresholds{}.Level(l.MostValues.Count).String())
	}
	if n := len(labels) - p.top; n > 0 {
		t.add("other: "+counted(n, "label", "labels"), "", "", "", "")
	}
	fmt.Fprintln(p.out)
	t.write(p.out, p.style, p.total)
}

// growth shows what has grown most.
func (p cardinalityPrinter) growth(growth []cardinality.Growth) {
	fmt.Fprintln(p.out)
	if len(growth) == 0 {
		fmt.Fprintln(p.out, "no metric has more or fewer series than before")
		return
	}
	t := table{titles: []string{"metric that has grown or shrunk", "before", "now", "change"}}
	change := 0
	for i, g := range growth {
		if i < p.top {
			t.add(printable(g.Metric), fmt.Sprint(g.Before), fmt.Sprint(g.After), fmt.Sprintf("%+d", g.After-g.Before))
		} else {
			change += g.After - g.Before
		}
	}
	if n := len(growth) - p.top; n > 0 {
		t.add("other: "+counted(n, "metric", "metrics"), "", "", fmt.Sprintf("%+d", change))
	}
	t.write(p.out, p.style, p.total)
}

// plan says what would have to go.
func (p cardinalityPrinter) plan(plan inspect.Plan) {
	fmt.Fprintln(p.out)
	if len(plan.Steps) == 0 && plan.Fits {
		p.say(fmt.Sprintf("%s within the budget of %d", counted(plan.Series, "series is", "series are"), plan.Budget))
		return
	}
	p.say(fmt.Sprintf("To fit the budget of %d:", plan.Budget))
	for _, s := range plan.Steps {
		p.say(fmt.Sprintf("  take label %s off %s: %s instead of %s", s.Label, s.Metric, number(s.After), number(s.Before)))
	}
	if plan.Fits {
		p.say(fmt.Sprintf("That leaves %s series.", number(plan.Remaining)))
	} else {
		p.say(fmt.Sprintf("That leaves %s series: expose fewer metrics or buckets, or give a larger --budget.", number(plan.Remaining)))
	}
}

func (p cardinalityPrinter) say(text string) {
	fmt.Fprintln(p.out, wrap(printable(text), p.text, "    "))
}

// number is exact, or marked as an estimate.
func number(n cardinality.Number) string {
	if n.Estimated {
		return fmt.Sprintf("~%d", n.Count)
	}
	return fmt.Sprint(n.Count)
}

// verdict is an error if there are more series than the budget allows.
func (r cardinalityReport) verdict() error {
	if r.Plan == nil || r.Series <= r.Plan.Budget {
		return nil
	}
	remedy := "expose fewer metrics or buckets"
	if len(r.Plan.Steps) > 0 {
		remedy = printable(fmt.Sprintf("begin with label %s of %s", r.Plan.Steps[0].Label, r.Plan.Steps[0].Metric))
	}
	return fmt.Errorf("%s: %s, %d more than the budget of %d: %s, or raise --budget", r.Target,
		counted(r.Series, "series", "series"), r.Series-r.Plan.Budget, r.Plan.Budget, remedy)
}
