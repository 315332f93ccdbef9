package registry

import (
	"slices"
	"strings"

	"github.com/metertree/metertree/metric"
)

// cursor is how far a reader has come in one family. The snapshots lie in
// parallel to the series, so that a reading needs no lookup as long as the
// family has the same series.
type cursor struct {
	family *family
	// series were there at the last reading, sorted by labels.
	series []*series
	// acked is what the exporter has acknowledged of each, held what was read
	// last. A gauge has nothing to acknowledge, so that held serves alone.
	acked, held block
}

// read reads all series of the family as they are now.
func (c *cursor) read(retired []*retiredSeries, sweep *sweep) {
	f := c.family
	for at := 0; at < len(c.series); at += batch {
		f.loadAll(c.series[at:min(at+batch, len(c.series))], &c.held, at)
	}
	for i, s := range c.series {
		if !s.has(flagEnded) {
			sweep.note(s, c.held.at(i))
		}
	}
	if !c.counts() {
		return
	}
	// A series that has retired since it was listed is shown once, as retired.
	for _, r := range retired {
		if i := c.find(r.series); i >= 0 {
			c.held.at(i).copyFrom(c.acked.at(i))
		}
	}
	c.handOver(retired)
}

// handOver gives what was acknowledged of series to their final readings.
func (c *cursor) handOver(to []*retiredSeries) {
	for _, r := range to {
		if i := c.find(r.series); i >= 0 {
			acked := c.acked.at(i).clone()
			r.acked = &acked
		}
	}
}

// counts reports whether the family's values are sums, of which deltas are
// taken.
func (c *cursor) counts() bool { return c.family.Kind != metric.Gauge }

// find returns the position of a series, or -1.
func (c *cursor) find(s *series) int {
	at, _ := slices.BinarySearchFunc(c.series, s, byLabels)
	for ; at < len(c.series) && c.series[at].labels == s.labels; at++ {
		if c.series[at] == s {
			return at
		}
	}
	return -1
}

// align makes the cursor one of the given series, sorted by labels. What was
// acknowledged of series that have retired goes to these; of those that are
// gone altogether, it was acknowledged in full.
func (c *cursor) align(now []*series, retired []*retiredSeries) {
	if sameSlice(c.series, now) {
		return
	}
	if c.counts() {
		c.realign(now, retired)
	}
	c.series = now
	c.held.grow(c.family, len(now))
}

// sameSlice reports whether two slices are one, which is the case as long as a
// family's series stay the same.
func sameSlice(a, b []*series) bool {
	return len(a) == len(b) && (len(a) == 0 || &a[0] == &b[0])
}

// realign moves what was acknowledged to where the series are now. Both lists
// are sorted by labels.
func (c *cursor) realign(now []*series, retired []*retiredSeries) {
	c.handOver(retired)
	acked := c.family.newBlock(len(now))
	from := 0
	for i, s := range now {
		for from < len(c.series) && c.series[from] != s && c.series[from].labels < s.labels {
			from++
		}
		// Series of one label set, of which all but one have ended, may change
		// their order.
		for at := from; at < len(c.series) && (c.series[at] == s || c.series[at].labels == s.labels); at++ {
			if c.series[at] == s {
				acked.at(i).copyFrom(c.acked.at(at))
				break
			}
		}
	}
	c.acked = acked
}

// ack makes what was read what was acknowledged.
func (c *cursor) ack() {
	if c.counts() {
		c.acked, c.held = c.held, c.acked
	}
}

// familyReading is what one checkpoint has of one family.
type familyReading struct {
	family *family
	shown  metric.Family
	// cursor is nil for a family with a callback, and for a closed one.
	cursor *cursor
	// retired are in the order in which they did; sorted are those of them that
	// have counted, by labels.
	retired, sorted []*retiredSeries
	// ranged is set for a family with exponential buckets.
	ranged *metric.ExponentialRange
	// callback is set for a family that has a callback.
	callback *callbackReading
}

