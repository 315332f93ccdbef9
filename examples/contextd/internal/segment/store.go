package segment

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"sync"

	"github.com/metertree/metertree/meter"
	"github.com/metertree/metertree/metric"
)

// Config describes a store.
type Config struct {
	// Accounts are the accounts whose documents it takes.
	Accounts []string
	// Shards is how many sequences of segments it writes.
	Shards int
	// SegmentBytes is the size at which a segment is complete.
	SegmentBytes int
	// Scope gets the store's metrics; it can have one store.
	Scope meter.Scope
}

// Store keeps documents. Its methods may be called from any goroutine.
type Store struct {
	config   Config
	shards   []*shard
	accounts map[string]*account
	appends  meter.CounterOf[appended]
	rewrites meter.Counter
}

type appended struct{ Shard, Status string }

// New makes an empty store.
func New(config Config) (*Store, error) {
	if config.Shards < 1 || config.SegmentBytes < 1 {
		return nil, fmt.Errorf("store has %d shards with segments of %d bytes: give at least 1 of both", config.Shards, config.SegmentBytes)
	}
	s := &Store{config: config, accounts: make(map[string]*account, len(config.Accounts))}
	for range config.Shards {
		s.shards = append(s.shards, &shard{limit: config.SegmentBytes})
	}
	for _, name := range config.Accounts {
		s.accounts[name] = newAccount()
	}
	return s, s.instrument(config.Scope)
}

func (s *Store) instrument(scope meter.Scope) error {
	var appendsErr, rewritesErr error
	s.appends, appendsErr = meter.NewCounter[appended](scope, "appends_total",
		meter.Help("Batches handed to a shard."))
	s.rewrites, rewritesErr = scope.NewCounter("segment_rewrites_total", meter.Keys("shard"),
		meter.Help("Segments rewritten because most of their documents were superseded."))
	byShard := func(name, help string, read func(usage) float64, options ...meter.Option) error {
		options = append(options, meter.Keys("shard"), meter.Fold(metric.FoldSum), meter.Help(help))
		return scope.GaugeFunc(name, func(o *meter.Observer) {
			for i, sh := range s.shards {
				o.Float(read(sh.usage()), strconv.Itoa(i))
			}
		}, options...)
	}
	return errors.Join(appendsErr, rewritesErr,
		byShard("segments", "Segments of a shard.", func(u usage) float64 { return float64(u.segments) }),
		byShard("live_bytes", "Bytes of documents that can be read.", func(u usage) float64 { return float64(u.live) }, meter.Unit("bytes")),
		byShard("dead_bytes", "Bytes of superseded documents that are not reclaimed yet.", func(u usage) float64 { return float64(u.dead) }, meter.Unit("bytes")),
		scope.GaugeFunc("documents", func(o *meter.Observer) {
			for name, a := range s.accounts {
				o.Float(float64(a.count()), name)
			}
		}, meter.Keys("account_id"), meter.Fold(metric.FoldSum), meter.Help("Documents that can be read.")),
	)
}

// Append writes the records to a shard, all or none. The records of one document
// always go to the same shard.
func (s *Store) Append(ctx context.Context, shardIndex int, records []Record) error {
	err := s.append(ctx, shardIndex, records)
	status := "ok"
	if err != nil {
		status = "error"
	}
	s.appends.Inc(appended{strconv.Itoa(shardIndex), status})
	return err
}

func (s *Store) append(ctx context.Context, shardIndex int, records []Record) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	for _, r := range records {
		if s.accounts[r.Account] == nil {
			return fmt.Errorf("account %q is not one of the store's: name it when the store is made", r.Account)
		}
	}
	sh := s.shards[shardIndex]
	sh.mu.Lock()
	defer sh.mu.Unlock()
	if sh.failure != nil {
		return fmt.Errorf("shard %d: %w", shardIndex, sh.failure)
	}
	for _, r := range records {
		s.accounts[r.Account].apply(r, sh)
	}
	s.rewrites.Add(int64(sh.rewriteLocked()), strconv.Itoa(shardIndex))
	return nil
}

// Fail makes every append to a shard fail with err until restore is called: the
// way to watch what a broken disk would do to the rest.
func (s *Store) Fail(shardIndex int, err error) (restore func()) {
	sh := s.shards[shardIndex]
	sh.fail(err)
	return sync.OnceFunc(func() { sh.fail(nil) })
}
