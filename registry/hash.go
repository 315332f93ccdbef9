package registry

import (
	"hash/maphash"
	"math/bits"
	"math/rand/v2"
)

// hasher hashes label values with a key that differs from registry to
// registry, so that values cannot be crafted to slow a registry down. Equality
// never rests on it.
//
// Values of up to 16 bytes, which are nearly all, are read as two words that
// overlap and folded by one 128-bit multiplication, as wyhash does it (Wang Yi,
// 2019); the call is inlined into the search. Longer values go to hash/maphash.
type hasher struct {
	low, high uint64
	long      maphash.Seed
}

func newHasher() hasher {
	return hasher{low: rand.Uint64(), high: rand.Uint64(), long: maphash.MakeSeed()}
}

func (h *hasher) hash(s string) uint64 {
	var a, b uint64
	switch n := len(s); {
	case n > 16:
		return maphash.String(h.long, s)
	case n >= 8:
		a, b = load64(s), load64(s[n-8:])
	case n >= 4:
		a, b = uint64(load32(s)), uint64(load32(s[n-4:]))
	case n > 0:
		a = uint64(s[0])<<16 | uint64(s[n/2])<<8 | uint64(s[n-1])
	}
	up, down := bits.Mul64(a^h.low, b^h.high^uint64(len(s))<<56)
	return up ^ down
}

// load64 reads the first eight bytes; the compiler makes one load of it.
func load64(s string) uint64 {
	_ = s[7]
	return uint64(s[0]) | uint64(s[1])<<8 | uint64(s[2])<<16 | uint64(s[3])<<24 |
		uint64(s[4])<<32 | uint64(s[5])<<40 | uint64(s[6])<<48 | uint64(s[7])<<56
}

// load32 reads the first four bytes; the compiler makes one load of it.
func load32(s string) uint32 {
	_ = s[3]
	return uint32(s[0]) | uint32(s[1])<<8 | uint32(s[2])<<16 | uint32(s[3])<<24
}
