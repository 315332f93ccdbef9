package observer

import (
	"cmp"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/metertree/metertree/policy/cardinality"
)

// mostRows is how many rows lists have that ?limit= is not about.
const mostRows = 20

// writeCardinality writes the document as tables.
func writeCardinality(w io.Writer, d Cardinality) error {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	row(t, "series", fmt.Sprint(d.TotalSeries))
	row(t, "metrics", fmt.Sprint(d.TotalMetrics))
	row(t, "counted", fmt.Sprintf("%s in %s", d.CountedAt.Format(time.RFC3339), d.took()))
	if d.Budget > 0 {
		excessRows(t, d)
	}
	metricRows(t, d)
	pairRows(t, d)
	labelRows(t, d)
	growthRows(t, d)
	return t.Flush()
}

// took is how long the count took.
func (d Cardinality) took() string {
	took := time.Duration(d.Seconds * float64(time.Second))
	if took < time.Millisecond {
		return "less than 1ms"
	}
	return span(took)
}

func heading(t *tabwriter.Writer, name string, shown, all int) {
	if shown < all {
		name += fmt.Sprintf(" (%d of %d)", shown, all)
	}
	fmt.Fprintf(t, "\n%s\n", name)
}

func excessRows(t *tabwriter.Writer, d Cardinality) {
	shown := first(d.Excesses)
	heading(t, fmt.Sprintf("OVER THE BUDGET OF %d", d.Budget), len(shown), len(d.Excesses))
	if len(shown) == 0 {
		row(t, "none")
		return
	}
	row(t, "METRIC", "SERIES", "REMEDY")
	for _, e := range shown {
		row(t, e.Metric, fmt.Sprint(e.Series), e.remedy(d.Budget))
	}
}

// remedy tells which labels would have to go.
func (e Excess) remedy(budget int) string {
	if len(e.Steps) == 0 {
		return "none of its labels is counted"
	}
	var text strings.Builder
	left := " left"
	for _, s := range e.Steps {
		if text.Len() > 0 {
			text.WriteString(", then ")
		}
		fmt.Fprintf(&text, "%s%s without %s", number(s.Series), left, s.Label)
		left = ""
	}
	if e.Steps[len(e.Steps)-1].Series.Count > budget {
		text.WriteString(", still too many")
	}
	return text.String()
}

func metricRows(t *tabwriter.Writer, d Cardinality) {
	heading(t, "METRICS", len(d.Metrics), d.TotalMetrics)
	if d.TotalMetrics == 0 {
		row(t, "none has a series")
		return
	}
	row(t, "METRIC", "SERIES", "VALUES BY LABEL")
	for _, m := range d.Metrics {
		var labels []string
		for _, l := range m.Labels {
			labels = append(labels, fmt.Sprintf("%s %s %s", l.Name, number(l.Values), l.Level))
		}
		row(t, m.Name, fmt.Sprint(m.Series), cmp.Or(strings.Join(labels, ", "), "-"))
	}
	if d.OtherSeries > 0 {
		row(t, "other", fmt.Sprint(d.OtherSeries), "-")
	}
}

// metricPair is a pair of labels and whose it is.
type metricPair struct {
	Metric string
	cardinality.Pair
}

// pairs are those of the metrics that are shown, in their order.
func (d Cardinality) pairs() []metricPair {
	var all []metricPair
	for _, m := range d.Metrics {
		for _, p := range m.Pairs {
			all = append(all, metricPair{m.Name, p})
		}
	}
	return all
}

func pairRows(t *tabwriter.Writer, d Cardinality) {
	all := d.pairs()
	if len(all) == 0 {
		return
	}
	shown := first(all)
	heading(t, "PAIRS OF LABELS", len(shown), len(all))
	row(t, "METRIC", "LABELS", "PAIRS OF VALUES")
	for _, p := range shown {
		row(t, p.Metric, p.Labels[0]+", "+p.Labels[1], number(p.Values))
	}
}

func labelRows(t *tabwriter.Writer, d Cardinality) {
	if len(d.Labels) == 0 {
		return
	}
	shown := first(d.Labels)
	heading(t, "LABELS", len(shown), len(d.Labels))
	row(t, "LABEL", "SERIES", "METRICS", "MOST VALUES")
	for _, l := range shown {
		row(t, l.Name, fmt.Sprint(l.Series), fmt.Sprint(l.Metrics), number(l.MostValues)+" "+l.Level.String())
	}
}

func growthRows(t *tabwriter.Writer, d Cardinality) {
	if d.GrownSince == nil {
		return
	}
	shown := first(d.Growth)
	heading(t, "CHANGED SINCE "+d.GrownSince.Format(time.RFC3339), len(shown), len(d.Growth))
	if len(shown) == 0 {
		row(t, "nothing")
		return
	}
	row(t, "METRIC", "BEFORE", "NOW", "CHANGE")
	for _, g := range shown {
		row(t, g.Metric, fmt.Sprint(g.Before), fmt.Sprint(g.After), fmt.Sprintf("%+d", g.After-g.Before))
	}
}

// number writes a number, with a tilde if it is an estimate.
func number(n cardinality.Number) string {
	if n.Estimated {
		return fmt.Sprintf("~%d", n.Count)
	}
	return fmt.Sprint(n.Count)
}

func first[T any](all []T) []T { return all[:min(len(all), mostRows)] }
