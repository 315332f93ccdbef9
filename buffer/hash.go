package buffer

import "math/bits"

// shardOf maps a key to one of n shards: the FNV-1a hash (Fowler, Noll, Vo;
// 64 bits), whose upper bits are mixed by a multiplication and scaled to n. It
// depends on nothing but the key and n, so a key keeps its shard when the
// process restarts.
func shardOf(key string, n int) int {
	const (
		offset = 0xcbf2_9ce4_8422_2325
		prime  = 0x0000_0100_0000_01b3
		mix    = 0x9e37_79b9_7f4a_7c15
	)
	h := uint64(offset)
	for i := range len(key) {
		h = (h ^ uint64(key[i])) * prime
	}
	h = (h ^ h>>32) * mix
	index, _ := bits.Mul64(h, uint64(n))
	return int(index)
}
