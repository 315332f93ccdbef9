package live

import (
	"context"
	"fmt"
	"math"
	"time"

	"github.com/metertree/metertree/metric"
	"github.com/metertree/metertree/tree"
)

// sample is every family at one instant. It is not written once it is taken.
type sample struct {
	at        time.Time
	families  []tree.Family // sorted by name, those left out among them
	columns   map[string]*column
	left      map[string]int // families left out, with their series
	maxSeries int

	bytes      int // roughly, of the values, and of the streams that began here
	labelBytes int // of all streams
}

// column is one family of a sample: the streams and, in their order, what each
// shows.
type column struct {
	streams []*stream // the same slice as the sample's before where nothing changed
	values  []float64 // sums, gauges, or counts of observations
	// Of histograms with declared bounds, counts has the cumulative counts of
	// every stream, len(bounds)+1 each. Of those with bounds that adapt, buckets
	// has an element for every stream.
	bounds  []float64
	counts  []float64
	buckets [][]tree.Bucket

	series int
	sizes  []int // series of every stream, where they differ
}

// seriesAt is how many series the stream at a place has.
func (c *column) seriesAt(at int) int {
	if c.sizes != nil {
		return c.sizes[at]
	}
	return c.series / len(c.streams)
}

// countsOf are the cumulative counts of the stream at a place, nil without any.
func (c *column) countsOf(at int) []float64 {
	if c.counts == nil {
		return nil
	}
	width := len(c.bounds) + 1
	return c.counts[at*width : (at+1)*width]
}

func bucketsOf(bounds, counts []float64) []tree.Bucket {
	buckets := make([]tree.Bucket, len(counts))
	for i, n := range counts {
		buckets[i] = tree.Bucket{UpperBound: math.Inf(1), Count: n}
		if i < len(bounds) {
			buckets[i].UpperBound = bounds[i]
		}
	}
	return buckets
}

// stream is one label set from its start to its end.
type stream struct {
	key    metric.LabelSet
	start  time.Time
	labels []tree.Label // set ones only, sorted by name
}

func (s *stream) label(name string) string {
	for _, l := range s.labels {
		if l.Name == name {
			return l.Value
		}
	}
	return ""
}

func (s *stream) matches(sel tree.Selector) bool {
	for _, m := range sel.Matchers {
		if s.label(m.Name) != m.Value {
			return false
		}
	}
	return true
}

// Rough sizes, in bytes.
const (
	streamBytes = 160
	labelBytes  = 32
	bucketBytes = 16
)

func (s *stream) bytes() int { return streamBytes + len(s.key) + labelBytes*len(s.labels) }

// column returns a family's column, or why there is none.
func (s *sample) column(name string) (*column, error) {
	if col := s.columns[name]; col != nil {
		return col, nil
	}
	if series, ok := s.left[name]; ok {
		return nil, leftOut(name, series, s.maxSeries)
	}
	return nil, fmt.Errorf("metric %q: %w: it has no series now", name, tree.ErrUnknownMetric)
}

// take collects one sample. last is the one before it, or nil.
func take(ctx context.Context, producer Producer, last *sample, maxSeries int) (*sample, error) {
	s := &sample{columns: make(map[string]*column), left: make(map[string]int), maxSeries: maxSeries}
	held := 0
	for f := range producer.Collect(ctx) {
		if s.at.IsZero() {
			// Now, because what refreshes values before the first may take long.
			s.at = time.Now()
		}
		var before *column
		if last != nil {
			before = last.columns[f.Descriptor.Name]
		}
		held += s.read(f, before)
		for held > maxSeries {
			held -= s.leaveOutLargest()
		}
	}
	if err := ctx.Err(); err != nil {
		return nil, err // the rest is missing
	}
	if s.at.IsZero() {
		s.at = time.Now()
	}
	s.measure(last)
	return s, nil
}

// read takes in a family, and returns how many series are held of it.
func (s *sample) read(f *metric.Family, before *column) (held int) {
	r := reader{family: f, col: &column{}, before: before}
	if f.Descriptor.Kept() == metric.ExplicitBuckets {
		r.col.bounds = f.Descriptor.Bounds
	}
	for p := range f.Points {
		if r.series <= s.maxSeries {
			r.add(p)
		}
		r.series += seriesOf(&f.Descriptor, p)
	}
	if r.series == 0 {
		return 0
	}
	r.finish()
	described := describe(&f.Descriptor)
	described.Series = r.series
	s.families = append(s.families, described)
	s.columns[f.Descriptor.Name] = r.col
	return r.series
}

// leaveOutLargest drops the family with the most series, the first by name of
// several, and returns how many those were.
func (s *sample) leaveOutLargest() (series int) {
	largest := ""
	for name, col := range s.columns {
		if largest == "" || col.series > series || col.series == series && name < largest {
			largest, series = name, col.series
		}
	}
	delete(s.columns, largest)
	s.left[largest] = series
	return series
}

