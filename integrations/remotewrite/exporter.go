package remotewrite

import (
	"context"
	"errors"
	"maps"
	"slices"
	"sync/atomic"
	"time"

	"github.com/metertree/metertree/export"
	"github.com/metertree/metertree/metric"
)

// Exporter writes batches to a receiver. It is used as export.Exporter says, from
// one goroutine at a time; Stats may be called from any.
type Exporter struct {
	options  Options
	external []metric.Label
	client   client
	counts   counts
	known    *known
	lanes    []*lane
	// version is the one that is spoken: see Stats.
	version atomic.Uint32
	// most is how many samples requests may have: fewer than MaxSamples once the
	// receiver has refused one as too large.
	most atomic.Int64

	// last is the time of the last samples, in milliseconds.
	last int64
	// samples is how many the last batch had.
	samples int
	// delivered and described are the times of the last batch that was delivered,
	// and with it metadata of families.
	delivered, described time.Time
}

// New returns an exporter that writes to a receiver's address, such as
// http://localhost:9090/api/v1/write. It connects to nothing; it fails if the
// address or the options make no sense.
func New(address string, options Options) (*Exporter, error) {
	options, err := options.complete()
	if err != nil {
		return nil, err
	}
	to, err := parseAddress(address)
	if err != nil {
		return nil, err
	}
	e := &Exporter{options: options, known: newKnown()}
	e.version.Store(uint32(options.Version))
	e.most.Store(int64(options.MaxSamples))
	for _, name := range slices.Sorted(maps.Keys(options.ExternalLabels)) {
		e.external = append(e.external, metric.Label{Name: name, Value: options.ExternalLabels[name]})
	}
	e.client = newClient(to, &e.options, &e.counts)
	for range options.Shards {
		e.lanes = append(e.lanes, newLane(e))
	}
	return e, nil
}

// Export writes a batch. See the package comment for what becomes of it.
func (e *Exporter) Export(ctx context.Context, batch *export.Batch) error {
	if err := context.Cause(ctx); err != nil {
		return err
	}
	e.known.pass++
	d := e.begin(ctx, batch.Time)
	// Also if the batch panics.
	defer d.abandon()
	d.describes = batch.Time.Sub(e.described) >= metadataPeriod
	d.collect(batch)
	if d.ctx.Err() == nil {
		// Only now it is known which series are no more.
		e.known.complete = e.known.pass
		e.known.sweep()
		d.end()
	}
	err := d.finish()
	if err == nil || errors.Is(err, export.ErrRejected) {
		e.settle(d, batch.Time)
	}
	return err
}

// settle notes that a batch will not come again.
func (e *Exporter) settle(d *delivery, t time.Time) {
	e.delivered, e.samples = t, d.samples
	if d.describes {
		e.described = t
	}
}

// metadataPeriod is how often families are described to receivers of version 1,
// which keep that apart from series.
const metadataPeriod = time.Minute

// Shutdown tells what ends were not told yet, with Options.MarkStaleAtShutdown
// those of all series, and closes the connections of a client of the exporter's
// own.
func (e *Exporter) Shutdown(ctx context.Context) error {
	defer e.client.Close()
	if e.options.MarkStaleAtShutdown {
		e.known.pass++
		e.known.complete = e.known.pass
	}
	e.known.sweep()
	if len(e.known.ending) == 0 {
		return nil
	}
	d := e.begin(ctx, time.Now())
	defer d.abandon()
	d.end()
	return d.finish()
}

// stamp returns the time of a batch's samples in milliseconds. Receivers refuse a
// sample that is no later than the last one of its series, so batches within a
// millisecond, and those after a clock was set back a little, are moved.
func (e *Exporter) stamp(t time.Time) int64 {
	const setBack = int64(time.Minute / time.Millisecond)
	ms := t.UnixMilli()
	if ms <= e.last && e.last-ms < setBack {
		ms = e.last + 1
	}
	e.last = ms
	return ms
}

// speaks returns the version to write in.
func (e *Exporter) speaks() Version {
	if Version(e.version.Load()) == Version1 {
		return Version1
	}
	return Version2
}
