package buffer

import "time"

// Record is an item with the key it was put under.
type Record[T any] struct {
	Key  string
	Item T
}

// Batch is a table on its way out. It is the callback's to keep, but since a
// failed attempt is repeated with the same records, a Flush must not change
// Records before it has succeeded.
type Batch[T any] struct {
	// Shard is the index of the shard, which is the label bucket of its meters.
	Shard int
	// Attempt is 1 for the first attempt. A batch given to Config.Failed holds
	// the number of attempts made: 0 if Close ran out of time before any.
	Attempt int
	// Records are in the order in which they were accepted; there is at least
	// one.
	Records []Record[T]
	// Bytes is the sum of the records' sizes.
	Bytes int64
	// Oldest is when the first of the records was accepted.
	Oldest time.Time
}

// table collects the records of a shard until it becomes a batch.
type table[T any] struct {
	records []Record[T]
	bytes   int64
	opened  time.Time
	// attempts counts how often the table was handed to Flush.
	attempts int
	// expected is how many records to make room for with the first.
	expected int
}

func (t *table[T]) empty() bool { return len(t.records) == 0 }

// add appends a record. Room for as many as the last table took is made at
// once, so that a steady load costs one allocation a table.
func (t *table[T]) add(r Record[T], size int64) {
	if t.records == nil {
		t.records = make([]Record[T], 0, max(t.expected, 1))
		t.opened = time.Now()
	}
	t.records = append(t.records, r)
	t.bytes += size
}

// successor returns the empty table that replaces a full one.
func (t *table[T]) successor() *table[T] { return &table[T]{expected: len(t.records)} }

// batch returns what the callbacks see of the table.
func (t *table[T]) batch(shard int) Batch[T] {
	return Batch[T]{
		Shard:   shard,
		Attempt: t.attempts,
		Records: t.records[:len(t.records):len(t.records)],
		Bytes:   t.bytes,
		Oldest:  t.opened,
	}
}
