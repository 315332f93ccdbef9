package registry

import (
	"context"
	"errors"
	"iter"
	"slices"
	"sync"
	"time"

	"github.com/metertree/metertree/metric"
)

// Reader takes deltas on behalf of one exporter: what was counted since the
// last checkpoint that the exporter acknowledged. Readers do not influence one
// another, nor what Collect shows.
//
// Every count is in exactly one acknowledged checkpoint or still to come, also
// that of series which were forgotten or deleted in between.
type Reader struct {
	registry *Registry

	mu      sync.Mutex
	cursors map[*family]*cursor
	// callbacks hold what was acknowledged of families with a callback.
	callbacks map[*family]map[metric.LabelSet]metric.Point
	current   *Checkpoint

	// retiredMu guards retired alone, so that a sweep can add to it while a
	// checkpoint is being taken.
	retiredMu sync.Mutex
	retired   map[*family][]*retiredSeries
}

// retiredSeries is a series that counts no more, with what it held at the end.
type retiredSeries struct {
	series *series
	final  snapshot
	// acked is what of it was acknowledged; nil stands for nothing.
	acked *snapshot
}

// NewReader returns a reader whose first checkpoint has all that was counted
// by series that are there now, and later. Close it when it is done.
func (r *Registry) NewReader() *Reader {
	reader := &Reader{
		registry:  r,
		cursors:   map[*family]*cursor{},
		callbacks: map[*family]map[metric.LabelSet]metric.Point{},
		retired:   map[*family][]*retiredSeries{},
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.readers = append(slices.Clip(r.readers), reader)
	return reader
}

// Close ends the reader; what it has not acknowledged is no longer kept.
func (rd *Reader) Close() {
	r := rd.registry
	r.mu.Lock()
	defer r.mu.Unlock()
	r.readers = slices.DeleteFunc(slices.Clone(r.readers), func(have *Reader) bool { return have == rd })
}

// retire takes over the final reading of a series of a family whose lock is
// held.
func (rd *Reader) retire(f *family, s *series, final snapshot) {
	rd.retiredMu.Lock()
	defer rd.retiredMu.Unlock()
	rd.retired[f] = append(rd.retired[f], &retiredSeries{series: s, final: final})
}

// retiredOf returns the series of a family that are retired by now; the slice
// is not to be written.
func (rd *Reader) retiredOf(f *family) []*retiredSeries {
	rd.retiredMu.Lock()
	defer rd.retiredMu.Unlock()
	return slices.Clip(rd.retired[f])
}

// Checkpoint is one reading of series by a Reader.
type Checkpoint struct {
	reader   *Reader
	wanted   wanted
	families []*familyReading
	// shown are the families under every name they are exposed under, ordered by
	// name.
	shown []*metric.Family
}

// ErrSuperseded is returned when a checkpoint is acknowledged after the reader
// has taken another one: acknowledging both would count twice.
var ErrSuperseded = errors.New("checkpoint was superseded by a later one: acknowledge a checkpoint before taking the next")

// Checkpoint runs Registry.Refresh and reads all series, as Take does.
func (rd *Reader) Checkpoint(ctx context.Context) (*Checkpoint, error) {
	rd.registry.Refresh(ctx)
	return rd.Take(ctx, nil)
}

// Take reads the series of the metrics for which want holds; a nil want takes
// all. It is asked for each name that a metric is exposed under. Sums and histograms hold what was counted since the last acknowledged
// checkpoint, gauges their value. What is not acknowledged is in the next
// checkpoint too, which supersedes this one. A metric that is not wanted is
// given up: should it be wanted again, it starts from what its series hold then.
func (rd *Reader) Take(ctx context.Context, want func(*metric.Descriptor) bool) (*Checkpoint, error) {
	rd.mu.Lock()
	defer rd.mu.Unlock()
	rd.current = nil
	c := &Checkpoint{reader: rd, wanted: wanted{want, rd.registry.options.Now(), map[*openMetric]bool{}}}
	families := rd.registry.currentFamilies()
	var taken takenNames
	for _, f := range rd.closedFamilies(families) {
		if !c.wanted.any(f) {
			rd.giveUp(f)
			continue
		}
		r := rd.readClosed(f)
		c.families = append(c.families, r)
		if !r.showsNothing() {
			taken = append(taken, f)
		}
	}
	for _, f := range families {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		switch {
		case !c.wanted.any(f):
			f.settlePending()
			rd.giveUp(f)
		case taken.from(f):
			// A closed metric had the name; this one waits for the next turn.
		default:
			f.settlePending()
			c.families = append(c.families, rd.read(f))
		}
	}
	c.show()
	rd.current = c
	return c, nil
}

// takenNames are closed families of which a checkpoint shows something.
type takenNames []*family

// from reports whether a family would be shown beside one of them that has its name,
// and is not another part of the same metric.
func (t takenNames) from(f *family) bool {
	return slices.ContainsFunc(t, func(closed *family) bool {
		return closed.Name == f.Name && (closed.open == nil || closed.open != f.open || closed.id == f.id)
	})
}

// wanted says what a checkpoint is about.
type wanted struct {
	want func(*metric.Descriptor) bool
	now  time.Time
	// open has the answers about open metrics, which are asked about once.
	open map[*openMetric]bool
}

// any reports whether a family is wanted under one of its names.
func (w wanted) any(f *family) bool {
	if f.open == nil {
		return w.anyName(f)
	}
	wanted, known := w.open[f.open]
	if !known {
		wanted = w.anyName(f)
		w.open[f.open] = wanted
	}
	return wanted
}

func (w wanted) anyName(f *family) bool {
	if f.renames == nil {
		return w.want == nil || w.want(&f.Descriptor)
	}
	// Each is asked, since whoever is asked may count.
	wanted := false
	for _, name := range f.renames.Names(f.Name, w.now) {
		wanted = w.one(f.Descriptor, name) || wanted
	}
	return wanted
}

func (w wanted) one(d metric.Descriptor, name string) bool {
	d.Name = name
	return w.want == nil || w.want(&d)
}

// show lists what the checkpoint yields.
func (c *Checkpoint) show() {
	var shown []exposed
	for _, r := range c.families {
		if r.showsNothing() {
			continue
		}
		if r.family.renames == nil {
			shown = append(shown, exposed{r.family, &r.shown})
			continue
		}
		for _, name := range c.names(r.family) {
			named := r.shown
			named.Descriptor.Name = name
			shown = append(shown, exposed{r.family, &named})
		}
	}
	slices.SortStableFunc(shown, func(a, b exposed) int { return byName(a.shown, b.shown) })
	c.shown = slices.Collect(c.reader.registry.together(slices.Values(shown)))
}

// names returns the names under which a family is wanted.
func (c *Checkpoint) names(f *family) (names []string) {
	for _, name := range f.renames.Names(f.Name, c.wanted.now) {
		if c.wanted.one(f.Descriptor, name) {
			names = append(names, name)
		}
	}
	return names
}

// closedFamilies returns those families the reader still has something of that
// are not among the current ones.
func (rd *Reader) closedFamilies(current []*family) []*family {
	rd.retiredMu.Lock()
	defer rd.retiredMu.Unlock()
	open := make(map[*family]bool, len(current))
	for _, f := range current {
		open[f] = true
	}
	var closed []*family
	for f := range rd.cursors {
		if !open[f] {
			closed = append(closed, f)
		}
	}
	for f := range rd.retired {
		if !open[f] && rd.cursors[f] == nil {
			closed = append(closed, f)
		}
	}
	return closed
}

func (rd *Reader) giveUp(f *family) {
	delete(rd.cursors, f)
	delete(rd.callbacks, f)
	rd.retiredMu.Lock()
	defer rd.retiredMu.Unlock()
	delete(rd.retired, f)
}

// Families yields every family with something to show, ordered by name, each
// label set once. Points are reused as in Registry.Collect. It gives the same
// every time until Ack or the reader's next checkpoint, after which it must not
// run.
func (c *Checkpoint) Families() iter.Seq[*metric.Family] {
	return func(yield func(*metric.Family) bool) {
		for _, f := range c.shown {
			if !yield(f) {
				return
			}
		}
	}
}

// Ack says that the checkpoint has been delivered: the next one starts from
// it. It fails with ErrSuperseded if another one was taken in between, or the
// checkpoint was acknowledged before.
func (c *Checkpoint) Ack() error {
	rd := c.reader
	rd.mu.Lock()
	defer rd.mu.Unlock()
	if rd.current != c {
		return ErrSuperseded
	}
	rd.current = nil
	for _, r := range c.families {
		if r.cursor != nil {
			r.cursor.ack()
		}
		if r.callback != nil {
			rd.ackCallback(r.family, r.callback)
		}
		rd.forget(r)
	}
	return nil
}

// forget drops the retired series that a delivered checkpoint has shown.
func (rd *Reader) forget(r *familyReading) {
	if len(r.retired) == 0 {
		return
	}
	rd.retiredMu.Lock()
	defer rd.retiredMu.Unlock()
	// What has come since was added at the end.
	left := rd.retired[r.family][len(r.retired):]
	if len(left) == 0 {
		delete(rd.retired, r.family)
		return
	}
	rd.retired[r.family] = slices.Clone(left)
}
