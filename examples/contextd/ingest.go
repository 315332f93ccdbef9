package contextd

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/metertree/metertree/buffer"
	"github.com/metertree/metertree/examples/contextd/internal/embedding"
	"github.com/metertree/metertree/examples/contextd/internal/pause"
	"github.com/metertree/metertree/examples/contextd/internal/segment"
	"github.com/metertree/metertree/meter"
)

// job is a change of a document that waits for a worker.
type job struct {
	tenant *tenant
	// name is the document's name.
	name    string
	version uint64
	state   segment.State
	content document
}

// ingestMeters are the meters of the way from the queue to the write buffer.
type ingestMeters struct {
	documents meter.CounterOf[ingested]
	chunks    meter.Counter
	bytes     meter.Counter
	duration  meter.Histogram
	returned  meter.Counter
}

type ingested struct {
	Operation, ContextType, Status string
	AccountID                      string `label:"account_id"`
}

func newIngestMeters(scope meter.Scope, r *redelivery) (m ingestMeters, err error) {
	var errs [6]error
	m.documents, errs[0] = meter.NewCounter[ingested](scope, "documents_total",
		meter.Help("Changes of documents that workers handled."))
	m.chunks, errs[1] = scope.NewCounter("chunks_total", meter.Help("Chunks that documents were cut into."))
	m.bytes, errs[2] = scope.NewCounter("bytes_total", meter.Unit("bytes"), meter.Help("Bytes of text that documents brought."))
	m.duration, errs[3] = scope.NewHistogram("duration_seconds", meter.Unit("seconds"), meter.Keys("operation"),
		meter.Help("Time a worker takes for a change, waiting for the write buffer included."))
	m.returned, errs[4] = scope.NewCounter("redelivered_documents_total",
		meter.Help("Documents put into the write buffer again after their flush finally failed."))
	errs[5] = scope.GaugeFunc("redelivery_backlog_bytes", func(o *meter.Observer) { o.Float(float64(r.backlog())) },
		meter.Unit("bytes"), meter.Help("Bytes that wait to be put into the write buffer again."))
	return m, errors.Join(errs[:]...)
}

// ingester is the running part: workers, write buffer and redelivery.
type ingester struct {
	*Service
	buffer *buffer.Buffer[segment.Record]
	// lost counts accepted changes that could not be stored before the end.
	lost atomic.Int64
}

// maxRecordBytes is more than the largest document takes in the write buffer: its
// text, and for each chunk a vector of 128 float32 and what encryption adds.
const maxRecordBytes = maxTextBytes + (maxTextBytes/(chunkBytes/2)+1)*(128*4+64) + 1<<10

// flushQueue is how many full tables of a shard wait for their flush.
const flushQueue = 3

// Retries of the write buffer: about four seconds, then the documents come back
// and are put again.
const (
	flushAttempts     = 8
	flushRetryInitial = 100 * time.Millisecond
	flushRetryMax     = time.Second
)

func (s *Service) newIngester() (*ingester, error) {
	in := &ingester{Service: s}
	var err error
	in.buffer, err = buffer.New(buffer.Config[segment.Record]{
		Flush:         in.flush,
		Failed:        func(b buffer.Batch[segment.Record], _ error) { s.returned.add(b.Shard, itemsOf(b)) },
		Size:          segment.Record.Size,
		Shards:        s.config.Shards,
		MaxBytes:      s.config.BufferBytes,
		QueueLength:   flushQueue,
		FlushInterval: s.config.FlushInterval,
		Retry:         buffer.Retry{Attempts: flushAttempts, Initial: flushRetryInitial, Max: flushRetryMax},
		Scope:         s.config.Scope.Scope("contextd"),
		Position:      buffer.Position{Module: "store", Database: "context"},
	})
	return in, err
}

func (in *ingester) flush(ctx context.Context, b buffer.Batch[segment.Record]) error {
	err := in.store.Append(ctx, b.Shard, itemsOf(b))
	in.health.noteFlush(b.Shard, err)
	return err
}

func itemsOf(b buffer.Batch[segment.Record]) []segment.Record {
	items := make([]segment.Record, len(b.Records))
	for i, r := range b.Records {
		items[i] = r.Item
	}
	return items
}

