package promtree

import (
	"regexp"
	"strconv"
	"strings"
	"time"
)

// expr is a PromQL expression. Only the functions of this file make one.
type expr string

// nameLabel is the label that holds a series' name.
const nameLabel = "__name__"

// The labels that tell the series of one histogram or summary apart.
const (
	bucketLabel   = "le"
	quantileLabel = "quantile"
)

// operator is how a matcher compares.
type operator string

const (
	equal    operator = "="
	notEqual operator = "!="
	matches  operator = "=~"
)

// matcher selects series by one label.
type matcher struct {
	label string
	op    operator
	value string
}

// named selects the series stored under any of the names.
func named(names []string) matcher {
	if len(names) == 1 {
		return matcher{nameLabel, equal, names[0]}
	}
	quoted := make([]string, len(names))
	for i, n := range names {
		quoted[i] = regexp.QuoteMeta(n)
	}
	return matcher{nameLabel, matches, strings.Join(quoted, "|")}
}

// selectSeries selects by matchers alone; the name is one of them, because some
// names would read as keywords.
func selectSeries(matchers ...matcher) expr {
	written := make([]string, len(matchers))
	for i, m := range matchers {
		written[i] = label(m.label) + string(m.op) + strconv.Quote(m.value)
	}
	return expr("{" + strings.Join(written, ",") + "}")
}

// label writes a label's name, quoted unless every server reads it as it is.
func label(name string) string {
	for i, r := range name {
		letter := r == '_' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z'
		if !letter && (i == 0 || r < '0' || r > '9') {
			return strconv.Quote(name)
		}
	}
	if name == "" || strings.EqualFold(name, "inf") || strings.EqualFold(name, "nan") {
		return strconv.Quote(name) // would read as a number
	}
	return name
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
	return expr(strings.Join(written, ","))
}

// rate is the increase per second of selected series over a window.
func rate(selected expr, window time.Duration) expr {
	return "rate(" + selected + "[" + expr(strconv.FormatInt(window.Milliseconds(), 10)) + "ms])"
}

// histogramCount is the number of observations in native histograms.
func histogramCount(e expr) expr { return "histogram_count(" + e + ")" }

func histogramQuantile(q float64, e expr) expr {
	return "histogram_quantile(" + expr(strconv.FormatFloat(q, 'g', -1, 64)) + "," + e + ")"
}
