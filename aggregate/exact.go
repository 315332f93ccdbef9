package aggregate

import (
	"fmt"
	"math"
	"math/bits"
	"sync/atomic"

	"github.com/metertree/metertree/internal/cell"
)

// MaxExactLimit is the greatest limit that NewExact takes.
const MaxExactLimit = 1 << 24

// Exact keeps every value, in the order of arrival, up to a limit. Make one
// with NewExact. It must not be copied.
//
// It never holds more than 8 bytes for each value of the limit and, until then,
// no more than 16 for each value it has, or for 32. A value beyond the limit is
// not kept: it counts in the state's Missed and MissedSum, so that count and sum
// stay exact, and a quantile is then refused with an error.
type Exact struct {
	drops
	limit uint64
	// arrived counts the values that asked for a place.
	arrived atomic.Uint64
	// chunks are each twice as long as the one before, and made when needed.
	chunks [chunkCount]atomic.Pointer[[]atomic.Uint64]
	// missed has a single bucket.
	missed cell.Histogram
}

const (
	// firstChunk is the length of the first chunk.
	firstChunk = 64
	// chunkCount is enough for MaxExactLimit.
	chunkCount = 19
	// absent, the bits of a NaN, turns the bits of a value into a word that is
	// never zero, so that zero stands for a value that is still under way.
	absent = 0x7ff8_0000_0000_0001
)

// NewExact returns an aggregator for up to limit values.
func NewExact(limit int) (*Exact, error) {
	if limit < 1 || limit > MaxExactLimit {
		return nil, fmt.Errorf("exact aggregator with a limit of %d values: choose from 1 to %d, or use a sketch",
			limit, MaxExactLimit)
	}
	e := &Exact{limit: uint64(limit)}
	e.missed.Init(nil)
	return e, nil
}

// Observe keeps v. A value that is not finite is ignored and counted.
func (e *Exact) Observe(v float64) {
	if e.rejects(v) {
		return
	}
	at := e.arrived.Add(1) - 1
	if at >= e.limit {
		e.missed.Observe(v)
		return
	}
	chunk, i := place(at)
	words := e.chunks[chunk].Load()
	if words == nil {
		words = e.newChunk(chunk)
	}
	(*words)[i].Store(math.Float64bits(v) ^ absent)
}

// place returns in which chunk a value is, and where.
func place(at uint64) (chunk int, i uint64) {
	chunk = bits.Len64(at/firstChunk+1) - 1
	return chunk, at - firstChunk*(1<<chunk-1)
}

// newChunk makes a chunk unless another goroutine was faster.
func (e *Exact) newChunk(chunk int) *[]atomic.Uint64 {
	before := firstChunk * (uint64(1)<<chunk - 1)
	words := make([]atomic.Uint64, min(firstChunk<<chunk, e.limit-before))
	if e.chunks[chunk].CompareAndSwap(nil, &words) {
		return &words
	}
	return e.chunks[chunk].Load()
}

// Checkpoint reads the values so far. It ends before the first value that is
// still under way, so a later state begins with all of an earlier one.
func (e *Exact) Checkpoint(to *ExactState) {
	var words [2]uint64
	to.MissedSum = e.missed.Read(words[:])
	to.Missed, to.Limit = words[0], int(e.limit)
	to.Values = to.Values[:0]
	for left, chunk := min(e.arrived.Load(), e.limit), 0; left > 0; chunk++ {
		words := e.chunks[chunk].Load()
		if words == nil {
			return
		}
		n := min(left, uint64(len(*words)))
		for i := range (*words)[:n] {
			word := (*words)[i].Load()
			if word == 0 {
				return
			}
			to.Values = append(to.Values, math.Float64frombits(word^absent))
		}
		left -= n
	}
}
