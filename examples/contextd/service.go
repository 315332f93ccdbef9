package contextd

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	ingestmeters "github.com/metertree/metertree/collect/ingest"
	"github.com/metertree/metertree/collect/locks"
	"github.com/metertree/metertree/collect/retrieval"
	"github.com/metertree/metertree/collect/tasks"
	"github.com/metertree/metertree/examples/contextd/internal/cache"
	"github.com/metertree/metertree/examples/contextd/internal/embedding"
	"github.com/metertree/metertree/examples/contextd/internal/pause"
	"github.com/metertree/metertree/examples/contextd/internal/queue"
	"github.com/metertree/metertree/examples/contextd/internal/segment"
	"github.com/metertree/metertree/examples/contextd/internal/session"
	"github.com/metertree/metertree/examples/contextd/internal/vault"
	"github.com/metertree/metertree/meter"
)

// Bounds of what the service keeps in memory.
const (
	plainCacheBytes  = 128 << 10
	sealedCacheBytes = 512 << 10
	openSessions     = 200 // of each account
	sessionMessages  = 100
	sessionIdle      = 2 * time.Minute
)

// Service is the context service. Its methods may be called from any goroutine.
type Service struct {
	config  Config
	tenants map[string]*tenant

	listeners
	models   models
	vault    *vault.Vault
	store    *segment.Store
	queue    *queue.Queue[job]
	memories *queue.Queue[extraction]
	plain    *cache.Cache[document]       // level l1: decrypted
	sealed   *cache.Cache[segment.Stored] // level l2: as stored
	sessions *session.Sessions
	tasks    *tasks.Tasks
	ingest   *ingestmeters.Ingest
	finds    *retrieval.Retrieval
	again    redeliveryMeters
	health   *health
	returned *redelivery
	handler  http.Handler

	started  atomic.Bool
	ready    atomic.Bool
	stopping atomic.Bool
	// versions orders the changes of documents.
	versions atomic.Uint64
}

// tenant is an account with what belongs to it.
type tenant struct {
	Account
	model *embedding.Model
	limit *limiter
	// remembered counts the memories that were made.
	remembered atomic.Uint64
}

// New makes a service, or says what is wrong with the configuration. Nothing runs
// before Run.
func New(config Config) (*Service, error) {
	config, err := config.complete()
	if err != nil {
		return nil, err
	}
	s := &Service{config: config}
	scope := config.Scope.Scope("contextd")
	if err := errors.Join(s.makeTenants(scope), s.makeStorage(scope)); err != nil {
		return nil, fmt.Errorf("contextd: %w", err)
	}
	var errs [7]error
	errs[0] = s.define(config.Scope, scope)
	s.tasks, errs[1] = tasks.New(scope.Scope("tasks"))
	s.ingest, errs[2] = ingestmeters.New(scope.Scope("ingest"))
	s.finds, errs[3] = retrieval.New(scope.Scope("retrieval"))
	s.again, errs[4] = newRedeliveryMeters(scope.Scope("redelivery"), s.returned)
	s.health, errs[5] = newHealth(scope, s.components(), config)
	s.handler, errs[6] = s.newHandler(scope)
	if err := errors.Join(errs[:]...); err != nil {
		return nil, fmt.Errorf("contextd: %w", err)
	}
	if err := s.addCollectors(scope); err != nil {
		return nil, fmt.Errorf("contextd: %w", err)
	}
	return s, nil
}

func (s *Service) makeTenants(scope meter.Scope) error {
	var err error
	if s.models, err = newModels(s.config, scope.Scope("model")); err != nil {
		return err
	}
	s.tenants = make(map[string]*tenant, len(s.config.Accounts))
	for _, a := range s.config.Accounts {
		rate := orDefault(a.RequestsPerSecond, DefaultRequestsPerSecond)
		s.tenants[a.Name] = &tenant{Account: a, model: s.models.embedding[a.Model], limit: newLimiter(rate)}
	}
	return nil
}

