package prom

import (
	"context"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/histogram"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/model/metadata"
	"github.com/prometheus/prometheus/storage"
)

// maxAhead is how far in the future a sample may lie, for clocks that differ.
const maxAhead = 10 * time.Minute

var (
	errTooOld = fmt.Errorf("%w: timestamp is older than the storage retention", storage.ErrOutOfBounds)
	errTooNew = fmt.Errorf("%w: timestamp is more than %v in the future", storage.ErrOutOfBounds, maxAhead)
)

// appendables is what a storage that samples can be written to offers.
type appendables interface {
	storage.Appendable
	storage.AppendableV2
}

// intake is the only way in for samples. It refuses timestamps outside the
// retention: the database cuts its memory into blocks of two hours, so that one
// sample from 1970 in an empty database would become hundreds of thousands of
// them. Metadata that arrives with pushed samples is remembered.
type intake struct {
	next      appendables
	retention time.Duration
	pushed    *pushedMetadata // nil where the scrape manager remembers it
	refusals  *refusals
	discard   atomic.Bool // from now on nothing is committed
}

// refusals counts what the intake refused.
type refusals struct {
	tooOld, tooNew     prometheus.Counter
	noRoom, longLabels prometheus.Counter
	known              func(labels.Labels) bool // whether a series is in memory
	ledger             *ledger
}

func newRefusals(db *database, reg prometheus.Registerer) *refusals {
	total := prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "metertree_ingest_refused_samples_total",
		Help: "Samples refused because their timestamp lies outside the retention or in the future.",
	}, []string{"reason"})
	series := prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "metertree_ingest_refused_series_total",
		Help: "Times that a new series was refused because memory is short of its limit, or because its labels are too long.",
	}, []string{"reason"})
	reg.MustRegister(total, series)
	return &refusals{
		tooOld: total.WithLabelValues("too_old"), tooNew: total.WithLabelValues("too_new"),
		noRoom: series.WithLabelValues("memory"), longLabels: series.WithLabelValues("label_size"),
		known:  knownTo(db),
		ledger: db.ledger,
	}
}

// bounds are the accepted timestamps, in milliseconds since the epoch.
type bounds struct {
	oldest, newest int64
	refusals       *refusals
}

func (in *intake) bounds() bounds {
	now := time.Now()
	return bounds{
		oldest:   now.Add(-in.retention).UnixMilli(),
		newest:   now.Add(maxAhead).UnixMilli(),
		refusals: in.refusals,
	}
}

func (b *bounds) check(t int64) error {
	switch {
	case t < b.oldest:
		b.refusals.tooOld.Inc()
		return errTooOld
	case t > b.newest:
		b.refusals.tooNew.Inc()
		return errTooNew
	}
	return nil
}

// Appender implements storage.Appendable; the remote write receiver uses it.
func (in *intake) Appender(ctx context.Context) storage.Appender {
	return &boundedAppender{Appender: in.next.Appender(ctx), ctx: ctx, bounds: in.bounds(), room: newRoom(in.refusals), pushed: in.pushed}
}

// AppenderV2 implements storage.AppendableV2; scrapes and the OTLP receiver use
// it.
func (in *intake) AppenderV2(ctx context.Context) storage.AppenderV2 {
	return &boundedAppenderV2{AppenderV2: in.next.AppenderV2(ctx), ctx: ctx, bounds: in.bounds(), room: newRoom(in.refusals), intake: in}
}

type boundedAppender struct {
	storage.Appender
	ctx context.Context // of the request
	bounds
	room
	pushed *pushedMetadata
}

// checkPushed is for both kinds of samples that a push can bring.
func (a *boundedAppender) checkPushed(ref storage.SeriesRef, l labels.Labels, t int64) error {
	if err := a.check(t); err != nil {
		return err
	}
	return pushError(a.ctx, a.admit(ref, l))
}

func (a *boundedAppender) Append(ref storage.SeriesRef, l labels.Labels, t int64, v float64) (storage.SeriesRef, error) {
	if err := a.checkPushed(ref, l, t); err != nil {
		return 0, err
	}
	return a.Appender.Append(ref, l, t, v)
}

func (a *boundedAppender) AppendHistogram(ref storage.SeriesRef, l labels.Labels, t int64, h *histogram.Histogram, fh *histogram.FloatHistogram) (storage.SeriesRef, error) {
	if err := a.checkPushed(ref, l, t); err != nil {
		return 0, err
	}
	return a.Appender.AppendHistogram(ref, l, t, h, fh)
}

// Commit stores what was appended.
func (a *boundedAppender) Commit() error {
	return commitError(a.ctx, a.room.refusals.ledger, a.Appender.Commit())
}

// Rollback takes back what was appended. New series are logged all the same.
func (a *boundedAppender) Rollback() error {
	return a.room.refusals.ledger.note(a.Appender.Rollback())
}

// UpdateMetadata remembers the metadata here and keeps it out of the database,
// which would hold it per series and not per family.
func (a *boundedAppender) UpdateMetadata(ref storage.SeriesRef, l labels.Labels, m metadata.Metadata) (storage.SeriesRef, error) {
	if a.pushed != nil {
		a.pushed.remember(familyOf(l.Get(model.MetricNameLabel), m.Type), m)
	}
	return ref, nil
}

type boundedAppenderV2 struct {
	storage.AppenderV2
	ctx context.Context // of the scrape or request
	bounds
	room
	intake *intake
}

func (a *boundedAppenderV2) Append(ref storage.SeriesRef, l labels.Labels, st, t int64, v float64, h *histogram.Histogram, fh *histogram.FloatHistogram, opts storage.AOptions) (storage.SeriesRef, error) {
	if err := a.check(t); err != nil {
		return 0, err
	}
	if err := a.admit(ref, l); err != nil {
		if a.intake.pushed != nil {
			err = pushError(a.ctx, err)
		}
		return 0, err
	}
	if pushed := a.intake.pushed; pushed != nil && !opts.Metadata.IsEmpty() {
		family := opts.MetricFamilyName
		if family == "" {
			family = familyOf(l.Get(model.MetricNameLabel), opts.Metadata.Type)
		}
		pushed.remember(family, opts.Metadata)
	}
	return a.AppenderV2.Append(ref, l, st, t, v, h, fh, opts)
}

// Commit stores what was appended. A scrape that a shutdown cuts off commits a
// failure, "target down", that was none; the intake is told to discard it.
func (a *boundedAppenderV2) Commit() error {
	if a.intake.discard.Load() {
		return a.Rollback()
	}
	return commitError(a.ctx, a.intake.refusals.ledger, a.AppenderV2.Commit())
}

// Rollback takes back what was appended. New series are logged all the same.
func (a *boundedAppenderV2) Rollback() error {
	return a.intake.refusals.ledger.note(a.AppenderV2.Rollback())
}
