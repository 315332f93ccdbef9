package live

import (
	"context"
	"iter"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/metertree/metertree/metric"
	"github.com/metertree/metertree/tree"
	"github.com/metertree/metertree/tree/treetest"
)

// TestScripts runs the scripts of the metric tree, which the snapshot source
// passes, on a program that replays their data.
func TestScripts(t *testing.T) {
	treetest.Run(t, "../testdata/*.tree", treetest.Snapshot, replayed)
}

// TestHistory runs the scripts whose data take a history that is live's own.
func TestHistory(t *testing.T) { treetest.Run(t, "testdata/*.tree", replayed) }

func TestRandomData(t *testing.T) { treetest.RunRandom(t, 10, replayed) }

func TestRandomHistories(t *testing.T) { treetest.RunHistories(t, 4, replayed) }

func TestRandomRatios(t *testing.T) { treetest.RunRatios(t, 5, replayed) }

// replayed is a live source that took a sample at every instant of the data.
//
// What a script leaves to be inferred, an instrument would have declared: it is
// declared here, and marked as inferred again in what the source tells. No
// instrument could give these data:
//   - a summary, or a counter with the moment of its creation beside it;
//   - a histogram without a last bucket, sum or count, with a count that is not the
//     last bucket's, or with counts that fall from bucket to bucket or are not whole
//     numbers.
//
// What a series counted before it was there, or while it was away, is not known:
// all begin before the data.
var replayed = treetest.Source{Name: "live", Open: openReplayed}

