package prom

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	config_util "github.com/prometheus/common/config"
	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/discovery"
	"github.com/prometheus/prometheus/scrape"
	"github.com/prometheus/prometheus/util/features"
	"github.com/prometheus/prometheus/util/logging"
	"golang.org/x/sync/errgroup"
)

// discoveryInterval is how often changed target lists reach the scrape manager.
// Prometheus waits 5 s; a server with few targets can afford to be quicker to
// show the first ones.
const discoveryInterval = 500 * time.Millisecond

// scraper finds targets and scrapes them.
type scraper struct {
	into      *intake
	manager   *scrape.Manager
	discovery *discovery.Manager
	stopFind  context.CancelFunc
	cutOff    context.CancelFunc // ends every connection to a target
}

// scrapeGrace is how long a shutdown waits for scrapes in flight.
const scrapeGrace = time.Second

func newScraper(into *intake, self dialSelf, reg prometheus.Registerer, known features.Collector, logger *slog.Logger) (*scraper, error) {
	sdMetrics, err := discovery.CreateAndRegisterSDMetrics(reg)
	if err != nil {
		return nil, fmt.Errorf("target discovery: %w", err)
	}
	// The manager keeps the context that it is made with; it is ended by run or
	// close, whichever comes first.
	ctx, cancel := context.WithCancel(context.Background())
	finder := discovery.NewManager(ctx, logger.With("component", "discovery"), reg, sdMetrics,
		discovery.Name("scrape"), discovery.Updatert(discoveryInterval), discovery.FeatureRegistry(known))
	if finder == nil {
		cancel()
		return nil, errors.New("target discovery cannot be started: see the log")
	}
	alive, cutOff := context.WithCancel(context.Background())
	manager, err := scrape.NewManager(&scrape.Options{
		HTTPClientOptions:        []config_util.HTTPClientOption{config_util.WithDialContextFunc(newCuttable(alive, self).dial)},
		DiscoveryReloadInterval:  model.Duration(discoveryInterval),
		DiscoveryReloadOnStartup: true,
		FeatureRegistry:          known,
	}, logger.With("component", "scrape"), logging.NewJSONFileLogger, nil, into, reg)
	if err != nil {
		cancel()
		cutOff()
		return nil, fmt.Errorf("scrape manager: %w", err)
	}
	return &scraper{into: into, manager: manager, discovery: finder, stopFind: cancel, cutOff: cutOff}, nil
}

// apply replaces the jobs. Prometheus requires the scrape manager to know a job
// before discovery reports targets for it.
func (s *scraper) apply(c *Config) error {
	byJob, err := c.discoveryConfigs()
	if err != nil {
		return err
	}
	if err := s.manager.ApplyConfig(c.inner); err != nil {
		return fmt.Errorf("scrape jobs: %w", err)
	}
	if err := s.discovery.ApplyConfig(byJob); err != nil {
		return fmt.Errorf("target discovery: %w", err)
	}
	return nil
}

// run scrapes until the context ends, and returns when all scrapes have stopped.
func (s *scraper) run(ctx context.Context, running func()) error {
	var group errgroup.Group
	group.Go(func() error { return ignoreCanceled(s.discovery.Run()) })
	group.Go(func() error { return s.manager.Run(s.discovery.SyncCh()) })
	running()
	<-ctx.Done()
	impatience := time.AfterFunc(scrapeGrace, func() {
		s.into.discard.Store(true)
		s.cutOff()
	})
	s.manager.Stop()
	impatience.Stop()
	s.close()
	return group.Wait()
}

// close ends discovery and the connections to targets, whether run was called or
// not.
func (s *scraper) close() {
	s.stopFind()
	s.cutOff()
}

func ignoreCanceled(err error) error {
	if errors.Is(err, context.Canceled) {
		return nil
	}
	return err
}
