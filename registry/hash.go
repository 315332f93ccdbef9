package registry

import (
	"hash/maphash"
	"math/bits"
	"math/rand/v2"
	"unsafe"
)

// hasher hashes label values with keys that differ from registry to registry,
// so that values cannot be crafted to slow a registry down. Equality never
// rests on it.
//
// A value is read as two words. Each is offset by a key of its position, their
// 128-bit product is folded into one word, as wyhash does it (Wang Yi, 2019),
// and the words of all values are added up; so the part that constant labels
// make is computed once.
type hasher struct{ long maphash.Seed }

// keyPair offsets the two words of the value at one position.
type keyPair struct{ a, b uint64 }

func newHasher() hasher { return hasher{maphash.MakeSeed()} }

// keysFor returns the offsets for the value at a position.
func (h *hasher) keysFor(position int) keyPair {
	rng := rand.New(rand.NewPCG(maphash.String(h.long, "position"), uint64(position)))
	return keyPair{rng.Uint64(), rng.Uint64()}
}

// maxShort is the length up to which two words hold a value. Nearly all values
// are that short.
const maxShort = 16

// sum returns what values add to the hash of their label set; there are at
// least as many keys as values. Two words and the length are exact for up to
// maxShort bytes, where the words overlap.
func (h *hasher) sum(keys []keyPair, values []string) (sum uint64) {
	keys = keys[:len(values)]
	for i, v := range values {
		var a, b uint64
		p := unsafe.StringData(v)
		switch n := len(v); {
		case n > maxShort:
			a = maphash.String(h.long, v)
		case n >= 8:
			a, b = load[uint64](p, 0), load[uint64](p, n-8)
		case n >= 4:
			a, b = uint64(load[uint32](p, 0)), uint64(load[uint32](p, n-4))
		case n >= 2:
			a, b = uint64(load[uint16](p, 0)), uint64(load[uint16](p, n-2))
		case n == 1:
			a = uint64(*p)
		}
		up, down := bits.Mul64(a^keys[i].a, b^keys[i].b^uint64(len(v))<<57)
		sum += up ^ down
	}
	return sum
}

// fold finishes a hash: it mixes the upper bits into the lower ones and takes
// the upper half of a product, where the bits are best.
func fold(h uint64) uint32 {
	h ^= h >> 32
	return uint32(h * 0x9e37_79b9_7f4a_7c15 >> 32)
}

// load reads a number at an offset, aligned or not; the caller knows that it
// lies within the string.
func load[T uint16 | uint32 | uint64](p *byte, offset int) T {
	return *(*T)(unsafe.Add(unsafe.Pointer(p), offset))
}
