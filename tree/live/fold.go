package live

import (
	"context"
	"time"

	"github.com/metertree/metertree/tree"
)

// Fold implements tree.Source. Counters and observations are rates, or with one
// sample only totals.
func (s *Source) Fold(ctx context.Context, queries []tree.Query) ([]tree.Result, error) {
	samples, err := s.samples(ctx)
	if err != nil {
		return nil, err
	}
	recent := within(samples, s.options.RateWindow)
	results := make([]tree.Result, len(queries))
	for i, q := range queries {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		results[i] = fold(q, recent)
	}
	return results, nil
}

// within returns the samples that are at most so much older than the last.
func within(samples []*sample, length time.Duration) []*sample {
	last := samples[len(samples)-1]
	for i, s := range samples {
		if last.at.Sub(s.at) <= length {
			return samples[i:]
		}
	}
	return samples[len(samples)-1:]
}

// unbroken returns the last samples that do not leave the metric out.
func unbroken(samples []*sample, metric string) []*sample {
	from := len(samples) - 1
	for from > 0 {
		if _, left := samples[from-1].left[metric]; left {
			break
		}
		from--
	}
	return samples[from:]
}

func increases(f tree.Family) bool { return f.Kind == tree.KindCounter || f.Kind.Observes() }

func fold(q tree.Query, recent []*sample) tree.Result {
	if _, err := recent[len(recent)-1].column(q.Selector.Metric); err != nil {
		return tree.Result{Err: err}
	}
	recent = unbroken(recent, q.Selector.Metric)
	node := q
	node.By = ""
	whole := gather(node, recent)[""]
	if whole == nil {
		whole = newBranch(q.Family)
	}
	r := tree.Result{Total: whole.group(q.Family, "", recent)}
	if q.By == "" {
		return r
	}
	for value, b := range gather(q, recent) {
		r.Groups = append(r.Groups, b.group(q.Family, value, recent))
	}
	r.Arrange(q.Family.Fold, q.BranchLimit())
	return r
}

// branch adds up the streams that share a value of the label a query is expanded
// by.
type branch struct {
	streams, series int
	now             tree.Accumulator // of what the streams show now
	total           distribution
	increase        float64 // over the samples
	observed        distribution
}

func newBranch(f tree.Family) *branch { return &branch{now: tree.Accumulator{Fold: f.Fold}} }

// gather sorts the selected streams into branches. A stream that ended within the
// samples still has an increase, which its parent's includes.
func gather(q tree.Query, samples []*sample) map[string]*branch {
	branches := make(map[string]*branch)
	of := func(st *stream) *branch {
		value := st.label(q.By)
		b := branches[value]
		if b == nil {
			b = newBranch(q.Family)
			branches[value] = b
		}
		return b
	}
	last := samples[len(samples)-1].columns[q.Selector.Metric]
	for i, st := range last.streams {
		if st.matches(q.Selector) {
			b := of(st)
			b.streams++
			b.series += last.seriesAt(i)
			b.now.Add(last.values[i])
			b.total.add(last, i)
		}
	}
	if !increases(q.Family) {
		return branches
	}
	for i := 1; i < len(samples); i++ {
		s := newStep(samples[i-1], samples[i], q.Selector.Metric)
		for at, st := range s.now.streams {
			if !st.matches(q.Selector) {
				continue
			}
			if g, known := s.gain(at); known {
				b := of(st)
				b.increase += g.value()
				g.addTo(&b.observed)
			}
		}
	}
	return branches
}

// group is the branch as it is answered.
func (b *branch) group(f tree.Family, value string, samples []*sample) tree.Group {
	g := tree.Group{Value: value, Series: b.series, Streams: b.streams}
	g.Reading = tree.Reading{Meaning: tree.MeaningNone, Value: b.now.Value()}
	shown := &b.total
	if increases(f) && len(samples) > 1 {
		length := samples[len(samples)-1].at.Sub(samples[0].at)
		g.Reading.Value = tree.Number(b.increase / length.Seconds())
		g.Reading.Meaning = tree.MeaningRate
		shown = &b.observed
		if b.streams == 0 && b.increase == 0 { // nothing is selected
			g.Reading.Value = tree.NoData
		}
	}
	if buckets := shown.merged(); buckets != nil {
		for _, q := range tree.ReadingQuantiles() {
			g.Reading.Quantiles = append(g.Reading.Quantiles, tree.Quantile{Q: q, Value: tree.Number(tree.BucketQuantile(q, buckets))})
		}
	}
	switch {
	case g.Reading.Value.IsNaN():
		g.Reading.Meaning = tree.MeaningNone
	case g.Reading.Meaning == tree.MeaningRate:
	case increases(f):
		g.Reading.Meaning = tree.MeaningTotal
	default:
		g.Reading.Meaning = tree.GaugeMeaning(f.Fold, b.streams)
	}
	return g
}
