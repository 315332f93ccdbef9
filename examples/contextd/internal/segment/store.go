package segment

import (
	"context"
	"fmt"
	"sync"

	"github.com/metertree/metertree/collect/locks"
)

// Config describes a store.
type Config struct {
	// Accounts are the accounts whose documents it takes.
	Accounts []string
	// Shards is how many sequences of segments it writes.
	Shards int
	// SegmentBytes is the size at which a segment is complete.
	SegmentBytes int
	// ShardLock and AccountLock meter the locks of all shards and of all accounts;
	// nil does not.
	ShardLock, AccountLock *locks.Meters
}

// Store keeps documents. Its methods may be called from any goroutine.
type Store struct {
	config   Config
	shards   []*shard
	accounts map[string]*account
}

// New makes an empty store.
func New(config Config) (*Store, error) {
	if config.Shards < 1 || config.SegmentBytes < 1 {
		return nil, fmt.Errorf("store has %d shards with segments of %d bytes: give at least 1 of both", config.Shards, config.SegmentBytes)
	}
	s := &Store{config: config, accounts: make(map[string]*account, len(config.Accounts))}
	for range config.Shards {
		sh := &shard{limit: config.SegmentBytes}
		sh.mu.Meters = config.ShardLock
		s.shards = append(s.shards, sh)
	}
	for _, name := range config.Accounts {
		s.accounts[name] = newAccount(config.AccountLock)
	}
	return s, nil
}

// Append writes the records to a shard, all or none. The records of one document
// always go to the same shard.
func (s *Store) Append(ctx context.Context, shardIndex int, records []Record) error {
	err := s.append(ctx, shardIndex, records)
	s.shards[shardIndex].count(err)
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
	sh.totals.rewrites += int64(sh.rewriteLocked())
	return nil
}

// Fail makes every append to a shard fail with err until restore is called: the
// way to watch what a broken disk would do to the rest.
func (s *Store) Fail(shardIndex int, err error) (restore func()) {
	sh := s.shards[shardIndex]
	sh.fail(err)
	return sync.OnceFunc(func() { sh.fail(nil) })
}
