package prometheus

import (
	"math"
	"slices"
)

// bucketLabels holds the text `le="…"} ` of each bucket of one layout, +Inf
// last, made once and used for every series that has the layout.
type bucketLabels struct {
	// bound writes a bound as the format demands.
	bound  func([]byte, float64) []byte
	bounds []float64
	texts  []bucketText
}

// bucketText is copied as a whole if it is short, as those of hand-picked bounds
// are: that takes two instructions.
type bucketText struct {
	short [slack]byte
	size  int
	long  []byte
}

// slack is by how much bytes may be written beyond the end of a bucket's text.
const slack = 16

// layout makes the text for bounds, unless they are those it has.
func (b *bucketLabels) layout(bounds []float64) {
	if len(b.texts) == len(bounds)+1 && slices.Equal(b.bounds, bounds) {
		return
	}
	b.bounds = append(b.bounds[:0], bounds...)
	b.texts = slices.Grow(b.texts[:0], len(bounds)+1)[:len(bounds)+1]
	for i, bound := range bounds {
		b.set(i, bound)
	}
	b.set(len(bounds), math.Inf(1))
}

func (b *bucketLabels) set(i int, bound float64) {
	t := &b.texts[i]
	t.long = append(t.long[:0], `le="`...)
	t.long = b.bound(t.long, bound)
	t.long = append(t.long, `"} `...)
	t.size = copy(t.short[:], t.long)
	if len(t.long) > slack {
		t.size = len(t.long)
	}
}

// longest is the size of the longest text there may be.
func (b *bucketLabels) longest() int { return len(`le=""} `) + maxFloat }

// put writes the text of a bucket at the position, with room for slack more
// behind it, and returns where it ends.
func (b *bucketLabels) put(dst []byte, at, bucket int) int {
	t := &b.texts[bucket]
	if t.size <= slack {
		*(*[slack]byte)(dst[at:]) = t.short
	} else {
		copy(dst[at:], t.long)
	}
	return at + t.size
}
