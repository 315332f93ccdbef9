package stdout

import (
	"fmt"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"
	"unicode"

	"github.com/metertree/metertree/export"
	"github.com/metertree/metertree/metric"
)

// writeTable writes a heading, a row for each point and an empty line. It holds
// the whole batch, because the widest cell makes the column.
func writeTable(out *lineWriter, batch *export.Batch) {
	fmt.Fprintf(out, "%s at %s\n", batch.Temporality, batch.Time.UTC().Format(time.RFC3339))
	t := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	row(t, "NAME", "KIND", "LABELS", "VALUE")
	for f := range batch.Families {
		for p := range f.Points {
			d := &f.Descriptor
			row(t, d.Name, d.Kind.String(), p.Labels.String(), tableValue(d, p))
		}
	}
	// What goes wrong is kept by out.
	_ = t.Flush()
	fmt.Fprintln(out)
}

// row writes cells in columns. What would move the cursor or end a cell or a
// line becomes a space, and no cell is empty, so that columns can be counted.
func row(t *tabwriter.Writer, cells ...string) {
	for i, c := range cells {
		c = strings.Map(func(r rune) rune {
			if unicode.IsControl(r) {
				return ' '
			}
			return r
		}, c)
		if c == "" {
			c = "-"
		}
		if i > 0 {
			fmt.Fprint(t, "\t")
		}
		fmt.Fprint(t, c)
	}
	fmt.Fprint(t, "\n")
}

// tableValue returns a value with its unit, or what sums up a distribution.
func tableValue(d *metric.Descriptor, p *metric.Point) string {
	unit := ""
	if d.Unit != "" {
		unit = " " + d.Unit
	}
	switch {
	case d.Kind != metric.Histogram && d.Kind != metric.Gauge && d.Number == metric.Int64:
		return strconv.FormatInt(p.Int, 10) + unit
	case d.Kind != metric.Histogram:
		return short(p.Float) + unit
	}
	t := totalsOf(d, p)
	text := fmt.Sprintf("count %d, sum %s%s", t.count, short(t.sum), unit)
	if t.count > 0 {
		text += ", mean " + short(t.sum/float64(t.count))
	}
	if d.Kept() == metric.MinMaxSumCount && t.count > 0 {
		text += fmt.Sprintf(", min %s, max %s", short(p.Summary.Min), short(p.Summary.Max))
	}
	return text
}

// short returns a number with six digits at most.
func short(v float64) string { return strconv.FormatFloat(v, 'g', 6, 64) }
