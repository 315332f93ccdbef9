package aggregate

import "slices"

// SketchBuckets are neighbouring buckets of one sign.
type SketchBuckets struct {
	// First is the index of the first bucket: bucket i holds the magnitudes
	// above base^i and up to base^(i+1), with base = 2^(2^-scale). That is
	// OpenTelemetry's numbering; Prometheus' is higher by one.
	First int
	// Counts are the counts of bucket First and those that follow.
	Counts []uint64
}

// at returns the count of the bucket with an index.
func (b SketchBuckets) at(index int) uint64 {
	if i := index - b.First; uint(i) < uint(len(b.Counts)) {
		return b.Counts[i]
	}
	return 0
}

// indices is a range of bucket indices with both ends included; it is empty
// if low exceeds high.
type indices struct{ low, high int }

var noIndices = indices{low: 0, high: -1}

func (r indices) empty() bool { return r.low > r.high }

// width is how many buckets the range has.
func (r indices) width() int { return r.high - r.low + 1 }

func (r indices) union(other indices) indices {
	switch {
	case r.empty():
		return other
	case other.empty():
		return r
	}
	return indices{min(r.low, other.low), max(r.high, other.high)}
}

// coarser returns the range at a scale coarser by shift.
func (r indices) coarser(shift int) indices {
	if r.empty() {
		return r
	}
	return indices{r.low >> shift, r.high >> shift}
}

// used returns the range of buckets that are not empty.
func (b SketchBuckets) used() indices {
	low, high := 0, len(b.Counts)-1
	for low <= high && b.Counts[low] == 0 {
		low++
	}
	for low <= high && b.Counts[high] == 0 {
		high--
	}
	if low > high {
		return noIndices
	}
	return indices{b.First + low, b.First + high}
}

// trim drops empty buckets at both ends, keeping the memory.
func (b *SketchBuckets) trim() {
	used := b.used()
	if used.empty() {
		b.First, b.Counts = 0, b.Counts[:0]
		return
	}
	n := copy(b.Counts, b.Counts[used.low-b.First:used.high-b.First+1])
	b.First, b.Counts = used.low, b.Counts[:n]
}

// coarsen merges buckets until they are those of a scale coarser by shift.
func (b *SketchBuckets) coarsen(shift int) {
	if shift == 0 || len(b.Counts) == 0 {
		return
	}
	first := b.First >> shift
	for i, n := range b.Counts {
		// The target never lies behind the source.
		b.Counts[i] = 0
		b.Counts[(b.First+i)>>shift-first] += n
	}
	last := (b.First + len(b.Counts) - 1) >> shift
	b.First, b.Counts = first, b.Counts[:last-first+1]
}

// cover makes sure that all buckets of a range are there.
func (b *SketchBuckets) cover(r indices) {
	if r.empty() {
		return
	}
	if len(b.Counts) == 0 {
		b.First = r.low
	}
	all := indices{b.First, b.First + len(b.Counts) - 1}.union(r)
	if front := b.First - all.low; front > 0 {
		n := len(b.Counts)
		b.Counts = slices.Grow(b.Counts, front)[:n+front]
		copy(b.Counts[front:], b.Counts[:n])
		clear(b.Counts[:front])
		b.First = all.low
	}
	if back := all.width() - len(b.Counts); back > 0 {
		n := len(b.Counts)
		b.Counts = slices.Grow(b.Counts, back)[:n+back]
		clear(b.Counts[n:])
	}
}

// add adds buckets of a scale finer by shift; b covers what they use.
func (b *SketchBuckets) add(other SketchBuckets, shift int) {
	for i, n := range other.Counts {
		if n != 0 {
			b.Counts[(other.First+i)>>shift-b.First] += n
		}
	}
}

// coarseCount returns what bucket index has at a scale coarser by shift.
func (b SketchBuckets) coarseCount(index, shift int) (n uint64) {
	for fine := index << shift; fine < (index+1)<<shift; fine++ {
		n += b.at(fine)
	}
	return n
}

// copyFrom makes b a copy, reusing its memory.
func (b *SketchBuckets) copyFrom(other SketchBuckets) {
	b.First = other.First
	b.Counts = append(b.Counts[:0], other.Counts...)
}