func (s *Service) makeStorage(scope meter.Scope) error {
	accounts := make([]string, 0, len(s.config.Accounts))
	for _, a := range s.config.Accounts {
		accounts = append(accounts, a.Name)
	}
	var errs [7]error
	lock, err := newLockMeters(scope.Scope("locks"))
	errs[0] = err
	s.vault, errs[1] = vault.New(accounts, scope.Scope("encryption"))
	s.store, errs[2] = segment.New(segment.Config{
		Accounts: accounts, Shards: s.config.Shards, SegmentBytes: s.config.SegmentBytes,
		ShardLock: lock.shard, AccountLock: lock.account,
	})
	s.queue, errs[3] = queue.New[job]("ingest", s.config.QueueCapacity, scope.Scope("queue"))
	s.memories, errs[4] = queue.New[extraction]("memories", memoryQueue, scope.Scope("queue"))
	s.plain, errs[5] = cache.New(cache.Config[document]{
		Name: "documents", Level: "l1", MaxBytes: plainCacheBytes, Size: document.size, Scope: scope.Scope("cache"), Lock: lock.cache,
	})
	s.sealed, errs[6] = cache.New(cache.Config[segment.Stored]{
		Name: "documents", Level: "l2", MaxBytes: sealedCacheBytes, Size: segment.Stored.Size, Scope: scope.Scope("cache"), Lock: lock.cache,
	})
	s.sessions, err = session.New(session.Config{
		PerAccount: openSessions, MaxMessages: sessionMessages, IdleAfter: sessionIdle,
		Scope: scope.Scope("sessions"), Lock: lock.sessions,
	})
	s.returned = newRedelivery(s.config.BufferBytes / int64(s.config.Shards))
	return errors.Join(append(errs[:], err)...)
}

// lockMeters are the meters of locks, of one or of all of a kind.
type lockMeters struct{ cache, shard, account, sessions *locks.Meters }

func newLockMeters(scope meter.Scope) (m lockMeters, err error) {
	for name, meters := range map[string]**locks.Meters{
		"cache": &m.cache, "shard": &m.shard, "account": &m.account, "sessions": &m.sessions,
	} {
		if *meters, err = locks.New(scope, locks.Config{Name: name, HoldTime: true}); err != nil {
			return m, err
		}
	}
	return m, nil
}

// Handler answers the API. Documents that are put wait in the queue until Run.
func (s *Service) Handler() http.Handler { return s.handler }

// Run ingests documents until the context ends, then stores what was accepted, for
// at most Config.DrainTimeout, and returns. Its error says how many accepted
// documents could not be stored. It can be called once.
func (s *Service) Run(ctx context.Context) error {
	if !s.started.CompareAndSwap(false, true) {
		return errors.New("contextd: Run was called before: make a new service with New")
	}
	stopListening, err := s.listen(ctx)
	if err != nil {
		return fmt.Errorf("contextd: %w", err)
	}
	in, err := s.newIngester()
	if err != nil {
		return fmt.Errorf("contextd: %w", errors.Join(err, stopListening()))
	}
	// What was accepted before the context ended is still stored after it.
	work, stopWork := context.WithCancel(context.WithoutCancel(ctx))
	defer stopWork()

	var housekeeping sync.WaitGroup
	housekeeping.Go(func() { s.health.run(ctx) })
	housekeeping.Go(func() { s.expireSessions(ctx) })
	housekeeping.Go(func() { s.memories.Work(ctx, memoryWorkers, s.extract) })
	stopDrain := context.AfterFunc(ctx, func() {
		s.stopping.Store(true)
		s.ready.Store(false)
		s.queue.Close()
		s.memories.Discard()
	})
	defer stopDrain()
	stopDeadline := context.AfterFunc(ctx, func() {
		// It is cut short when everything is stored.
		_ = pause.For(work, s.config.DrainTimeout)
		stopWork()
	})
	defer stopDeadline()

	s.ready.Store(true)
	err = in.run(work)
	stopWork()
	housekeeping.Wait()
	return errors.Join(err, stopListening())
}

func (s *Service) expireSessions(ctx context.Context) {
	for pause.For(ctx, sessionIdle/4) == nil {
		_ = s.tasks.Do(ctx, "expire_sessions", func(context.Context) error {
			s.sessions.Expire()
			return nil
		})
	}
}

// FailShard makes the writes to a shard of the store fail until restore is called.
// It fails if there is no such shard.
func (s *Service) FailShard(shard int) (restore func(), err error) {
	if shard < 0 || shard >= s.config.Shards {
		return nil, fmt.Errorf("contextd: shard %d does not exist: choose one from 0 to %d", shard, s.config.Shards-1)
	}
	return s.store.Fail(shard, errShardBroken), nil
}

var errShardBroken = errors.New("write failed: input/output error")