// read reads one family and sweeps it unless another collection does.
func (rd *Reader) read(f *family) *familyReading {
	r := &familyReading{family: f}
	r.shown = metric.Family{Descriptor: f.Descriptor, Keys: f.keys, Points: r.yieldPoints}
	if f.read != nil {
		r.callback = rd.readCallback(f)
		r.shown.Points = r.callback.yield
		return r
	}
	c := rd.cursors[f]
	if c == nil {
		c = &cursor{family: f}
		rd.cursors[f] = c
	}
	sweep := f.beginSweep(new(sweep))
	// The series come first: one that leaves them has retired by then.
	now := f.countingSeries()
	r.retired = rd.retiredOf(f)
	c.align(now, r.retired)
	c.read(r.retired, sweep)
	r.cursor = c
	r.sortRetired()
	r.ranged = r.readRange()
	sweep.end()
	return r
}

// readClosed reads what is left of a family that was closed: its series as they
// retire.
func (rd *Reader) readClosed(f *family) *familyReading {
	settled := f.settlePending()
	r := &familyReading{family: f, retired: rd.retiredOf(f)}
	r.shown = metric.Family{Descriptor: f.Descriptor, Keys: f.keys, Points: r.yieldPoints}
	if c := rd.cursors[f]; c != nil {
		if c.counts() {
			c.handOver(r.retired)
		}
		if settled {
			delete(rd.cursors, f)
		}
	}
	r.sortRetired()
	r.ranged = r.readRange()
	return r
}

func (r *familyReading) sortRetired() {
	if len(r.retired) > 0 {
		r.sorted = slices.Clone(r.retired)
		slices.SortStableFunc(r.sorted, func(a, b *retiredSeries) int { return byLabels(a.series, b.series) })
	}
}

// showsNothing reports whether there is no point to show.
func (r *familyReading) showsNothing() bool {
	if r.callback != nil {
		return len(r.callback.deltas) == 0
	}
	if r.cursor != nil && len(r.cursor.series) > 0 && !r.cursor.series[0].has(flagEnded) {
		return false
	}
	for range r.yieldPoints {
		return false
	}
	return true
}

// yieldPoints yields the deltas of all series, of which those with the same
// labels make one point.
func (r *familyReading) yieldPoints(yield func(*metric.Point) bool) {
	var live []*series
	if r.cursor != nil {
		live = r.cursor.series
	}
	m := merger{reading: r, live: live, gone: r.sorted, sum: r.family.newSnapshot(), one: r.family.newSnapshot()}
	for m.next() {
		if !yield(&m.point) {
			return
		}
	}
}

// merger walks through live and retired series in the order of their labels.
type merger struct {
	reading *familyReading
	live    []*series
	gone    []*retiredSeries
	// at is the position of live[0] in the cursor.
	at       int
	sum, one snapshot
	point    metric.Point
}

// next makes the point of the next label set and reports whether there is one.
func (m *merger) next() bool {
	f := m.reading.family
	for {
		first := m.takeOne()
		if first == nil {
			return false
		}
		m.sum, m.one = m.one, m.sum
		last := first
		for m.nextLabels(first.labels) {
			last = m.takeOne()
			f.add(m.sum, m.one)
		}
		if last.has(flagEnded) && (f.Kind == metric.Gauge || f.empty(m.sum)) {
			continue
		}
		f.fill(&m.point, last, m.sum)
		if ranged := m.reading.ranged; ranged != nil {
			m.point.Exponential.Family = ranged
		}
		m.point.Start = first.started()
		return true
	}
}

// nextLabels reports whether the next series has the given labels.
func (m *merger) nextLabels(labels metric.LabelSet) bool {
	return len(m.live) > 0 && m.live[0].labels == labels || len(m.gone) > 0 && m.gone[0].series.labels == labels
}

// takeOne reads the delta of the next series into m.one and returns it, or nil.
func (m *merger) takeOne() *series {
	f, c := m.reading.family, m.reading.cursor
	switch {
	case len(m.live) == 0 && len(m.gone) == 0:
		return nil
	case len(m.live) == 0 || len(m.gone) > 0 && strings.Compare(string(m.gone[0].series.labels), string(m.live[0].labels)) <= 0:
		r := m.gone[0]
		m.gone = m.gone[1:]
		m.one.copyFrom(r.final)
		if r.acked != nil {
			f.subtract(m.one, *r.acked)
		}
		return r.series
	}
	s := m.live[0]
	m.one.copyFrom(c.held.at(m.at))
	if c.counts() {
		f.subtract(m.one, c.acked.at(m.at))
	}
	m.live = m.live[1:]
	m.at++
	return s
}
