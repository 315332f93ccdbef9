package registry

import (
	"fmt"
	"testing"
)

// TestHashSpreads fills as many slots as there are values; were they thrown at
// random, a share of 1/e of the slots would stay empty.
func TestHashSpreads(t *testing.T) {
	for name, value := range map[string]func(int) string{
		"numbers":  func(i int) string { return fmt.Sprint(i) },
		"short":    func(i int) string { return string([]byte{byte(i), byte(i >> 8)}) },
		"shards":   func(i int) string { return fmt.Sprintf("shard-%d", i) },
		"prefixed": func(i int) string { return fmt.Sprintf("eu-west-%07d", i) },
		"long":     func(i int) string { return fmt.Sprintf("a-rather-long-prefix-%d", i) },
		"sparse":   func(i int) string { return fmt.Sprintf("%016b", i) },
	} {
		h := newHasher()
		k := []keyPair{h.keysFor(3)}
		const n = 1 << 16
		used := make([]bool, n)
		for i := range n {
			used[fold(h.sum(k, []string{value(i)}))>>16] = true
		}
		empty := 0
		for _, u := range used {
			if !u {
				empty++
			}
		}
		if share := float64(empty) / n; share > 0.40 {
			t.Errorf("%s: %.3f of the slots are empty, want about 0.368", name, share)
		}
	}
}

func TestHashTellsLengthsApart(t *testing.T) {
	h := newHasher()
	k := []keyPair{h.keysFor(0)}
	seen := map[uint32]int{}
	for n := range 40 {
		hash := fold(h.sum(k, []string{string(make([]byte, n))}))
		if m, taken := seen[hash]; taken {
			t.Errorf("%d and %d zero bytes hash alike", m, n)
		}
		seen[hash] = n
	}
}
