package buffer

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/metertree/metertree/meter"
)

// What a Config's zero fields mean.
const (
	DefaultShards        = 4
	DefaultMaxBytes      = 64 << 20
	DefaultQueueLength   = 3
	DefaultFlushInterval = time.Second
)

// Config says what a Buffer does. Flush, Failed and Size are required; for
// every other field the zero value is a default.
type Config[T any] struct {
	// Flush takes a batch. It is called from several goroutines, but never
	// twice at once for one shard. Its context ends when Close runs out of
	// time; Close then waits for it to return. It must not call the buffer's
	// Flush or Close, which would wait for it.
	Flush func(ctx context.Context, batch Batch[T]) error
	// Failed takes back a batch that finally failed, with a *BatchError. Until
	// it returns, its shard hands on nothing more; so it must not wait for the
	// buffer: no Flush, no Close, no Put that may wait for room. It is
	// required, because without it the records would be lost.
	Failed func(batch Batch[T], err error)
	// Size returns the bytes an item counts for, at any time the same for the
	// same item; less than one counts as one.
	Size func(item T) int

	// Shards is the number of shards.
	Shards int
	// MaxBytes bounds what the buffer holds, by what Size says. It is divided
	// evenly: each shard has room for one mutable and QueueLength immutable
	// tables. A record larger than a table is refused.
	MaxBytes int64
	// QueueLength is how many immutable tables a shard may have, the one being
	// flushed included.
	QueueLength int
	// FlushInterval is how old a record may grow in a mutable table before the
	// table is swapped, if its shard's flusher is free then; negative turns
	// the trigger off.
	FlushInterval time.Duration
	// Concurrency bounds how many calls of Flush run at once, over all shards;
	// 0 means one for each shard. Waiting between attempts does not count.
	Concurrency int
	// Retry says when a failed attempt is repeated.
	Retry Retry

	// Scope is where the meters are defined; the zero Scope records nothing.
	Scope meter.Scope
	// Position distinguishes this buffer's series from those of others in the
	// same scope. Give each buffer its own.
	Position Position
}

// Position says which part of a store a buffer belongs to; its fields become
// the constant labels module, database, shard, segment and block. An empty
// field keeps the scope's label of that name, if there is one.
type Position struct {
	Module, Database, Shard, Segment, Block string
}

// scope returns the scope of the meters. All position labels are always set,
// because every series of a metric has the same labels.
func (p Position) scope(parent meter.Scope) meter.Scope {
	scope := parent.Scope("buffer")
	inherited := parent.Labels()
	for _, label := range [][2]string{
		{"module", p.Module}, {"database", p.Database}, {"shard", p.Shard},
		{"segment", p.Segment}, {"block", p.Block},
	} {
		_, kept := inherited.Get(label[0])
		if label[1] != "" || !kept {
			scope = scope.With(label[0], label[1])
		}
	}
	return scope
}

// complete returns the configuration with its defaults, or what is wrong.
func (c Config[T]) complete() (Config[T], error) {
	switch {
	case c.Flush == nil:
		return c, errors.New("buffer config: Flush is nil: give the function that takes batches")
	case c.Failed == nil:
		return c, errors.New("buffer config: Failed is nil: give the function that takes back batches whose flush finally failed, or their records would be lost")
	case c.Size == nil:
		return c, errors.New("buffer config: Size is nil: give the function that returns an item's bytes")
	}
	for _, field := range []struct {
		name  string
		value int64
	}{
		{"Shards", int64(c.Shards)}, {"MaxBytes", c.MaxBytes},
		{"QueueLength", int64(c.QueueLength)}, {"Concurrency", int64(c.Concurrency)},
	} {
		if field.value < 0 {
			return c, fmt.Errorf("buffer config: %s is %d: give a positive number, or 0 for the default", field.name, field.value)
		}
	}
	c.Shards = orDefault(c.Shards, DefaultShards)
	c.MaxBytes = orDefault(c.MaxBytes, DefaultMaxBytes)
	c.QueueLength = orDefault(c.QueueLength, DefaultQueueLength)
	c.FlushInterval = orDefault(c.FlushInterval, DefaultFlushInterval)
	c.Concurrency = orDefault(c.Concurrency, c.Shards)
	if c.tableBytes() < 1 {
		return c, fmt.Errorf("buffer config: MaxBytes %d leaves no byte for each of %d shards with %d tables: raise MaxBytes, or lower Shards or QueueLength",
			c.MaxBytes, c.Shards, c.QueueLength+1)
	}
	retry, err := c.Retry.complete()
	c.Retry = retry
	return c, err
}

// tableBytes is how much one table takes.
func (c Config[T]) tableBytes() int64 {
	return c.MaxBytes / int64(c.Shards) / int64(c.QueueLength+1)
}

// shardBytes is how much one shard takes.
func (c Config[T]) shardBytes() int64 { return c.tableBytes() * int64(c.QueueLength+1) }

func orDefault[N int | int64 | float64 | time.Duration](value, fallback N) N {
	if value == 0 {
		return fallback
	}
	return value
}
