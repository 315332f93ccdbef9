package buffer

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"testing/synctest"
)

// checkFates holds what was accepted against what was flushed and given back.
func (p *program) checkFates() {
	seen := map[parcel]bool{}
	for shard, batches := range p.fates {
		last := map[string]int{}
		for _, r := range slices.Concat(records(batches)...) {
			if seen[r.Item] {
				p.errorf("%v came out twice", r.Item)
			}
			seen[r.Item] = true
			if p.buffer.Shard(r.Key) != shard {
				p.errorf("key %s came out of shard %d", r.Key, shard)
			}
			stream := fmt.Sprint(r.Key, " of writer ", r.Item.writer)
			if before, ok := last[stream]; ok && before >= r.Item.sequence {
				p.errorf("%s: %d came out after %d", stream, r.Item.sequence, before)
			}
			last[stream] = r.Item.sequence
		}
	}
	for item := range p.accepted {
		if !seen[item] {
			p.errorf("%v was accepted and is lost", item)
		}
	}
	for item := range p.refused {
		if seen[item] {
			p.errorf("%v was refused and came out", item)
		}
	}
}

func records(batches []Batch[parcel]) [][]Record[parcel] {
	var all [][]Record[parcel]
	for _, b := range batches {
		all = append(all, b.Records)
	}
	return all
}

// checkMeters holds the meters of a closed buffer against what happened.
func (p *program) checkMeters() {
	got := readMeters(p.reg)
	p.mu.Lock()
	defer p.mu.Unlock()
	for name, want := range map[string]int64{
		`buffer_max_bytes`:                        0,
		`buffer_mutable_bytes`:                    0,
		`buffer_immutable_bytes`:                  0,
		`buffer_oldest_age_seconds`:               0,
		`buffer_stalled_writers`:                  0,
		`buffer_flushes_total{status="ok"}`:       p.flushed.batches,
		`buffer_flush_records_total{status="ok"}`: p.flushed.records,
		`buffer_flush_bytes_total{status="ok"}`:   p.flushed.bytes,
		`buffer_flushes_total`:                    p.attempts.batches,
		`buffer_flush_records_total`:              p.attempts.records,
		`buffer_flush_bytes_total`:                p.attempts.bytes,
		`buffer_flush_duration_seconds_count`:     p.attempts.batches,
		`buffer_retries_total`:                    p.repeats,
		`buffer_failed_records_total`:             p.failed.records,
		`buffer_failed_bytes_total`:               p.failed.bytes,
		`metertree_dropped_updates_total`:         0,
	} {
		if v := got.sum(name); v != float64(want) {
			p.errorf("%s is %v, want %d", name, v, want)
		}
	}
}

// TestNothingIsLost runs random programs. A goroutine that is left behind
// fails it as well: synctest.Test does not return before all have ended.
func TestNothingIsLost(t *testing.T) {
	programs := 200
	if testing.Short() {
		programs = 30
	}
	for range programs {
		seed := rand.Uint64()
		synctest.Test(t, func(t *testing.T) { newProgram(t, seed).run() })
		if t.Failed() {
			return
		}
	}
}
