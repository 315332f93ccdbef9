package contextd

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/metertree/metertree/buffer"
	ingestmeters "github.com/metertree/metertree/collect/ingest"
	"github.com/metertree/metertree/examples/contextd/internal/embedding"
	"github.com/metertree/metertree/examples/contextd/internal/pause"
	"github.com/metertree/metertree/examples/contextd/internal/segment"
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
			in.again.documents.Inc()
		}
	}
}

// handle brings one change into the write buffer.
func (in *ingester) handle(ctx context.Context, j job) {
	c := &call{tenant: j.tenant, name: ingestDocument, start: time.Now()}
	if j.state == segment.Deleted {
		c.name = forgetDocument
	}
	err := in.tasks.Do(ctx, c.name, func(ctx context.Context) error { return in.change(ctx, c, j) })
	if err != nil {
		in.lose(ctx, j, err)
	}
	in.finish(c, err)
}

// lose counts a change that will not be stored. When time has run out there may be
// many, so Run tells their number instead.
func (in *ingester) lose(ctx context.Context, j job, err error) {
	in.lost.Add(1)
	if ctx.Err() == nil {
		in.config.Logger.Error("document not stored", "account", j.tenant.Name, "document", j.name, "err", err)
	}
}

func (in *ingester) change(ctx context.Context, c *call, j job) error {
	record := segment.Record{
		Account: j.tenant.Name, Document: j.name, Version: j.version, State: j.state,
		Type: j.content.Type, Title: j.content.Title,
	}
	if j.state == segment.Deleted {
		return in.put(ctx, record)
	}
	resource := in.ingest.Started(j.content.Type)
	size := ingestmeters.Size{Bytes: len(j.content.Text)}
	err := in.prepare(ctx, c, j, &record, resource)
	if err == nil {
		size.Chunks = len(record.Chunks)
		stage := resource.Stage("buffer")
		err = in.put(ctx, record)
		stage.Done()
	}
	resource.Done(size, err)
	return err
}

func (in *ingester) put(ctx context.Context, record segment.Record) error {
	if err := in.returned.room(ctx); err != nil {
		return err
	}
	return in.buffer.Put(ctx, segment.Key(record.Account, record.Document), record)
}

// prepare cuts, embeds and encrypts a document.
func (in *ingester) prepare(ctx context.Context, c *call, j job, record *segment.Record, resource ingestmeters.Resource) error {
	stage := resource.Stage("chunk")
	parts := chunks(j.content.Text)
	stage.Done()

	stage = resource.Stage("embed")
	vectors, tokens, err := embedStubbornly(ctx, j.tenant.model, parts)
	stage.Done()
	c.embeddingTokens += tokens
	if err != nil {
		return err
	}

	stage = resource.Stage("encrypt")
	defer stage.Done()
	record.Chunks = make([]segment.Chunk, len(parts))
	for i, part := range parts {
		sealed, err := in.vault.Seal(j.tenant.Name, []byte(part), place(j.name, j.version, i))
		if err != nil {
			return err
		}
		record.Chunks[i] = segment.Chunk{Sealed: sealed, Vector: vectors[i]}
	}
	return nil
}

// place is what a sealed chunk is bound to.
func place(name string, version uint64, chunk int) []byte {
	return fmt.Appendf(nil, "%s@%d#%d", name, version, chunk)
}

// embedStubbornly repeats transient failures until the context ends, because the
// document was accepted.
func embedStubbornly(ctx context.Context, model *embedding.Model, texts []string) ([]embedding.Vector, int, error) {
	const most = 2 * time.Second
	for delay := 50 * time.Millisecond; ; delay = min(2*delay, most) {
		vectors, tokens, err := model.Embed(ctx, embedding.Ingest, texts)
		if !errors.Is(err, embedding.ErrOverloaded) {
			return vectors, tokens, err
		}
		if err := pause.For(ctx, delay); err != nil {
			return nil, 0, err
		}
	}
}
