package serve

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/metertree/metertree/server/internal/bind"
	"github.com/metertree/metertree/server/internal/prom"
	"github.com/metertree/metertree/server/internal/redact"
	"github.com/metertree/metertree/server/internal/webconfig"
	"golang.org/x/sync/errgroup"
)

// Run serves until the context ends, then shuts down in order: requests, scrapes,
// forwarding, storage. It returns nil after an orderly shutdown. An error found
// at the start says in one line what is wrong and what to change.
func Run(ctx context.Context, options Options) error {
	if options.Logger == nil {
		options.Logger = slog.New(slog.DiscardHandler)
	}
	options.Logger = redact.Logger(options.Logger)
	listener, err := bind.Listen(options.ListenAddress, DefaultListenAddress)
	if err != nil {
		return err
	}
	guard, err := webconfig.New(options.Web, webconfig.Settings{
		Changes:         changes,
		MaxRequestBytes: maxRequestBytes,
		Logger:          options.Logger,
	}, listener.Addr())
	if err != nil {
		return errors.Join(err, listener.Close())
	}
	address := bind.Dialable(listener)
	// Loaded before anything is opened, so that a mistake in it is the first
	// thing reported and leaves nothing behind.
	config, err := options.config(address)
	if err != nil {
		return errors.Join(err, listener.Close())
	}
	self, err := newSelfMetrics(options.Version, listener, options.Logger)
	if err != nil {
		return errors.Join(fmt.Errorf("own metrics: %w", err), listener.Close())
	}
	s := &server{
		self:     self,
		entrance: &entrance{listener, guard, self.door, options.Logger},
		options:  options,
		address:  address,
		pages:    newPages(),
		log:      options.Logger,

		httpDone: make(chan struct{}),
	}
	if options.Web.ConfigFile != "" && options.SelfScrape == SelfScrapeOn {
		s.inside = newInside()
	}
	return s.run(ctx, config)
}

// server is a running server.
type server struct {
	options  Options
	address  string
	entrance *entrance
	inside   *inside // nil if the own metrics are scraped at the address
	pages    *pages
	log      *slog.Logger
	self     *selfMetrics

	reloading sync.Mutex
	node      *prom.Node

	httpDone chan struct{} // closed when no request is in flight any more
}

// run serves HTTP from the start, so that probes are answered while the storage
// replays its log, and ends when the context or any part does.
func (s *server) run(ctx context.Context, config *prom.Config) error {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	var group errgroup.Group
	group.Go(func() error {
		defer stop()
		defer close(s.httpDone)
		return s.entrance.serve(ctx, s.pages, s.options.Query.Timeout+30*time.Second)
	})
	group.Go(func() error {
		err := s.runNode(ctx, stop, config)
		stop()
		return err
	})
	return group.Wait()
}

// runNode opens the storage, scrapes until the context ends, and closes it after
// the last request. It calls stop when it ends for another reason.
func (s *server) runNode(ctx context.Context, stop func(), config *prom.Config) (err error) {
	node, err := prom.Open(s.options.node(s.address, s.inside))
	if err != nil {
		return err
	}
	defer func() {
		stop()
		<-s.httpDone
		err = errors.Join(err, node.Close())
	}()
	s.node = node
	err = node.Apply(config)
	s.self.noteReload(err)
	if err != nil {
		return fmt.Errorf("configuration cannot be applied: %w", err)
	}
	parts, ctx := errgroup.WithContext(ctx)
	parts.Go(func() error { return s.watchReloads(ctx) })
	if s.inside != nil {
		parts.Go(func() error { return s.inside.serve(s.metrics()) })
	}
	parts.Go(func() error {
		defer s.inside.close()
		return node.Run(ctx, s.announce)
	})
	return parts.Wait()
}

// announce opens the gates: from here on queries are answered.
func (s *server) announce() {
	s.pages.open(s.routes())
	url := s.entrance.guard.Scheme() + "://" + s.address + "/"
	s.log.Info("ready", "url", url)
	if s.options.OnReady != nil {
		s.options.OnReady(url)
	}
}
