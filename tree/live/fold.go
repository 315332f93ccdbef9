package live

import (
	"context"
	"math"

	"github.com/metertree/metertree/tree"
)

// Fold implements tree.Source. Counters and observations are rates, or with one
// sample only totals. A moment is answered with the last sample until then.
func (s *Source) Fold(ctx context.Context, queries []tree.Query) ([]tree.Result, error) {
	samples, err := s.samples(ctx)
	if err != nil {
		return nil, err
	}
	results := make([]tree.Result, len(queries))
	for i, q := range queries {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		results[i] = s.fold(q, samples)
	}
	return results, nil
}

func (s *Source) fold(q tree.Query, samples []*sample) tree.Result {
	parts := q.Parts()
	window, err := s.window(samples, q.Moment, parts)
	if err == nil {
		err = known(q, window, samples)
	}
	if err != nil {
		return tree.Result{Err: err}
	}
	f := newFolding(q, window, meaning(q, window))
	f.run(parts)
	if q.As == "" && f.as == tree.MeaningRate && f.node.gains == 0 {
		f = newFolding(q, window, tree.MeaningTotal) // there is no rate to choose
		f.run(parts)
	}
	return f.result()
}

// meaning is what the value of what increases is to mean, and MeaningNone for
// gauges.
func meaning(q tree.Query, window []*sample) tree.Meaning {
	switch {
	case !q.Family.Increases():
		return tree.MeaningNone
	case q.As == tree.MeaningTotal, q.As == "" && len(window) == 1:
		return tree.MeaningTotal
	default:
		return tree.MeaningRate
	}
}

// folding adds up the streams of a query over a window.
type folding struct {
	query  tree.Query
	window []*sample
	as     tree.Meaning
	node   *branch
	// branches are those of the node, by the value of the label it is expanded by.
	branches map[string]*branch
}

func newFolding(q tree.Query, window []*sample, as tree.Meaning) *folding {
	f := &folding{query: q, window: window, as: as, branches: make(map[string]*branch)}
	f.node = f.newBranch()
	return f
}

func (f *folding) run(parts []tree.Part) {
	for _, part := range parts {
		f.show(part)
		if f.as == tree.MeaningRate {
			f.grow(part)
		}
	}
}

// branch adds up the streams that share a value of the label a query is expanded
// by.
type branch struct {
	streams, series int
	nans            int // streams that show what is not a number
	// now is the fold of what the streams show, and increase what they counted
	// within the window. Which is needed, and whose the observations are, depends
	// on the meaning.
	now      tree.Accumulator
	increase float64
	gains    int // what increase is made of
	observed distribution
}

func (f *folding) newBranch() *branch {
	return &branch{now: tree.Accumulator{Fold: f.query.Family.Fold}}
}

// branchOf is what a stream is counted to besides the node; nil if nothing is.
func (f *folding) branchOf(st *stream) *branch {
	if f.query.By == "" {
		return nil
	}
	value := st.label(f.query.By)
	b := f.branches[value]
	if b == nil {
		b = f.newBranch()
		f.branches[value] = b
	}
	return b
}

// show takes in what a part's streams are at the end of the window.
func (f *folding) show(part tree.Part) {
	col := f.window[len(f.window)-1].columns[part.Family.Name]
	if col == nil {
		return
	}
	var p picks[*branch]
	p.of(col, &f.query, part, f.branchOf)
	for i, at := range p.at {
		f.node.show(col, at, f.as)
		if b := p.to[i]; b != nil {
			b.show(col, at, f.as)
		}
	}
}

func (b *branch) show(col *column, at int, as tree.Meaning) {
	b.streams++
	b.series += col.seriesAt(at)
	b.now.Add(col.values[at])
	if math.IsNaN(col.values[at]) {
		b.nans++
	}
	if as == tree.MeaningTotal {
		b.observed.add(col.histogramAt(at), histogram{})
	}
}

// grow takes in what a part's streams counted within the window. A stream that
// ended there still has an increase, which its parent's includes.
func (f *folding) grow(part tree.Part) {
	var p picks[*branch]
	for i := 1; i < len(f.window); i++ {
		s := newStep(f.window[i-1], f.window[i], part.Family.Name)
		p.of(s.now, &f.query, part, f.branchOf)
		for n, at := range p.at {
			g, known := s.gain(at)
			if !known {
				continue
			}
			f.node.grow(g)
			if b := p.to[n]; b != nil {
				b.grow(g)
			}
		}
	}
}

func (b *branch) grow(g gain) {
	b.gains++
	b.increase += g.value()
	g.addTo(&b.observed)
}

func (f *folding) result() tree.Result {
	r := tree.Result{At: f.window[len(f.window)-1].at, SkippedNaN: f.node.nans > 0}
	r.Total, r.MixedBuckets = f.group(f.node), f.node.observed.rough()
	if f.query.By == "" {
		return r
	}
	for value, b := range f.branches {
		if b.streams == 0 && b.increase == 0 {
			continue // it ended, and nothing of it is in the node
		}
		g := f.group(b)
		g.Value = value
		r.Groups = append(r.Groups, g)
	}
	r.Arrange(f.query.Family.Fold, f.query.BranchLimit())
	return r
}

// group is a branch as it is answered.
func (f *folding) group(b *branch) tree.Group {
	g := tree.Group{Series: b.series, Streams: b.streams, NaNs: b.nans}
	g.Reading = tree.Reading{Meaning: tree.MeaningNone, Value: f.value(b)}
	if merged := b.observed.merged(); merged != nil {
		g.Reading.Quantiles = tree.QuantilesOf(merged)
	}
	switch {
	case g.Reading.Value.IsNaN():
	case f.as != tree.MeaningNone:
		g.Reading.Meaning = f.as
	default:
		g.Reading.Meaning = tree.GaugeMeaning(f.query.Family.Fold, b.streams)
	}
	return g
}

func (f *folding) value(b *branch) tree.Number {
	switch {
	case f.as == tree.MeaningRate:
		if b.gains == 0 {
			return tree.NoData
		}
		return tree.Number(b.increase / seconds(f.window))
	case b.streams > 1 && !f.query.Family.Fold.Common():
		return tree.NoData
	default:
		return b.now.Value()
	}
}

// seconds is how much time passed from the first to the last sample.
func seconds(window []*sample) float64 {
	return window[len(window)-1].at.Sub(window[0].at).Seconds()
}
