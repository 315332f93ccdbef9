package observer

import (
	"time"

	"github.com/metertree/metertree/policy"
	"github.com/metertree/metertree/policy/cardinality"
)

// Cardinality is how many series there are and where they come from. A histogram
// counts as one series for each of its label sets, whatever number of lines an
// exposition makes of it.
type Cardinality struct {
	// CountedAt is when the count began, and Seconds how long it took.
	CountedAt time.Time `json:"counted_at"`
	Seconds   float64   `json:"seconds"`
	// TotalSeries and TotalMetrics count everything, shown or not.
	TotalSeries  int `json:"total_series"`
	TotalMetrics int `json:"total_metrics"`
	// Metrics are those with the most series, most first, and OtherSeries the
	// series of those that are not shown.
	Metrics     []cardinality.Metric `json:"metrics"`
	OtherSeries int                  `json:"other_series"`
	// Labels are those of all metrics, ordered by how many series have them.
	Labels []LabelCardinality `json:"labels"`
	// Growth is since the count before, which began at GrownSince: nil if this
	// is the first.
	GrownSince *time.Time           `json:"grown_since,omitempty"`
	Growth     []cardinality.Growth `json:"growth,omitempty"`
	// Budget is how many series a metric may have, as was asked; 0 if it was not.
	// Excesses are the metrics that have more, the most first.
	Budget   int      `json:"budget,omitempty"`
	Excesses []Excess `json:"excesses,omitempty"`
}

// LabelCardinality is a label over all metrics, judged by its largest number of
// values in one of them.
type LabelCardinality struct {
	cardinality.LabelTotal
	Level policy.Level `json:"level"`
}

// Excess is a metric that has more series than its budget.
type Excess struct {
	Metric string `json:"metric"`
	Series int    `json:"series"`
	// Steps are the labels to take off, one after the other, and how many series
	// are left each time.
	Steps []cardinality.Step `json:"steps"`
}

// newCardinality writes a report as a document.
func newCardinality(r cardinality.Report, at time.Time, took time.Duration) Cardinality {
	d := Cardinality{
		CountedAt: at, Seconds: took.Seconds(),
		TotalSeries: r.Series, TotalMetrics: len(r.Metrics),
		Metrics: append([]cardinality.Metric{}, r.Metrics...),
		Labels:  make([]LabelCardinality, 0, len(r.Labels)),
	}
	for _, l := range r.Labels {
		d.Labels = append(d.Labels, LabelCardinality{l, policy.Thresholds{}.Level(l.MostValues.Count)})
	}
	return d
}

// limited returns the document with the first metrics only; 0 is all.
func (d Cardinality) limited(limit int) Cardinality {
	shown := 0
	if limit > 0 && limit < len(d.Metrics) {
		d.Metrics = d.Metrics[:limit]
	}
	for _, m := range d.Metrics {
		shown += m.Series
	}
	d.OtherSeries = d.TotalSeries - shown
	return d
}