func openReplayed(t testing.TB, d treetest.Data) tree.Source {
	declared := snapshotOf(d)
	families, err := declared.Families(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	p := &replay{data: d, facts: make(map[string]tree.Family)}
	p.ratios, _ = declared.Ratios(t.Context())
	for _, f := range families {
		r, ok := replayFamily(d, f)
		if !ok {
			return nil
		}
		p.families = append(p.families, r)
		p.facts[f.Name] = f
	}
	options := Options{Interval: d.Every, RateWindow: time.Minute, History: time.Duration(d.Instants) * d.Every}
	s := New(p, options)
	t.Cleanup(s.Close)
	s.now = p.now
	for i := range d.Instants {
		p.instant.Store(int64(i))
		if _, err := s.samples(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	return marked{s, p.facts}
}

// snapshotOf is what is declared in the data, or inferred from them.
func snapshotOf(d treetest.Data) *tree.Snapshot {
	b := tree.NewSnapshotBuilder()
	for name, md := range d.Declared {
		b.Declare(name, md)
	}
	for _, s := range d.Series {
		b.Add(tree.Sample{Name: s.Name, Labels: slices.Clone(s.Labels), Value: 1})
	}
	return b.Build()
}

// marked tells what was inferred.
type marked struct {
	*Source
	facts map[string]tree.Family
}

func (m marked) Families(ctx context.Context) ([]tree.Family, error) {
	families, err := m.Source.Families(ctx)
	for i, f := range families {
		families[i].Kind, families[i].Inferred = m.facts[f.Name].Kind, m.facts[f.Name].Inferred
	}
	return families, err
}

// replay is a Producer of the data of one instant after the other.
type replay struct {
	data     treetest.Data
	families []replayedFamily
	ratios   []metric.Ratio
	facts    map[string]tree.Family
	instant  atomic.Int64
}

func (p *replay) now() time.Time { return p.data.At(int(p.instant.Load())) }

func (p *replay) Ratios() iter.Seq[metric.Ratio] { return slices.Values(p.ratios) }

func (p *replay) Collect(context.Context) iter.Seq[*metric.Family] {
	return func(yield func(*metric.Family) bool) {
		for i := range p.families {
			f := &p.families[i]
			if !yield(&metric.Family{Descriptor: f.descriptor, Keys: f.keys, Points: f.at(int(p.instant.Load()))}) {
				return
			}
		}
	}
}

type replayedFamily struct {
	descriptor metric.Descriptor
	keys       []string
	streams    []replayedStream
}

func (r *replayedFamily) at(instant int) iter.Seq[*metric.Point] {
	return func(yield func(*metric.Point) bool) {
		for _, st := range r.streams {
			if p := st.points[instant]; p != nil && !yield(p) {
				return
			}
		}
	}
}

type replayedStream struct {
	labels metric.LabelSet
	points map[int]*metric.Point // by instant
}

// rows are the values of one label set: by what is stored, then by instant.
type rows map[string]map[int]float64

// replayFamily makes the points of a family, and reports whether an instrument
// could give them.
func replayFamily(d treetest.Data, f tree.Family) (replayedFamily, bool) {
	r := replayedFamily{descriptor: metric.Descriptor{
		Name: f.Name, Kind: metric.Gauge, Number: metric.Float64, Unit: f.Unit, Help: f.Help, Role: f.Role, Keys: f.Axes, Fold: foldOf(f.Fold),
	}}
	switch f.Kind {
	case tree.KindCounter:
		r.descriptor.Kind = metric.Counter
	case tree.KindHistogram:
		r.descriptor.Kind = metric.Histogram
	case tree.KindSummary:
		return r, false
	}
	sets := r.collect(d, f)
	for _, labels := range slices.Sorted(maps.Keys(sets)) {
		st := replayedStream{labels: labels, points: make(map[int]*metric.Point)}
		if !r.fill(&st, sets[labels], d) {
			return r, false
		}
		r.streams = append(r.streams, st)
	}
	return r, slices.Equal(partsOf(&r.descriptor), f.Parts)
}

func foldOf(f tree.Fold) metric.Fold {
	for fold := metric.FoldNone; fold <= metric.FoldLast; fold++ {
		if tree.FoldOf(fold) == f {
			return fold
		}
	}
	return metric.FoldNone
}

// collect sorts the series of a family by their label sets.
func (r *replayedFamily) collect(d treetest.Data, f tree.Family) map[metric.LabelSet]rows {
	observes := f.Kind == tree.KindHistogram
	var own []treetest.Series
	for _, s := range d.Series {
		if !slices.Contains(f.Parts, s.Name) {
			continue
		}
		own = append(own, s)
		for _, l := range s.Labels {
			if !slices.Contains(r.keys, l.Name) && (l.Name != "le" || !observes) {
				r.keys = append(r.keys, l.Name)
			}
		}
	}
	slices.Sort(r.keys)
	sets := make(map[metric.LabelSet]rows)
	for _, s := range own {
		values, stored := make([]string, len(r.keys)), strings.TrimPrefix(s.Name, f.Name)
		for _, l := range s.Labels {
			if i, found := slices.BinarySearch(r.keys, l.Name); found {
				values[i] = l.Value
			} else {
				stored = l.Value // the bound of a bucket
			}
		}
		labels := metric.EncodeLabels(r.keys, values)
		if sets[labels] == nil {
			sets[labels] = make(rows)
		}
		sets[labels][stored] = make(map[int]float64)
		for _, p := range s.Points {
			sets[labels][stored][p.Instant] = p.Value
		}
	}
	return sets
}

// fill makes the points of a stream. All of them began before the data.
func (r *replayedFamily) fill(st *replayedStream, stored rows, d treetest.Data) bool {
	began := d.At(0).Add(-time.Hour)
	for instant := range d.Instants {
		values := make(map[string]float64)
		for name, points := range stored {
			if v, there := lastOf(points, instant, d); there {
				values[name] = v
			}
		}
		p := &metric.Point{Labels: st.labels, Start: began, Float: values[""]}
		switch {
		case len(values) == 0:
			continue
		case len(values) != len(stored):
			return false
		case r.descriptor.Kind == metric.Histogram && !r.observe(p, values):
			return false
		}
		st.points[instant] = p
	}
	return true
}

// observe makes the point of a histogram.
func (r *replayedFamily) observe(p *metric.Point, values map[string]float64) bool {
	count, counted := values["_count"]
	sum, summed := values["_sum"]
	if !counted || !summed {
		return false
	}
	if len(values) == 2 {
		r.descriptor.Aggregation = metric.MinMaxSumCount
		p.Summary = metric.SummaryPoint{Count: uint64(count), Sum: sum}
		return true
	}
	buckets := make(map[float64]float64)
	for stored, v := range values {
		if bound, err := strconv.ParseFloat(stored, 64); err == nil {
			buckets[bound] = v
		}
	}
	bounds := slices.Sorted(maps.Keys(buckets))
	last := len(bounds) - 1
	if len(buckets) != len(values)-2 || !math.IsInf(bounds[last], 1) || buckets[bounds[last]] != count {
		return false
	}
	r.descriptor.Bounds = bounds[:last] // those of one of the streams
	p.Histogram = metric.HistogramPoint{Bounds: bounds[:last], Sum: sum}
	below := 0.0
	for _, bound := range bounds {
		n := buckets[bound] - below
		if n < 0 || n != math.Trunc(n) {
			return false
		}
		p.Histogram.Counts = append(p.Histogram.Counts, uint64(n))
		below = buckets[bound]
	}
	return true
}

// lastOf is what a series shows at an instant: a program has its value at every
// one, so a sample that is missing is as the one before.
func lastOf(points map[int]float64, instant int, d treetest.Data) (value float64, there bool) {
	for at := instant; at >= 0 && d.At(instant).Sub(d.At(at)) < currentFor; at-- {
		if v, ok := points[at]; ok {
			return v, !treetest.IsStale(v)
		}
	}
	return 0, false
}

// currentFor is how long a series without samples has not ended.
const currentFor = 5 * time.Minute
