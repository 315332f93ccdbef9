package prom

import (
	"log/slog"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/prometheus/scrape"
	"github.com/prometheus/prometheus/storage/remote"
)

// remoteFlushDeadline is how long a shutdown waits for samples on their way to
// the remote_write endpoints.
const remoteFlushDeadline = 2 * time.Second

// newForwarder makes what sends samples to the remote_write endpoints. It reads
// them from the write-ahead log, so a slow endpoint never holds up a scrape.
func newForwarder(db *database, manager func() *scrape.Manager, dir string, reg prometheus.Registerer, logger *slog.Logger) *remote.Storage {
	return remote.NewStorage(logger, reg, db.StartTime, dir, remoteFlushDeadline, managerGetter(manager), false)
}

// managerGetter adapts a function to the interface by which the forwarder asks
// for the metadata of scraped targets.
type managerGetter func() *scrape.Manager

// Get implements remote.ReadyScrapeManager.
func (g managerGetter) Get() (*scrape.Manager, error) { return g(), nil }

// forwarderMetrics gathers those of the forwarder's metrics that its package
// registers on the default registry when it is imported. Nothing else that may
// be registered there is ours to show.
var forwarderMetrics = prometheus.GathererFunc(func() ([]*dto.MetricFamily, error) {
	all, err := prometheus.DefaultGatherer.Gather()
	var ours []*dto.MetricFamily
	for _, family := range all {
		if strings.HasPrefix(family.GetName(), "prometheus_remote_storage_") {
			ours = append(ours, family)
		}
	}
	return ours, err
})
