package registry

import (
	"context"
	"errors"
	"iter"
	"slices"
	"strings"
	"sync"

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
	acked   map[*series]snapshot
	current *Checkpoint

	// retiredMu guards retired alone, so that a sweep can add to it while a
	// checkpoint is being taken.
	retiredMu sync.Mutex
	retired   []reading
}

// reading is what a series held when it was read.
type reading struct {
	family *family
	series *series
	held   snapshot
	final  bool
}

// NewReader returns a reader whose first checkpoint has all that was counted
// by series that are there now, and later. Close it when it is done.
func (r *Registry) NewReader() *Reader {
	reader := &Reader{registry: r, acked: map[*series]snapshot{}}
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

func (rd *Reader) retire(f *family, s *series, held snapshot) {
	rd.retiredMu.Lock()
	defer rd.retiredMu.Unlock()
	rd.retired = append(rd.retired, reading{f, s, held, true})
}

// Checkpoint is one reading of all series by a Reader.
type Checkpoint struct {
	reader   *Reader
	families []familyReading
}

type familyReading struct {
	family   *family
	readings []reading
	// callback holds the points of a family that has a callback.
	callback []metric.Point
}

// ErrSuperseded is returned when a checkpoint is acknowledged after the reader
// has taken another one: acknowledging both would count twice.
var ErrSuperseded = errors.New("checkpoint was superseded by a later one: acknowledge a checkpoint before taking the next")

// Checkpoint reads all series. Sums and histograms hold what was counted since
// the last acknowledged checkpoint, gauges their value. What is not
// acknowledged is in the next checkpoint too.
func (rd *Reader) Checkpoint(ctx context.Context) (*Checkpoint, error) {
	rd.registry.refresh(ctx)
	rd.mu.Lock()
	defer rd.mu.Unlock()
	c := &Checkpoint{reader: rd}
	for _, f := range rd.registry.currentFamilies() {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		f.settlePending()
		c.families = append(c.families, rd.read(f))
	}
	rd.addRetired(c)
	rd.current = c
	return c, nil
}

// read reads one family and sweeps it unless another collection does.
func (rd *Reader) read(f *family) familyReading {
	out := familyReading{family: f}
	if f.read != nil {
		out.callback = f.runCallback()
		return out
	}
	all := f.liveAndEnding()
	held := f.newSnapshots(len(all))
	sweep := f.beginSweep()
	defer sweep.end()
	for at := 0; at < len(all); at += batch {
		end := min(at+batch, len(all))
		f.loadAll(all[at:end], held[at:end])
	}
	for i, s := range all {
		switch {
		case !s.has(flagEnded):
			sweep.note(s, held[i])
		case f.Kind == metric.Gauge:
			continue
		}
		out.readings = append(out.readings, reading{f, s, held[i], false})
	}
	return out
}

// addRetired adds what ended series have counted. A series can be in the
// checkpoint already, read before it ended; its final reading replaces that.
func (rd *Reader) addRetired(c *Checkpoint) {
	rd.retiredMu.Lock()
	defer rd.retiredMu.Unlock()
	if len(rd.retired) == 0 {
		return
	}
	final := make(map[*series]bool, len(rd.retired))
	for _, r := range rd.retired {
		final[r.series] = true
	}
	at := map[*family]int{}
	for i := range c.families {
		fr := &c.families[i]
		at[fr.family] = i
		fr.readings = slices.DeleteFunc(fr.readings, func(r reading) bool { return final[r.series] })
	}
	for _, r := range rd.retired {
		i, found := at[r.family]
		if !found {
			// The family was closed since.
			i = len(c.families)
			at[r.family] = i
			c.families = append(c.families, familyReading{family: r.family})
		}
		c.families[i].readings = append(c.families[i].readings, r)
	}
}

// Families yields every family with something to show, ordered by name. Points
// are reused as in Registry.Collect. It must not run after Ack.
func (c *Checkpoint) Families() iter.Seq[*metric.Family] {
	slices.SortStableFunc(c.families, func(a, b familyReading) int {
		return strings.Compare(a.family.Name, b.family.Name)
	})
	return func(yield func(*metric.Family) bool) {
		for i := range c.families {
			fr := &c.families[i]
			if len(fr.readings)+len(fr.callback) == 0 {
				continue
			}
			f := fr.family
			view := &metric.Family{Descriptor: f.Descriptor, Keys: f.keys, Points: c.points(fr)}
			if !yield(view) {
				return
			}
		}
	}
}

func (c *Checkpoint) points(fr *familyReading) iter.Seq[*metric.Point] {
	return func(yield func(*metric.Point) bool) {
		for i := range fr.callback {
			if !yield(&fr.callback[i]) {
				return
			}
		}
		f := fr.family
		delta := f.newSnapshot()
		var point metric.Point
		for _, r := range fr.readings {
			delta.copyFrom(r.held)
			if f.Kind != metric.Gauge {
				f.subtract(delta, c.reader.acked[r.series])
			}
			f.fill(&point, r.series, delta)
			if !yield(&point) {
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
	done := map[*series]bool{}
	for _, fr := range c.families {
		for _, r := range fr.readings {
			switch {
			case fr.family.Kind == metric.Gauge:
			case r.final:
				delete(rd.acked, r.series)
				done[r.series] = true
			case fr.family.empty(r.held):
				delete(rd.acked, r.series)
			default:
				rd.acked[r.series] = r.held
			}
		}
	}
	rd.retiredMu.Lock()
	defer rd.retiredMu.Unlock()
	rd.retired = slices.DeleteFunc(rd.retired, func(r reading) bool { return done[r.series] })
	return nil
}
