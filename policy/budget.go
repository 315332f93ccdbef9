package policy

import "fmt"

// Budgets say how many series metrics and how many values keys may have. The
// zero value sets no bound.
type Budgets struct {
	// Series is how many series a metric may have; 0 is no bound.
	Series int
	// Values is how many values a key may have; 0 is no bound.
	Values int
	// Keys override Values for keys of these names, in every metric.
	Keys map[string]int
	// Metrics override all of that for some metrics; where several match, the
	// most specific pattern counts.
	Metrics []MetricBudget
}

// MetricBudget is the budget of the metrics that a pattern stands for. What it
// leaves at 0 is as everywhere.
type MetricBudget struct {
	Metric Pattern
	Series int
	Values int
	Keys   map[string]int
}

// Validate reports a negative number or an invalid pattern.
func (b Budgets) Validate() error {
	all := append([]MetricBudget{{Metric: "*", Series: b.Series, Values: b.Values, Keys: b.Keys}}, b.Metrics...)
	for _, m := range all {
		if err := m.Metric.Validate(); err != nil {
			return fmt.Errorf("budget: %w", err)
		}
		if m.Series < 0 || m.Values < 0 {
			return fmt.Errorf("budget of %s: %d series and %d values: give positive numbers, or 0 for no bound", m.Metric, m.Series, m.Values)
		}
		for key, n := range m.Keys {
			if n < 0 {
				return fmt.Errorf("budget of %s: %d values of key %q: give a positive number, or 0 for no bound", m.Metric, n, key)
			}
		}
	}
	return nil
}

// SeriesOf returns how many series the metric may have; 0 is no bound.
func (b Budgets) SeriesOf(metric string) int {
	if m := b.override(metric); m != nil && m.Series > 0 {
		return m.Series
	}
	return b.Series
}

// ValuesOf returns how many values a key of the metric may have; 0 is no bound.
func (b Budgets) ValuesOf(metric, key string) int {
	if m := b.override(metric); m != nil {
		if n := m.Keys[key]; n > 0 {
			return n
		}
		if m.Values > 0 {
			return m.Values
		}
	}
	if n := b.Keys[key]; n > 0 {
		return n
	}
	return b.Values
}

// override returns the most specific entry for a metric, or nil.
func (b Budgets) override(metric string) (best *MetricBudget) {
	for i := range b.Metrics {
		m := &b.Metrics[i]
		if m.Metric.Match(metric) && (best == nil || m.Metric.exceeds(best.Metric)) {
			best = m
		}
	}
	return best
}
