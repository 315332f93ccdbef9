package cell

import (
	"math"
	"math/bits"
	"sync/atomic"
)

// MaxValues is the greatest limit of a Values.
const MaxValues = 1 << 24

// Values keeps every value, in the order of arrival, up to a limit. Init it
// before use. It must not be copied.
//
// It never holds more than 8 bytes for each value of the limit and, until then,
// no more than 16 for each value it has, or for 32. A value beyond the limit is
// not kept, only counted and summed.
//
// Observe and Count may run at any time; no two of the other methods at once.
type Values struct {
	limit uint64
	// arrived counts the values that asked for a place, and holds arrivedSealed.
	arrived atomic.Uint64
	// last is how many values have a place; set by Seal.
	last uint64
	// chunks are each twice as long as the one before, and made when needed.
	chunks [chunkCount]atomic.Pointer[[]atomic.Uint64]
	// missed has a single bucket.
	missed Histogram
}

const (
	// firstChunk is the length of the first chunk.
	firstChunk = 64
	// chunkCount is enough for MaxValues.
	chunkCount = 19
	// absent, the bits of a NaN, turns the bits of a value into a word that is
	// never zero, so that zero stands for a value that is still under way.
	absent = 0x7ff8_0000_0000_0001
	// arrivedSealed is a bit no count of arrivals reaches.
	arrivedSealed = 1 << 63
)

// Init makes an empty cell for up to limit values, from 1 to MaxValues.
func (c *Values) Init(limit int) {
	c.limit = uint64(limit)
	c.missed.Init(nil)
}

// Limit returns how many values are kept.
func (c *Values) Limit() int { return int(c.limit) }

// Observe keeps v, which must be finite. It allocates as the values grow, a
// chunk at a time.
func (c *Values) Observe(v float64) Outcome {
	at := c.arrived.Add(1) - 1
	if at >= c.limit {
		if at >= arrivedSealed {
			return Refused
		}
		return c.missed.Observe(v)
	}
	chunk, i := place(at)
	words := c.chunks[chunk].Load()
	if words == nil {
		words = c.newChunk(chunk)
	}
	(*words)[i].Store(math.Float64bits(v) ^ absent)
	return Taken
}

// Count counts v as missed without adding it to the sum, and reports whether
// the cell took it.
func (c *Values) Count(v float64) bool { return c.missed.Count(v) }

// place returns in which chunk a value is, and where.
func place(at uint64) (chunk int, i uint64) {
	chunk = bits.Len64(at/firstChunk+1) - 1
	return chunk, at - firstChunk*(1<<chunk-1)
}

// newChunk makes a chunk unless another goroutine was faster.
func (c *Values) newChunk(chunk int) *[]atomic.Uint64 {
	before := firstChunk * (uint64(1)<<chunk - 1)
	words := make([]atomic.Uint64, min(firstChunk<<chunk, c.limit-before))
	if c.chunks[chunk].CompareAndSwap(nil, &words) {
		return &words
	}
	return c.chunks[chunk].Load()
}

// Read appends the values so far to dst, up to the first that is still under
// way, so that a later reading begins with all of an earlier one. It returns
// them with the count and the sum of those that were not kept.
func (c *Values) Read(dst []float64) (values []float64, missed uint64, missedSum float64) {
	var words [2]uint64
	missedSum = c.missed.Read(words[:])
	return c.kept(dst), words[0], missedSum
}

// kept appends the values that are there.
func (c *Values) kept(dst []float64) []float64 {
	for left, chunk := c.places(), 0; left > 0; chunk++ {
		words := c.chunks[chunk].Load()
		if words == nil {
			return dst
		}
		n := min(left, uint64(len(*words)))
		for i := range (*words)[:n] {
			word := (*words)[i].Load()
			if word == 0 {
				return dst
			}
			dst = append(dst, math.Float64frombits(word^absent))
		}
		left -= n
	}
	return dst
}

// places returns how many places were given to values.
func (c *Values) places() uint64 {
	if arrived := c.arrived.Load(); arrived < arrivedSealed {
		return min(arrived, c.limit)
	}
	return c.last
}

// Seal makes every later observation report that it was refused. Settle the
// cell once the present epoch has passed and Arriving is false.
func (c *Values) Seal() {
	c.last = min(c.arrived.Or(arrivedSealed), c.limit)
	c.missed.Seal()
}

// Arriving reports whether a value that has its place is still under way. That
// ends soon, although no epoch bounds it: its goroutine may have been preempted.
func (c *Values) Arriving() bool { return uint64(len(c.kept(nil))) < c.places() }

// Settle folds what was counted beside the shared words of a sealed cell.
func (c *Values) Settle() { c.missed.Settle() }
