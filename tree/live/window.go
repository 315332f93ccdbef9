package live

import (
	"fmt"
	"sort"
	"time"

	"github.com/metertree/metertree/tree"
)

// window returns the samples that an answer for a moment is made of, the last of
// which it shows, and not those of before one of the metrics was left out.
func (s *Source) window(samples []*sample, m tree.Moment, parts []tree.Part) ([]*sample, error) {
	if !m.End.IsZero() {
		until := sort.Search(len(samples), func(i int) bool { return samples[i].after(m.End) })
		if until == 0 {
			return nil, tooEarly(m.End, samples)
		}
		samples = samples[:until]
	}
	length := s.options.RateWindow
	if m.Length > 0 {
		length = max(m.Length, 2*s.options.Interval)
	}
	return unbroken(within(samples, length), parts), nil
}

func tooEarly(moment time.Time, samples []*sample) error {
	first := samples[0].at
	reach := samples[len(samples)-1].at.Sub(first).Round(time.Second)
	return fmt.Errorf("%s: %w of then: it begins with the first look and reaches back %s, to %s: ask for a later moment",
		moment.UTC().Format(time.RFC3339), tree.ErrNoHistory, reach, first.UTC().Format(time.RFC3339))
}

// within returns the samples that are at most so much older than the last.
func within(samples []*sample, length time.Duration) []*sample {
	from := samples[len(samples)-1].at.Add(-length)
	return samples[sort.Search(len(samples)-1, func(i int) bool { return !samples[i].at.Before(from) }):]
}

// unbroken returns the last samples that leave none of the metrics out.
func unbroken(samples []*sample, parts []tree.Part) []*sample {
	from := len(samples) - 1
	for from > 0 && !samples[from-1].leavesOut(parts) {
		from--
	}
	return samples[from:]
}

func (s *sample) leavesOut(parts []tree.Part) bool {
	for _, p := range parts {
		if _, out := s.left[p.Family.Name]; out {
			return true
		}
	}
	return false
}

// known returns the error of a query that the last sample of a window does not
// answer, because one of its metrics is left out of it, or is in none of all the
// samples. A metric that has no series then has no data.
func known(q tree.Query, window, all []*sample) error {
	last := window[len(window)-1]
	for _, p := range q.Parts() {
		if series, out := last.left[p.Family.Name]; out {
			return leftOut(p.Family.Name, series, last.maxSeries)
		}
	}
	return last.has(q.Selector.Metric, all)
}

// has returns an error if neither the sample nor one of all holds the metric.
func (s *sample) has(name string, all []*sample) error {
	if series, out := s.left[name]; out {
		return leftOut(name, series, s.maxSeries)
	}
	if s.columns[name] != nil {
		return nil
	}
	for _, other := range all {
		if other.columns[name] != nil {
			return nil
		}
	}
	return fmt.Errorf("metric %q: %w: it has had no series lately", name, tree.ErrUnknownMetric)
}
