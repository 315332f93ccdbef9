package buffer

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/metertree/metertree/meter"
	"github.com/metertree/metertree/registry"
)

// parcel is the item of a random program.
type parcel struct{ writer, sequence, size int }

// program is a random use of a buffer, with all that is needed to check what
// became of every parcel.
type program struct {
	t      *testing.T
	seed   uint64
	reg    *registry.Registry
	config Config[parcel]
	buffer *Buffer[parcel]

	mu       sync.Mutex
	random   *rand.Rand
	accepted map[parcel]bool
	refused  map[parcel]bool
	// fates are flushed and given back batches in order, by shard.
	fates           map[int][]Batch[parcel]
	flushed, failed tally
	attempts        tally
	repeats         int64
	running         map[int]bool
}

// tally counts what batches hold.
type tally struct{ batches, records, bytes int64 }

func (t *tally) add(b Batch[parcel]) {
	t.batches++
	t.records += int64(len(b.Records))
	t.bytes += b.Bytes
}

func newProgram(t *testing.T, seed uint64) *program {
	p := &program{
		t: t, seed: seed,
		random:   rand.New(rand.NewPCG(seed, 1)),
		reg:      registry.New(registry.Options{}),
		accepted: map[parcel]bool{}, refused: map[parcel]bool{},
		fates: map[int][]Batch[parcel]{}, running: map[int]bool{},
	}
	shards, queue := 1+p.pick(4), 1+p.pick(3)
	p.config = Config[parcel]{
		Flush: p.flush, Failed: p.takeBack,
		Size:   func(item parcel) int { return item.size },
		Shards: shards, QueueLength: queue,
		MaxBytes:      int64(shards * (queue + 1) * (20 + p.pick(200))),
		FlushInterval: []time.Duration{-1, time.Millisecond, time.Second}[p.pick(3)],
		Concurrency:   p.pick(shards + 1),
		Retry:         Retry{Attempts: 1 + p.pick(4), Initial: time.Millisecond, Max: 20 * time.Millisecond},
		Scope:         meter.New(p.reg),
	}
	b, err := New(p.config)
	if err != nil {
		t.Fatalf("seed %d: %v", seed, err)
	}
	p.buffer = b
	return p
}

// pick returns a random number below n.
func (p *program) pick(n int) int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.random.IntN(n)
}

func (p *program) errorf(format string, args ...any) {
	p.t.Helper()
	p.t.Errorf("seed %d: %s", p.seed, fmt.Sprintf(format, args...))
}

func (p *program) flush(ctx context.Context, b Batch[parcel]) error {
	p.begin(b)
	defer p.end(b)
	select {
	case <-time.After(time.Duration(p.pick(3)) * time.Millisecond):
	case <-ctx.Done():
	}
	switch p.pick(12) {
	case 0:
		return Permanent(errDisk)
	case 1:
		panic("flush")
	case 2:
		runtime.Goexit()
	case 3, 4, 5:
		return errDisk
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.flushed.add(b)
	p.fates[b.Shard] = append(p.fates[b.Shard], b)
	return nil
}

func (p *program) begin(b Batch[parcel]) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.attempts.add(b)
	if b.Attempt > 1 {
		p.repeats++
	}
	if p.running[b.Shard] {
		p.errorf("two flushes of shard %d at once", b.Shard)
	}
	p.running[b.Shard] = true
	if limit := p.config.Concurrency; limit > 0 && len(p.running) > limit {
		p.errorf("%d flushes at once, the limit is %d", len(p.running), limit)
	}
	if b.Attempt < 1 || b.Attempt > p.config.Retry.Attempts {
		p.errorf("attempt %d of %d", b.Attempt, p.config.Retry.Attempts)
	}
}

func (p *program) end(b Batch[parcel]) {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.running, b.Shard)
}

func (p *program) takeBack(b Batch[parcel], err error) {
	p.mu.Lock()
	p.failed.add(b)
	p.fates[b.Shard] = append(p.fates[b.Shard], b)
	p.mu.Unlock()
	var named *BatchError
	if !errors.As(err, &named) || named.Records != len(b.Records) || named.Attempts != b.Attempt {
		p.errorf("batch of %d records given back with %v", len(b.Records), err)
	}
	if p.pick(4) == 0 {
		panic("taking back")
	}
}

// context returns one that lasts, one that ends soon, or one that has ended.
func (p *program) context() (context.Context, context.CancelFunc) {
	switch p.pick(6) {
	case 0:
		return context.WithTimeout(context.Background(), time.Duration(p.pick(10))*time.Millisecond)
	case 1:
		ctx, cancel := context.WithCancel(context.Background())
		time.AfterFunc(time.Duration(p.pick(5))*time.Millisecond, cancel)
		return ctx, cancel
	}
	return context.WithCancel(context.Background())
}

func (p *program) write(writer, count int) {
	for i := range count {
		item := parcel{writer, i, p.pick(25)}
		ctx, cancel := p.context()
		err := p.buffer.Put(ctx, fmt.Sprint("key", i%7), item)
		cancel()
		p.mu.Lock()
		if err == nil {
			p.accepted[item] = true
		} else {
			p.refused[item] = true
		}
		p.mu.Unlock()
		if err != nil && ctx.Err() == nil && !errors.Is(err, ErrClosed) && !errors.Is(err, ErrTooLarge) {
			p.errorf("Put: %v", err)
		}
		if p.pick(10) == 0 {
			time.Sleep(time.Duration(p.pick(4)) * time.Millisecond)
		}
	}
}

// watch checks at random moments that no gauge leaves its bounds.
func (p *program) watch(stop <-chan struct{}) {
	table := float64(p.buffer.config.tableBytes())
	for {
		for series, v := range readMeters(p.reg) {
			limit := -1.0
			switch {
			case strings.HasPrefix(series, "buffer_mutable_bytes"):
				limit = table
			case strings.HasPrefix(series, "buffer_immutable_bytes"):
				limit = table * float64(p.config.QueueLength)
			}
			if v < 0 || limit >= 0 && v > limit {
				p.errorf("%s is %v, beyond 0 to %v", series, v, limit)
			}
		}
		select {
		case <-stop:
			return
		case <-time.After(time.Millisecond):
		}
	}
}

// run writes, flushes and closes at random and returns when all is over.
func (p *program) run() {
	var work sync.WaitGroup
	for writer := range 2 + p.pick(8) {
		count := p.pick(80)
		work.Go(func() { p.write(writer, count) })
	}
	work.Go(func() {
		for range p.pick(5) {
			ctx, cancel := p.context()
			_ = p.buffer.Flush(ctx)
			cancel()
		}
	})
	stop := make(chan struct{})
	var watcher sync.WaitGroup
	watcher.Go(func() { p.watch(stop) })
	if p.pick(3) == 0 {
		work.Wait()
	} else {
		time.Sleep(time.Duration(p.pick(60)) * time.Millisecond)
	}
	ctx, cancel := p.context()
	err := p.buffer.Close(ctx)
	cancel()
	p.checkMeters()
	work.Wait()
	close(stop)
	watcher.Wait()
	p.checkFates()
	if again := p.buffer.Close(context.Background()); again != err {
		p.errorf("Close returned %v and then %v", err, again)
	}
}
