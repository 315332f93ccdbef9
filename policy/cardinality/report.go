package cardinality

import (
	"cmp"
	"slices"
	"strings"

	"github.com/metertree/metertree/policy"
)

// Number is how many different ones there are.
type Number struct {
	Count int `json:"count"`
	// Estimated is set if Count is off by StandardError.
	Estimated bool `json:"estimated,omitempty"`
}

// Report is what a Counter has counted. It holds no series, so it can be kept to
// compare a later one with.
type Report struct {
	// Series is how many there are.
	Series int `json:"series"`
	// Metrics are ordered by how many series they have, the most first.
	Metrics []Metric `json:"metrics"`
	// Labels are those of all metrics, ordered by how many series have them.
	Labels []LabelTotal `json:"labels"`
	// Uncounted is how many of the series are of metrics beyond MaxMetrics, which
	// are in no other number but Series.
	Uncounted int `json:"uncounted,omitempty"`
}

// Metric is what was counted of one metric.
type Metric struct {
	Name   string `json:"name"`
	Series int    `json:"series"`
	// Labels are ordered by how many values they have, the most first.
	Labels []Label `json:"labels,omitempty"`
	// Pairs are ordered by how many pairs of values there are.
	Pairs []Pair `json:"pairs,omitempty"`
	// LabelsLeftOut is how many labels there are beyond MaxLabels.
	LabelsLeftOut int `json:"labels_left_out,omitempty"`
}

// Label is what was counted of a label of one metric. Series without it have
// the value of the empty label.
type Label struct {
	Name   string       `json:"name"`
	Values Number       `json:"values"`
	Level  policy.Level `json:"level"`
	// Without is how many series the metric would have without the label.
	Without Number `json:"without"`
}

// Pair is how many different pairs of values two labels have together. It is
// next to the larger number of the two if they go together, and next to the
// product if not.
type Pair struct {
	Labels [2]string `json:"labels"`
	Values Number    `json:"values"`
}

// LabelTotal is what was counted of a label over all metrics.
type LabelTotal struct {
	Name    string `json:"name"`
	Series  int    `json:"series"`
	Metrics int    `json:"metrics"`
	// MostValues is its largest number of values in one metric.
	MostValues Number `json:"most_values"`
}

// Metric returns what was counted of the named metric.
func (r Report) Metric(name string) (m Metric, ok bool) {
	for _, m := range r.Metrics {
		if m.Name == name {
			return m, true
		}
	}
	return Metric{}, false
}

// Growth is how the series of one metric have changed.
type Growth struct {
	Metric string `json:"metric"`
	Before int    `json:"before"`
	After  int    `json:"after"`
}

// GrowthSince returns how metrics have changed since an earlier report, those
// that have grown most first, and those that have not changed left out. Metrics
// that a report does not have, have no series there.
func (r Report) GrowthSince(earlier Report) []Growth {
	changed := map[string]Growth{}
	for _, m := range earlier.Metrics {
		changed[m.Name] = Growth{Metric: m.Name, Before: m.Series}
	}
	for _, m := range r.Metrics {
		g := changed[m.Name]
		g.Metric, g.After = m.Name, m.Series
		changed[m.Name] = g
	}
	var list []Growth
	for _, g := range changed {
		if g.Before != g.After {
			list = append(list, g)
		}
	}
	slices.SortFunc(list, func(a, b Growth) int {
		return cmp.Or(cmp.Compare(b.After-b.Before, a.After-a.Before), strings.Compare(a.Metric, b.Metric))
	})
	return list
}