// run works until the queue is closed and empty, then flushes. When the context
// ends what is not stored by then is lost.
func (in *ingester) run(ctx context.Context) error {
	delivering, stopDelivering := context.WithCancel(ctx)
	var delivery sync.WaitGroup
	delivery.Go(func() { in.redeliver(delivering) })
	in.queue.Work(ctx, in.config.Workers, in.handle)
	stopDelivering()
	delivery.Wait()
	// Close gives back through Failed what it cannot flush, so its error adds
	// nothing to the last attempt.
	_ = in.buffer.Close(ctx)
	return in.lastAttempt(ctx)
}

// lastAttempt appends what came back from the buffer without going through it.
func (in *ingester) lastAttempt(ctx context.Context) error {
	var cause error
	for batch, ok := in.returned.take(); ok; batch, ok = in.returned.take() {
		if err := in.store.Append(context.WithoutCancel(ctx), batch.shard, batch.records); err != nil {
			in.lost.Add(int64(len(batch.records)))
			cause = err
		}
	}
	if lost := in.lost.Load(); lost > 0 {
		return fmt.Errorf("contextd: %d accepted documents were not stored before the end (last error: %w): repair the store, or raise DrainTimeout", lost, errors.Join(cause, ctx.Err()))
	}
	return nil
}

// redeliver puts into the buffer again what came back from it.
func (in *ingester) redeliver(ctx context.Context) {
	for in.returned.wait(ctx) == nil {
		batch, ok := in.returned.take()
		for i := 0; ok && i < len(batch.records); i++ {
			r := batch.records[i]
			if err := in.buffer.Put(ctx, segment.Key(r.Account, r.Document), r); err != nil {
				in.returned.add(batch.shard, batch.records[i:])
				break
			}
			in.ingest.returned.Inc()
		}
	}
}

// handle brings one change into the write buffer.
func (in *ingester) handle(ctx context.Context, j job) {
	start := time.Now()
	operation := "put"
	if j.state == segment.Deleted {
		operation = "delete"
	}
	err := in.change(ctx, j)
	status := "ok"
	if err != nil {
		status = "error"
		in.lose(ctx, j, err)
	}
	in.ingest.duration.ObserveSince(start, operation)
	in.ingest.documents.Inc(ingested{operation, j.content.Type, status, j.tenant.Name})
}

// lose counts a change that will not be stored. When time has run out there may be
// many, so Run tells their number instead.
func (in *ingester) lose(ctx context.Context, j job, err error) {
	in.lost.Add(1)
	if ctx.Err() == nil {
		in.config.Logger.Error("document not stored", "account", j.tenant.Name, "document", j.name, "err", err)
	}
}

func (in *ingester) change(ctx context.Context, j job) error {
	record := segment.Record{
		Account: j.tenant.Name, Document: j.name, Version: j.version, State: j.state,
		Type: j.content.Type, Title: j.content.Title,
	}
	if j.state == segment.Present {
		var err error
		if record.Chunks, err = in.prepare(ctx, j); err != nil {
			return err
		}
	}
	if err := in.returned.room(ctx); err != nil {
		return err
	}
	return in.buffer.Put(ctx, segment.Key(record.Account, record.Document), record)
}

// prepare cuts, embeds and encrypts a document.
func (in *ingester) prepare(ctx context.Context, j job) ([]segment.Chunk, error) {
	parts := chunks(j.content.Text)
	vectors, err := embedStubbornly(ctx, j.tenant.model, parts)
	if err != nil {
		return nil, err
	}
	prepared := make([]segment.Chunk, len(parts))
	for i, part := range parts {
		sealed, err := in.vault.Seal(j.tenant.Name, []byte(part), place(j.name, j.version, i))
		if err != nil {
			return nil, err
		}
		prepared[i] = segment.Chunk{Sealed: sealed, Vector: vectors[i]}
	}
	in.ingest.chunks.Add(int64(len(parts)))
	in.ingest.bytes.Add(int64(len(j.content.Text)))
	return prepared, nil
}

// place is what a sealed chunk is bound to.
func place(name string, version uint64, chunk int) []byte {
	return fmt.Appendf(nil, "%s@%d#%d", name, version, chunk)
}

// embedStubbornly repeats transient failures until the context ends, because the
// document was accepted.
func embedStubbornly(ctx context.Context, model *embedding.Model, texts []string) ([]embedding.Vector, error) {
	const most = 2 * time.Second
	for delay := 50 * time.Millisecond; ; delay = min(2*delay, most) {
		vectors, err := model.Embed(ctx, embedding.Ingest, texts)
		if !errors.Is(err, embedding.ErrOverloaded) {
			return vectors, err
		}
		if err := pause.For(ctx, delay); err != nil {
			return nil, err
		}
	}
}
