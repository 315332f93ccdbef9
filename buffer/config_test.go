package buffer

import (
	"context"
	"fmt"
	"math"
	"strings"
	"testing"
	"time"
)

func validConfig() Config[string] {
	return Config[string]{
		Flush:  func(context.Context, Batch[string]) error { return nil },
		Failed: func(Batch[string], error) {},
		Size:   func(item string) int { return len(item) },
	}
}

func TestDefaults(t *testing.T) {
	c, err := validConfig().complete()
	if err != nil {
		t.Fatal(err)
	}
	if c.Shards != DefaultShards || c.MaxBytes != DefaultMaxBytes || c.QueueLength != DefaultQueueLength ||
		c.FlushInterval != DefaultFlushInterval || c.Concurrency != DefaultShards {
		t.Errorf("defaults: %+v", c)
	}
	if want := (Retry{DefaultAttempts, DefaultRetryInitial, DefaultRetryMax, DefaultJitter}); c.Retry != want {
		t.Errorf("default retry: %+v, want %+v", c.Retry, want)
	}
	if c.tableBytes() != 4<<20 || c.shardBytes()*DefaultShards != DefaultMaxBytes {
		t.Errorf("tables of %d bytes, shards of %d", c.tableBytes(), c.shardBytes())
	}
}

func TestInitialBeyondTheDefaultMax(t *testing.T) {
	r, err := Retry{Initial: time.Hour}.complete()
	if err != nil || r.Max != time.Hour {
		t.Errorf("Max is %v (error %v), want Initial", r.Max, err)
	}
}

func TestInvalidConfig(t *testing.T) {
	for want, change := range map[string]func(*Config[string]){
		"Flush is nil":              func(c *Config[string]) { c.Flush = nil },
		"Failed is nil":             func(c *Config[string]) { c.Failed = nil },
		"Size is nil":               func(c *Config[string]) { c.Size = nil },
		"Shards is -1":              func(c *Config[string]) { c.Shards = -1 },
		"MaxBytes is -5":            func(c *Config[string]) { c.MaxBytes = -5 },
		"QueueLength is -1":         func(c *Config[string]) { c.QueueLength = -1 },
		"Concurrency is -2":         func(c *Config[string]) { c.Concurrency = -2 },
		"MaxBytes 15 leaves":        func(c *Config[string]) { c.MaxBytes = 15 },
		"Retry.Attempts is -1":      func(c *Config[string]) { c.Retry.Attempts = -1 },
		"Retry.Initial is -1s":      func(c *Config[string]) { c.Retry.Initial = -time.Second },
		"Retry.Max 1ms is below":    func(c *Config[string]) { c.Retry.Max = time.Millisecond },
		"Retry.Jitter is 1.5":       func(c *Config[string]) { c.Retry.Jitter = 1.5 },
		"Retry.Jitter is NaN":       func(c *Config[string]) { c.Retry.Jitter = math.NaN() },
		fmt.Sprint(math.MaxInt / 4): func(c *Config[string]) { c.Shards, c.QueueLength = math.MaxInt/4, 1 },
	} {
		c := validConfig()
		change(&c)
		b, err := New(c)
		if err == nil || b != nil || !strings.Contains(err.Error(), want) || !strings.HasPrefix(err.Error(), "buffer config: ") {
			t.Errorf("error %v, want one with %q", err, want)
		}
	}
}

// The shard of a key is part of what the package promises to keep.
func TestShardOfIsStable(t *testing.T) {
	for key, want := range map[string]int{"": 8, "a": 8, "b": 4, "colour": 11, "tenant-17/x": 12} {
		if got := shardOf(key, 16); got != want {
			t.Errorf("shardOf(%q, 16) is %d, want %d", key, got, want)
		}
	}
}

func TestShardOfSpreadsKeys(t *testing.T) {
	const keys = 30_000
	for _, form := range []string{"%d", "user-%08d", "%d/blob", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa%d"} {
		for _, n := range []int{1, 2, 3, 7, 16} {
			counts := make([]int, n)
			for i := range keys {
				counts[shardOf(fmt.Sprintf(form, i), n)]++
			}
			for shard, got := range counts {
				if even := float64(keys) / float64(n); math.Abs(float64(got)-even) > even/5 {
					t.Errorf("form %q: shard %d of %d has %d keys, want about %.0f", form, shard, n, got, even)
				}
			}
		}
	}
}
