package prom

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/prometheus/promql"
	"github.com/prometheus/prometheus/scrape"
	"github.com/prometheus/prometheus/storage"
	"github.com/prometheus/prometheus/storage/remote"
	"github.com/prometheus/prometheus/util/features"
)

// Options describe a Node.
type Options struct {
	Storage   StorageOptions
	Query     QueryOptions
	Receivers ReceiverOptions
	// Logger gets what the components have to say. Nil discards it.
	Logger *slog.Logger
	// Version is metertree's own version, for the build information.
	Version string
	// ListenAddress, host:port, is where the API is served; it appears in links.
	ListenAddress string
	// Flags are shown by the API as they are: they must hold no secrets.
	Flags map[string]string
	// DialSelf connects to what answers with the server's own metrics, for
	// ScrapeDefaults.SelfRoute. Nil if that is SelfOutside.
	DialSelf func(context.Context) (net.Conn, error)
}

// Node is the embedded Prometheus: a database that is filled by scrapes and
// pushes and answers PromQL. All its methods are safe for concurrent use.
type Node struct {
	options  Options
	logger   *slog.Logger
	started  time.Time
	registry *prometheus.Registry
	features features.Collector

	db       *database
	forward  *remote.Storage
	fanout   storage.Storage
	refusals *refusals
	pushed   *pushedMetadata
	engine   *promql.Engine
	queries  promql.QueryEngine // the engine, with what it gives up counted
	scraper  *scraper
	api      http.Handler
	trees    treeSources

	ready atomic.Bool

	applying  sync.Mutex // held while a configuration replaces another
	mu        sync.Mutex // guards what follows
	current   *Config
	applied   time.Time
	succeeded bool
}

// Check reports the first option that cannot be used, with the flag to change.
func (o Options) Check() error {
	for _, err := range []error{o.Storage.check(), o.Query.check(), o.Receivers.check()} {
		if err != nil {
			return err
		}
	}
	return nil
}

// Open opens the storage, which replays its write-ahead log, and builds the
// components around it. It holds the storage's lock until Close.
func Open(options Options) (*Node, error) {
	if err := options.Check(); err != nil {
		return nil, err
	}
	logger := options.Logger
	if logger == nil {
		logger = slog.New(slog.DiscardHandler)
	}
	n := &Node{
		options:  options,
		logger:   logger,
		started:  time.Now().UTC(),
		registry: prometheus.NewRegistry(),
		features: features.NewRegistry(),
		current:  emptyConfig(),
	}
	introduceAs(options.Version)
	db, err := openDatabase(options.Storage, n.registry, logger.With("component", "storage"))
	if err != nil {
		return nil, err
	}
	n.db = db
	if err := n.build(); err != nil {
		return nil, errors.Join(err, n.Close())
	}
	return n, nil
}

// build makes what works on the open database.
func (n *Node) build() error {
	dir := n.options.Storage.Path
	n.forward = newForwarder(n.db, func() *scrape.Manager { return n.scraper.manager }, dir, n.registry, n.logger.With("component", "remote_write"))
	n.db.SetWriteNotified(n.forward)
	n.fanout = storage.NewFanout(n.logger, n.db, n.forward)
	n.refusals = newRefusals(n.db, n.registry)
	n.pushed = newPushedMetadata(n.registry)

	var err error
	n.engine, err = newEngine(n.options.Query, dir, n.subqueryStep, n.registry, n.features, n.logger.With("component", "query"))
	if err != nil {
		return err
	}
	bounded := boundedEngine{n.engine, newParser(), n.options.Query.samplesWithin(memoryLimit()), n.subqueryStep}
	n.queries = newCountedEngine(bounded, n.registry)
	scraped := &intake{next: n.fanout, retention: n.options.Storage.Retention, refusals: n.refusals}
	if n.scraper, err = newScraper(scraped, n.options.DialSelf, n.registry, n.features, n.logger); err != nil {
		return err
	}
	n.api = n.newAPI()
	return nil
}

// subqueryStep is the step, in milliseconds, of a subquery that gives none.
func (n *Node) subqueryStep(int64) int64 {
	return time.Duration(n.config().inner.GlobalConfig.EvaluationInterval).Milliseconds()
}

// Run scrapes until the context ends and returns when every scrape has stopped.
// It calls running, once, when the scrape manager has been started. Run may be
// called once.
func (n *Node) Run(ctx context.Context, running func()) error {
	defer n.ready.Store(false)
	return n.scraper.run(ctx, func() {
		n.ready.Store(true)
		running()
	})
}

// Ready reports whether the node runs: storage open and scrape manager started.
func (n *Node) Ready() bool { return n.ready.Load() }

// StorageFault is why no sample is taken any more until the next start, or nil.
// Queries are answered all the same.
func (n *Node) StorageFault() error {
	if n.db.ledger.torn.Load() {
		return errTornLog
	}
	return nil
}

// RestartHelps reports whether there is such a fault, and a start would repair it.
// It tries to write to the storage then.
func (n *Node) RestartHelps() bool { return n.db.ledger.mendable() }

// Apply replaces the running configuration. When a part of it cannot be applied,
// the former one is put back and the error says why.
func (n *Node) Apply(c *Config) error {
	n.applying.Lock()
	defer n.applying.Unlock()
	former := n.config()
	err := n.applyAll(c)
	if err != nil {
		err = errors.Join(err, n.applyAll(former))
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	n.succeeded = err == nil
	if err == nil {
		n.current, n.applied = c, time.Now().UTC()
	}
	return err
}

func (n *Node) applyAll(c *Config) error {
	if err := n.forward.ApplyConfig(c.inner); err != nil {
		return err
	}
	return n.scraper.apply(c)
}

func (n *Node) config() *Config {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.current
}

func (n *Node) lastApply() (succeeded bool, at time.Time) {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.succeeded, n.applied
}

// API serves the Prometheus HTTP API, the write endpoints included, under
// /api/v1/. Until the node runs it answers 503.
func (n *Node) API() http.Handler { return n.api }

// Close ends the forwarding and the tree sources, and closes the storage. Run must
// have returned.
func (n *Node) Close() error {
	n.trees.close()
	if n.scraper != nil {
		n.scraper.close()
	}
	var errs []error
	if n.forward != nil {
		errs = append(errs, n.forward.Close())
	}
	if n.engine != nil {
		errs = append(errs, n.engine.Close())
	}
	return errors.Join(append(errs, n.db.Close())...)
}
