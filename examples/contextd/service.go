package contextd

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

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

	vault    *vault.Vault
	store    *segment.Store
	queue    *queue.Queue[job]
	plain    *cache.Cache[document]       // level l1: decrypted
	sealed   *cache.Cache[segment.Stored] // level l2: as stored
	sessions *session.Sessions
	ingest   ingestMeters
	finds    searchMeters
	health   *health
	returned *redelivery
	handler  http.Handler

	started atomic.Bool
	ready   atomic.Bool
	// versions orders the changes of documents.
	versions atomic.Uint64
}

// tenant is an account with what belongs to it.
type tenant struct {
	Account
	model *embedding.Model
	limit *limiter
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
	var ingestErr, findsErr, healthErr, handlerErr error
	s.ingest, ingestErr = newIngestMeters(scope.Scope("ingest"), s.returned)
	s.finds, findsErr = newSearchMeters(scope.Scope("search"))
	s.health, healthErr = newHealth(scope, s.components(), config)
	s.handler, handlerErr = s.newHandler(scope.Scope("http"))
	if err := errors.Join(ingestErr, findsErr, healthErr, handlerErr); err != nil {
		return nil, fmt.Errorf("contextd: %w", err)
	}
	return s, nil
}

func (s *Service) makeTenants(scope meter.Scope) error {
	models, err := newModels(s.config, scope.Scope("embedding"))
	if err != nil {
		return err
	}
	s.tenants = make(map[string]*tenant, len(s.config.Accounts))
	for _, a := range s.config.Accounts {
		rate := orDefault(a.RequestsPerSecond, DefaultRequestsPerSecond)
		s.tenants[a.Name] = &tenant{Account: a, model: models[a.Model], limit: newLimiter(rate)}
	}
	return nil
}

// newModels makes the embedding models. The large one is slower by the token too.
func newModels(config Config, scope meter.Scope) (map[string]*embedding.Model, error) {
	small := embedding.Config{Name: SmallModel, Dimensions: 64, Seed: config.Seed, Scope: scope}
	large := embedding.Config{Name: LargeModel, Dimensions: 128, Seed: config.Seed, Scope: scope}
	if median := config.EmbeddingLatency; median > 0 {
		small.Latency = embedding.Latency{Median: median, Spread: 0.5, PerToken: median / 1000, Max: 20 * median}
		large.Latency = embedding.Latency{Median: 3 * median, Spread: 0.6, PerToken: median / 500, Max: 60 * median}
		small.FailureRatio, large.FailureRatio = 0.002, 0.005
	}
	models := map[string]*embedding.Model{}
	for _, c := range []embedding.Config{small, large} {
		model, err := embedding.New(c)
		if err != nil {
			return nil, err
		}
		models[c.Name] = model
	}
	return models, nil
}

func (s *Service) makeStorage(scope meter.Scope) error {
	accounts := make([]string, 0, len(s.config.Accounts))
	for _, a := range s.config.Accounts {
		accounts = append(accounts, a.Name)
	}
	var errs [6]error
	s.vault, errs[0] = vault.New(accounts, scope.Scope("encryption"))
	s.store, errs[1] = segment.New(segment.Config{
		Accounts: accounts, Shards: s.config.Shards, SegmentBytes: s.config.SegmentBytes, Scope: scope.Scope("store"),
	})
	s.queue, errs[2] = queue.New[job]("ingest", s.config.QueueCapacity, scope.Scope("queue"))
	s.plain, errs[3] = cache.New(cache.Config[document]{
		Level: "l1", MaxBytes: plainCacheBytes, Size: document.size, Scope: scope.Scope("cache"),
	})
	s.sealed, errs[4] = cache.New(cache.Config[segment.Stored]{
		Level: "l2", MaxBytes: sealedCacheBytes, Size: segment.Stored.Size, Scope: scope.Scope("cache"),
	})
	s.sessions, errs[5] = session.New(session.Config{
		PerAccount: openSessions, MaxMessages: sessionMessages, IdleAfter: sessionIdle, Scope: scope.Scope("sessions"),
	})
	s.returned = newRedelivery(s.config.BufferBytes / int64(s.config.Shards))
	return errors.Join(errs[:]...)
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
	in, err := s.newIngester()
	if err != nil {
		return fmt.Errorf("contextd: %w", err)
	}
	// What was accepted before the context ended is still stored after it.
	work, stopWork := context.WithCancel(context.WithoutCancel(ctx))
	defer stopWork()

	var housekeeping sync.WaitGroup
	housekeeping.Go(func() { s.health.run(ctx) })
	housekeeping.Go(func() { s.expireSessions(ctx) })
	stopDrain := context.AfterFunc(ctx, func() {
		s.ready.Store(false)
		s.queue.Close()
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
	return err
}

func (s *Service) expireSessions(ctx context.Context) {
	for pause.For(ctx, sessionIdle/4) == nil {
		s.sessions.Expire()
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