// measure adds up the memory.
func (s *sample) measure(last *sample) {
	for name, col := range s.columns {
		s.bytes += 8 * (len(col.values) + len(col.counts) + len(col.sizes))
		for _, b := range col.buckets {
			s.bytes += 24 + bucketBytes*len(b)
		}
		labels := 0
		for _, st := range col.streams {
			labels += st.bytes()
		}
		s.labelBytes += labels
		if last == nil || !sharesStreams(last.columns[name], col) {
			s.bytes += labels
		}
	}
}

// sharesStreams reports whether two columns have the very same streams.
func sharesStreams(a, b *column) bool {
	return a != nil && len(a.streams) == len(b.streams) && (len(a.streams) == 0 || &a.streams[0] == &b.streams[0])
}

// seriesOf is how many series an exposition has for a point.
func seriesOf(d *metric.Descriptor, p *metric.Point) int {
	switch {
	case d.Kind != metric.Histogram:
		return 1
	case hasBuckets(d):
		return len(p.Buckets().Bounds) + 3 // the last bucket, the sum and the count
	default:
		return 2
	}
}

// reader turns the points of a family into a column.
type reader struct {
	family *metric.Family
	before *column
	col    *column
	series int

	fresh   bool                 // a stream is not where it was before
	known   map[streamID]*stream // those of before, once one is not where it was
	scratch []string
}

type streamID struct {
	key   metric.LabelSet
	start int64
}

func (r *reader) add(p *metric.Point) {
	d := &r.family.Descriptor
	r.col.streams = append(r.col.streams, r.stream(p))
	r.col.values = append(r.col.values, valueOf(d, p))
	switch {
	case d.Kind != metric.Histogram || !hasBuckets(d):
	case p.Exponential != nil:
		r.col.buckets = append(r.col.buckets, exponential(p.Exponential))
		r.col.sizes = append(r.col.sizes, seriesOf(d, p))
	default:
		total := 0.0
		for _, n := range p.Histogram.Counts {
			total += float64(n)
			r.col.counts = append(r.col.counts, total)
		}
	}
}

// stream finds the point's stream among those of before, most often at the same
// place, or makes it.
func (r *reader) stream(p *metric.Point) *stream {
	at := len(r.col.streams)
	if r.before != nil && at < len(r.before.streams) {
		if st := r.before.streams[at]; st.key == p.Labels && st.start.Equal(p.Start) {
			return st
		}
	}
	r.fresh = true
	if r.known == nil {
		r.known = make(map[streamID]*stream)
		if r.before != nil {
			for _, st := range r.before.streams {
				r.known[streamID{st.key, st.start.UnixNano()}] = st
			}
		}
	}
	if st := r.known[streamID{p.Labels, p.Start.UnixNano()}]; st != nil {
		return st
	}
	st := &stream{key: p.Labels, start: p.Start}
	r.scratch = p.Labels.Values(r.scratch[:0], r.family.Keys)
	for i, v := range r.scratch {
		if v != "" {
			st.labels = append(st.labels, tree.Label{Name: r.family.Keys[i], Value: v})
		}
	}
	return st
}

// finish shares the list of streams with the sample before, if it is the same.
func (r *reader) finish() {
	r.col.series = r.series
	if r.before != nil && !r.fresh && len(r.before.streams) == len(r.col.streams) {
		r.col.streams = r.before.streams
	}
}

// exponential gives the cumulative buckets at the histogram's own resolution.
// Every bound of a coarser scale is one of a finer, so that differences stay exact
// when the scale changes.
func exponential(p *metric.ExponentialPoint) []tree.Bucket {
	buckets := make([]tree.Bucket, 0, len(p.Negative)+len(p.Positive)+4)
	total := 0.0
	put := func(bound float64, n uint64) {
		total += float64(n)
		buckets = append(buckets, tree.Bucket{UpperBound: bound, Count: total})
	}
	// Empty buckets tell where the outermost full ones end.
	if n := len(p.Negative); n > 0 {
		put(-boundOf(p.Scale, p.NegativeFirst+n), 0)
	}
	for i := len(p.Negative) - 1; i >= 0; i-- {
		put(-boundOf(p.Scale, p.NegativeFirst+i), p.Negative[i])
	}
	put(p.ZeroThreshold, p.Zero)
	if len(p.Positive) > 0 {
		put(max(boundOf(p.Scale, p.PositiveFirst), p.ZeroThreshold), 0)
	}
	for i, n := range p.Positive {
		put(boundOf(p.Scale, p.PositiveFirst+i+1), n)
	}
	if math.IsInf(buckets[len(buckets)-1].UpperBound, 1) {
		return buckets
	}
	return append(buckets, tree.Bucket{UpperBound: math.Inf(1), Count: total})
}

// boundOf is base^index for base = 2^(2^-scale). The power of two is taken apart,
// so that the same bound comes out the same at every scale.
func boundOf(scale, index int) float64 {
	if scale <= 0 {
		return math.Ldexp(1, index<<-scale)
	}
	whole := index >> scale
	rest := index - whole<<scale
	for rest != 0 && rest&1 == 0 {
		rest, scale = rest>>1, scale-1
	}
	return math.Ldexp(math.Exp2(float64(rest)/float64(int(1)<<scale)), whole)
}
