package live

import (
	"context"
	"slices"
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
	// Of histograms with the bounds that are declared, counts has the cumulative
	// counts of every stream, len(bounds)+1 each. Where there are others, own has an
	// element for every stream.
	bounds []float64
	counts []float64
	own    []histogram

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

// histogramAt is what the stream at a place observed, by buckets.
func (c *column) histogramAt(at int) histogram {
	switch {
	case c.own != nil:
		return c.own[at]
	case c.counts == nil:
		return histogram{}
	}
	width := len(c.bounds) + 1
	return histogram{bounds: c.bounds, counts: c.counts[at*width : (at+1)*width]}
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

// Rough sizes, in bytes.
const (
	streamBytes = 160
	labelBytes  = 32
)

func (s *stream) bytes() int { return streamBytes + len(s.key) + labelBytes*len(s.labels) }

// after reports whether the sample was taken after a moment, to the millisecond:
// who asks for the moment of an answer means the sample it was of.
func (s *sample) after(moment time.Time) bool { return s.at.UnixMilli() > moment.UnixMilli() }

// take collects one sample. last is the one before it, or nil.
func take(ctx context.Context, producer Producer, last *sample, maxSeries int, now func() time.Time) (*sample, error) {
	s := &sample{columns: make(map[string]*column), left: make(map[string]int), maxSeries: maxSeries}
	held := 0
	for f := range producer.Collect(ctx) {
		if s.at.IsZero() {
			// Now, because what refreshes values before the first may take long.
			s.at = now()
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
		s.at = now()
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
		for _, h := range col.own {
			s.bytes += h.bytes()
		}
		labels := 0
		for _, st := range col.streams {
			labels += st.bytes()
		}
		s.labelBytes += labels
		if last == nil || last.columns[name] == nil || !sameStreams(last.columns[name].streams, col.streams) {
			s.bytes += labels
		}
	}
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
	if d.Kind == metric.Histogram && hasBuckets(d) {
		r.observe(p)
	}
}

// observe adds the buckets of a point, which has its value already.
func (r *reader) observe(p *metric.Point) {
	c := r.col
	if c.own == nil && p.Exponential == nil && slices.Equal(p.Histogram.Bounds, c.bounds) {
		c.counts = cumulate(c.counts, p.Histogram.Counts)
		return
	}
	if c.own == nil { // those before have the declared bounds
		own := make([]histogram, len(c.values)-1, cap(c.values))
		for at := range own {
			own[at] = c.histogramAt(at)
			c.sizes = append(c.sizes, len(c.bounds)+3)
		}
		c.own, c.counts = own, nil
	}
	c.sizes = append(c.sizes, seriesOf(&r.family.Descriptor, p))
	if p.Exponential != nil {
		c.own = append(c.own, histogram{scale: p.Exponential.Scale, buckets: exponential(p.Exponential)})
		return
	}
	c.own = append(c.own, histogram{bounds: slices.Clone(p.Histogram.Bounds), counts: cumulate(nil, p.Histogram.Counts)})
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
