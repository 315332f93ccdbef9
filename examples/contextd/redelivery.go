package contextd

import (
	"context"
	"errors"
	"sync"

	"github.com/metertree/metertree/examples/contextd/internal/segment"
	"github.com/metertree/metertree/meter"
	"github.com/metertree/metertree/metric"
)

// redelivery holds the documents whose flush finally failed until they are put
// into the buffer again. Adding never waits, as the buffer demands; instead the
// workers wait for room before they bring more.
type redelivery struct {
	limit int64

	mu      sync.Mutex
	batches []returnedBatch
	bytes   int64
	// changed is closed and replaced at each change.
	changed chan struct{}
}

type returnedBatch struct {
	shard   int
	records []segment.Record
}

func (b returnedBatch) size() int64 {
	size := int64(0)
	for _, r := range b.records {
		size += int64(r.Size())
	}
	return size
}

func newRedelivery(limit int64) *redelivery {
	return &redelivery{limit: limit, changed: make(chan struct{})}
}

// add takes records of one shard.
func (r *redelivery) add(shard int, records []segment.Record) {
	b := returnedBatch{shard, records}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.batches = append(r.batches, b)
	r.changeLocked(b.size())
}

// take removes and returns the oldest batch.
func (r *redelivery) take() (returnedBatch, bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.batches) == 0 {
		return returnedBatch{}, false
	}
	b := r.batches[0]
	r.batches = r.batches[1:]
	r.changeLocked(-b.size())
	return b, true
}

func (r *redelivery) changeLocked(bytes int64) {
	r.bytes += bytes
	close(r.changed)
	r.changed = make(chan struct{})
}

func (r *redelivery) backlog() int64 {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.bytes
}

// wait returns when there is a batch.
func (r *redelivery) wait(ctx context.Context) error {
	return r.until(ctx, func() bool { return len(r.batches) > 0 })
}

// room returns when less than the limit is held.
func (r *redelivery) room(ctx context.Context) error {
	return r.until(ctx, func() bool { return r.bytes < r.limit })
}

func (r *redelivery) until(ctx context.Context, holds func() bool) error {
	for {
		r.mu.Lock()
		done, changed := holds(), r.changed
		r.mu.Unlock()
		if done {
			return ctx.Err()
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// redeliveryMeters are the meters of what came back.
type redeliveryMeters struct{ documents meter.Counter }

func newRedeliveryMeters(scope meter.Scope, r *redelivery) (m redeliveryMeters, err error) {
	var errs [2]error
	m.documents, errs[0] = scope.NewCounter("documents_total",
		meter.Help("Documents put into the write buffer again after their flush finally failed."))
	errs[1] = scope.GaugeFunc("backlog_bytes", func(o *meter.Observer) { o.Float(float64(r.backlog())) },
		meter.Unit("bytes"), meter.Fold(metric.FoldSum), meter.Help("Bytes that wait to be put into the write buffer again."))
	return m, errors.Join(errs[:]...)
}
