package live

import (
	"context"
	"slices"
	"sort"
	"time"

	"github.com/metertree/metertree/tree"
)

// Range implements tree.Source. Rates are taken over the rate window, or over the
// step when that is longer. Instants before the history, and in its gaps, have no
// data.
func (s *Source) Range(ctx context.Context, q tree.Query, w tree.Window) (tree.RangeResult, error) {
	samples, err := s.samples(ctx)
	if err != nil {
		return tree.RangeResult{}, err
	}
	parts := q.Parts()
	if err := known(q, samples, samples); err != nil {
		return tree.RangeResult{}, err
	}
	samples = unbroken(samples, parts)
	p := plotter{
		query:   q,
		samples: samples,
		spans:   spans(samples, w, max(s.options.RateWindow, w.Step), 2*s.options.Interval),
		as:      q.As,
	}
	if p.as == "" {
		p.as = tree.MeaningRate
	}
	r := tree.RangeResult{Times: w.Instants(), Meaning: p.as}
	if !q.Family.Increases() {
		p.as, r.Meaning = tree.MeaningNone, tree.GaugeMeaning(q.Family.Fold, streams(samples[len(samples)-1], parts))
	}
	p.node = p.newTrack()
	for _, part := range parts {
		if err := p.follow(ctx, part); err != nil {
			return tree.RangeResult{}, err
		}
	}
	r.Total = p.points(p.node)
	for value, t := range p.branches {
		if err := ctx.Err(); err != nil {
			return tree.RangeResult{}, err
		}
		points := p.points(t)
		if slices.ContainsFunc(points, func(n tree.Number) bool { return !n.IsNaN() }) {
			r.Lines = append(r.Lines, tree.Line{Value: value, Points: points})
		}
	}
	r.Lines, r.Others = tree.LargestLines(r.Lines, q.BranchLimit())
	return r, nil
}

// streams is how many label sets some families have.
func streams(s *sample, parts []tree.Part) (n int) {
	for _, p := range parts {
		if col := s.columns[p.Family.Name]; col != nil {
			n += len(col.streams)
		}
	}
	return n
}

func absent(n int) []tree.Number {
	out := make([]tree.Number, n)
	for i := range out {
		out[i] = tree.NoData
	}
	return out
}

// span is the samples that an instant is about: the one it shows, and the first of
// those its rate is taken over. Both are -1 where there is none.
type span struct{ first, last int }

// spans finds the samples for every instant of a window. A sample is shown until
// it is stale.
func spans(samples []*sample, w tree.Window, rateWindow, stale time.Duration) []span {
	times := w.Instants()
	list := make([]span, len(times))
	for i, at := range times {
		last := sort.Search(len(samples), func(j int) bool { return samples[j].after(at) }) - 1
		if last < 0 || at.Sub(samples[last].at) > stale {
			list[i] = span{-1, -1}
			continue
		}
		from := samples[last].at.Add(-rateWindow)
		first := sort.Search(last, func(j int) bool { return !samples[j].at.Before(from) })
		list[i] = span{first, last}
	}
	return list
}

// plotter turns samples into lines.
type plotter struct {
	query   tree.Query
	samples []*sample
	spans   []span
	as      tree.Meaning // MeaningRate, MeaningTotal, or MeaningNone for gauges

	node     *track
	branches map[string]*track
}

// track is a node or a branch at every sample.
type track struct {
	parts  []int              // how many streams it is of, or gains
	values []tree.Accumulator // of gauges and totals
	grown  []float64          // since the sample before; in the end, since the first
	gained []distribution     // since the sample before, or in all
}

// follow takes a part into the tracks.
func (p *plotter) follow(ctx context.Context, part tree.Part) error {
	var chosen picks[*track]
	for i := range p.samples {
		if err := ctx.Err(); err != nil {
			return err
		}
		s := newStep(p.samples[max(i-1, 0)], p.samples[i], part.Family.Name)
		chosen.of(s.now, &p.query, part, p.trackOf)
		for n, at := range chosen.at {
			p.take(p.node, &s, at, i)
			if t := chosen.to[n]; t != nil {
				p.take(t, &s, at, i)
			}
		}
	}
	return nil
}

// take takes in what the stream at a place is at a sample.
func (p *plotter) take(t *track, s *step, at, i int) {
	if p.as != tree.MeaningRate {
		t.parts[i]++
		t.values[i].Add(s.now.values[at])
		if p.query.Quantile > 0 {
			t.gained[i].add(s.now.histogramAt(at), histogram{})
		}
		return
	}
	if i == 0 {
		return
	}
	if g, known := s.gain(at); known {
		t.parts[i]++
		t.grown[i] += g.value()
		if p.query.Quantile > 0 {
			g.addTo(&t.gained[i])
		}
	}
}

// trackOf is what a stream is counted to besides the node; nil if nothing is.
func (p *plotter) trackOf(st *stream) *track {
	if p.query.By == "" {
		return nil
	}
	value := st.label(p.query.By)
	t := p.branches[value]
	if t == nil {
		if p.branches == nil {
			p.branches = make(map[string]*track)
		}
		t = p.newTrack()
		p.branches[value] = t
	}
	return t
}

func (p *plotter) newTrack() *track {
	n := len(p.samples)
	t := &track{parts: make([]int, n)}
	if p.as == tree.MeaningRate {
		t.grown = make([]float64, n)
	} else {
		t.values = make([]tree.Accumulator, n)
		for i := range t.values {
			t.values[i].Fold = p.query.Family.Fold
		}
	}
	if p.query.Quantile > 0 {
		t.gained = make([]distribution, n)
	}
	return t
}

// points are the values of a track at the instants.
func (p *plotter) points(t *track) []tree.Number {
	for i := 1; i < len(t.grown); i++ {
		t.grown[i] += t.grown[i-1]
	}
	points := absent(len(p.spans))
	for i, s := range p.spans {
		if s.last >= 0 {
			points[i] = p.point(t, s)
		}
	}
	return points
}

func (p *plotter) point(t *track, s span) tree.Number {
	if p.as != tree.MeaningRate {
		s.first = s.last - 1 // it shows what there was then
	} else if !t.counted(s) {
		return tree.NoData
	}
	switch {
	case p.query.Quantile > 0:
		var observed distribution
		for i := s.first + 1; i <= s.last; i++ {
			observed.addAll(&t.gained[i])
		}
		return tree.Number(tree.BucketQuantile(p.query.Quantile, observed.merged()))
	case p.as == tree.MeaningRate:
		return tree.Number((t.grown[s.last] - t.grown[s.first]) / seconds(p.samples[s.first:s.last+1]))
	case t.parts[s.last] > 1 && !p.query.Family.Fold.Common():
		return tree.NoData
	default:
		return t.values[s.last].Value()
	}
}

// counted reports whether it is known what the branch counted in a span.
func (t *track) counted(s span) bool {
	return slices.ContainsFunc(t.parts[s.first+1:s.last+1], func(gains int) bool { return gains > 0 })
}
