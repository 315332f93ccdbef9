package live

import (
	"context"
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
	col, err := samples[len(samples)-1].column(q.Selector.Metric)
	if err != nil {
		return tree.RangeResult{}, err
	}
	samples = unbroken(samples, q.Selector.Metric)
	p := plotter{
		query:   q,
		samples: samples,
		spans:   spans(samples, w, max(s.options.RateWindow, w.Step), 2*s.options.Interval),
	}
	r := tree.RangeResult{Times: w.Instants(), Meaning: tree.MeaningRate}
	if !increases(q.Family) {
		r.Meaning = tree.GaugeMeaning(q.Family.Fold, len(col.streams))
	}
	p.query.By = ""
	lines, err := p.lines(ctx)
	if err != nil {
		return tree.RangeResult{}, err
	}
	r.Total = absent(len(r.Times))
	if len(lines) > 0 {
		r.Total = lines[0].Points
	}
	if q.By == "" {
		return r, nil
	}
	p.query.By = q.By
	if lines, err = p.lines(ctx); err != nil {
		return tree.RangeResult{}, err
	}
	sortLines(lines)
	shown := min(len(lines), q.BranchLimit())
	r.Lines, r.Others = lines[:shown], len(lines)-shown
	return r, nil
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
		last := sort.Search(len(samples), func(j int) bool { return samples[j].at.After(at) }) - 1
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
}

// track is one branch at every sample.
type track struct {
	streams []int
	values  []tree.Accumulator // of gauges
	grown   []float64          // since the first sample
	gained  []distribution     // since the sample before
}

func (p *plotter) lines(ctx context.Context) ([]tree.Line, error) {
	tracks := make(map[string]*track)
	for i := range p.samples {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		p.follow(tracks, i)
	}
	lines := make([]tree.Line, 0, len(tracks))
	for value, t := range tracks {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		t.sum()
		line := tree.Line{Value: value, Points: absent(len(p.spans))}
		for i, s := range p.spans {
			if s.last >= 0 {
				line.Points[i] = p.point(t, s)
			}
		}
		lines = append(lines, line)
	}
	return lines, nil
}

// follow takes one sample into the tracks.
func (p *plotter) follow(tracks map[string]*track, i int) {
	metric := p.query.Selector.Metric
	s := newStep(p.samples[max(i-1, 0)], p.samples[i], metric)
	for at, st := range s.now.streams {
		if !st.matches(p.query.Selector) {
			continue
		}
		value := st.label(p.query.By)
		t := tracks[value]
		if t == nil {
			t = p.newTrack()
			tracks[value] = t
		}
		t.streams[i]++
		t.values[i].Add(s.now.values[at])
		if i == 0 || !increases(p.query.Family) {
			continue
		}
		if g, known := s.gain(at); known {
			t.grown[i] += g.value()
			if p.query.Quantile > 0 {
				g.addTo(&t.gained[i])
			}
		}
	}
}

func (p *plotter) newTrack() *track {
	n := len(p.samples)
	t := &track{streams: make([]int, n), values: make([]tree.Accumulator, n), grown: make([]float64, n)}
	for i := range t.values {
		t.values[i].Fold = p.query.Family.Fold
	}
	if p.query.Quantile > 0 {
		t.gained = make([]distribution, n)
	}
	return t
}

// sum makes grown run from the first sample on.
func (t *track) sum() {
	for i := 1; i < len(t.grown); i++ {
		t.grown[i] += t.grown[i-1]
	}
}

// point is the value of a branch at an instant.
func (p *plotter) point(t *track, s span) tree.Number {
	if !increases(p.query.Family) {
		return t.values[s.last].Value()
	}
	length := p.samples[s.last].at.Sub(p.samples[s.first].at)
	if length <= 0 || !t.present(s) {
		return tree.NoData
	}
	if p.query.Quantile <= 0 {
		return tree.Number((t.grown[s.last] - t.grown[s.first]) / length.Seconds())
	}
	var observed distribution
	for i := s.first + 1; i <= s.last; i++ {
		observed.addAll(&t.gained[i])
	}
	return tree.Number(tree.BucketQuantile(p.query.Quantile, observed.merged()))
}

// present reports whether the branch had a stream in a span.
func (t *track) present(s span) bool {
	for _, n := range t.streams[s.first : s.last+1] {
		if n > 0 {
			return true
		}
	}
	return false
}

// sortLines puts the lines with the largest sums over the window first.
func sortLines(lines []tree.Line) {
	weight := make(map[string]float64, len(lines))
	for _, l := range lines {
		for _, p := range l.Points {
			if !p.IsNaN() {
				weight[l.Value] += float64(p)
			}
		}
	}
	sort.Slice(lines, func(i, j int) bool {
		a, b := weight[lines[i].Value], weight[lines[j].Value]
		if a != b {
			return a > b
		}
		return lines[i].Value < lines[j].Value
	})
}
