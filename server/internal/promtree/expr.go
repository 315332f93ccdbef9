package promtree

import (
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// expr is a PromQL expression. Only the functions of this file make one. They
// are read as they are by Prometheus since 2.42 and by VictoriaMetrics.
type expr string

// nameLabel is the label that holds a series' name.
const nameLabel = "__name__"

// The labels that tell the series of one histogram or summary apart.
const (
	bucketLabel   = "le"
	quantileLabel = "quantile"
)

// lastBucket is the value of the label of the bucket that counts everything.
const lastBucket = "+Inf"

// operator is how a matcher compares.
type operator string

const (
	equal       operator = "="
	notEqual    operator = "!="
	matches     operator = "=~"
	matchesNone operator = "!~"
)

// matcher selects series by one label.
type matcher struct {
	label string
	op    operator
	value string
}

// oneOf selects the series whose label has one of the values, at least one.
func oneOf(label string, values []string) matcher {
	if len(values) == 1 {
		return matcher{label, equal, values[0]}
	}
	return matcher{label, matches, alternatives(values)}
}

// noneOf selects the series whose label has none of the values, at least one.
func noneOf(label string, values []string) matcher {
	if len(values) == 1 {
		return matcher{label, notEqual, values[0]}
	}
	return matcher{label, matchesNone, alternatives(values)}
}

func alternatives(values []string) string {
	quoted := make([]string, len(values))
	for i, v := range values {
		quoted[i] = regexp.QuoteMeta(v)
	}
	return strings.Join(quoted, "|")
}

// selectSeries selects by matchers, of which one on the name stands in front, as
// people write it, if every server reads it there.
func selectSeries(matchers ...matcher) expr {
	name := ""
	written := make([]string, 0, len(matchers))
	for _, m := range matchers {
		if m.label == nameLabel && m.op == equal && name == "" && plainName(m.value) {
			name = m.value
			continue
		}
		written = append(written, label(m.label)+string(m.op)+strconv.Quote(m.value))
	}
	if name != "" && len(written) == 0 {
		return expr(name)
	}
	return expr(name + "{" + strings.Join(written, ",") + "}")
}

// keywords are the words that some dialect does not take, or not everywhere, for
// the name of a metric. Their case does not matter.
var keywords = strings.Fields(`
	and atan2 avg bool bottomk by count count_values fill fill_left fill_right
	group group_left group_right ignoring inf limitk limit_ratio max min nan offset
	on or quantile stddev stdvar sum topk unless without
	start end step range anchored smoothed max_of min_of
	default if ifnot keep_metric_names limit with`)

// plainName reports whether a name can be written without quotes.
func plainName(name string) bool {
	letters := strings.TrimLeft(name, "_:")
	return plainLabel(strings.ReplaceAll(name, ":", "_")) && name[0] != ':' && letters != "" &&
		!slices.Contains(keywords, strings.ToLower(name))
}

// label writes a label's name, quoted unless every server reads it as it is.
func label(name string) string {
	if !plainLabel(name) {
		return strconv.Quote(name)
	}
	return name
}

func plainLabel(name string) bool {
	for i, r := range name {
		letter := r == '_' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z'
		if !letter && (i == 0 || r < '0' || r > '9') {
			return false
		}
	}
	// Some words would read as a number.
	return name != "" && !strings.EqualFold(name, "inf") && !strings.EqualFold(name, "nan")
}

// aggregation is an operator over series.
type aggregation string

const (
	sum   aggregation = "sum"
	least aggregation = "min"
	most  aggregation = "max"
	mean  aggregation = "avg"
	count aggregation = "count"
)

// by aggregates, keeping the labels apart.
func (a aggregation) by(e expr, labels ...string) expr {
	if len(labels) == 0 {
		return expr(a) + "(" + e + ")"
	}
	return expr(a) + " by (" + list(labels) + ") (" + e + ")"
}

// without aggregates over the labels, keeping all others apart.
func (a aggregation) without(e expr, labels ...string) expr {
	return expr(a) + " without (" + list(labels) + ") (" + e + ")"
}

func list(labels []string) expr {
	written := make([]string, len(labels))
	for i, l := range labels {
		written[i] = label(l)
	}
	return expr(strings.Join(written, ", "))
}

// union has the series of all the expressions, each of which has only the given
// labels. It tells them apart by one more, without which they would be taken for
// one another.
func union(parts []expr, labels []string) expr {
	if len(parts) == 1 {
		return parts[0]
	}
	mark := "part"
	for slices.Contains(labels, mark) {
		mark += "_"
	}
	marked := make([]string, len(parts))
	for i, e := range parts {
		marked[i] = "label_replace(" + string(e) + ", " + strconv.Quote(mark) + ", " + strconv.Quote(strconv.Itoa(i+1)) + `, "", "")`
	}
	return expr(strings.Join(marked, " or "))
}

// rate is the increase per second of selected series over a window.
func rate(selected expr, window time.Duration) expr {
	return "rate(" + selected + "[" + duration(window) + "])"
}

// averageOver is the mean of each selected series over a window.
func averageOver(selected expr, window time.Duration) expr {
	return "avg_over_time(" + selected + "[" + duration(window) + "])"
}

// duration writes a length of time in its largest whole unit.
func duration(d time.Duration) expr {
	for _, u := range []struct {
		of   time.Duration
		name expr
	}{{time.Hour, "h"}, {time.Minute, "m"}, {time.Second, "s"}} {
		if d >= u.of && d%u.of == 0 {
			return expr(strconv.FormatInt(int64(d/u.of), 10)) + u.name
		}
	}
	return expr(strconv.FormatInt(max(d.Milliseconds(), 1), 10)) + "ms"
}

// numbers leaves out what is not a number.
func numbers(e expr) expr { return e + " >= -Inf" }

// histogramCount is the number of observations in native histograms.
func histogramCount(e expr) expr { return "histogram_count(" + e + ")" }

func histogramQuantile(q float64, e expr) expr {
	return "histogram_quantile(" + expr(strconv.FormatFloat(q, 'g', -1, 64)) + ", " + e + ")"
}

// quotient divides two vectors of the same labels.
func quotient(above, below expr) expr { return above + " / " + below }

// whereOne keeps of an expression what a count by the same labels finds once.
func whereOne(e, counted expr) expr { return e + " and " + counted + " == 1" }
