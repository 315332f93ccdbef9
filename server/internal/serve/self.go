package serve

import (
	"context"
	"io"
	"log/slog"
	"runtime"
	"time"

	"github.com/metertree/metertree/collect/goruntime"
	"github.com/metertree/metertree/collect/process"
	"github.com/metertree/metertree/export/prometheus"
	"github.com/metertree/metertree/meter"
	"github.com/metertree/metertree/metric"
	"github.com/metertree/metertree/registry"
	"github.com/metertree/metertree/server/internal/crowd"
	"github.com/metertree/metertree/server/internal/inbound"
)

// selfMetrics are what the server, a user of the library itself, tells about its
// runtime, process, build and configuration.
type selfMetrics struct {
	registry   *registry.Registry
	door       *inbound.Door
	successful meter.Gauge
	loadedAt   meter.Gauge
}

// newProcessMetrics are those that do not depend on what the program does.
func newProcessMetrics(version string, listener *crowd.Listener, logger *slog.Logger) (*selfMetrics, meter.Scope, error) {
	m := &selfMetrics{registry: registry.New(registry.Options{Logger: logger})}
	root := meter.New(m.registry)
	own := root.Scope("metertree")
	if err := goruntime.Register(root); err != nil {
		return nil, own, err
	}
	if err := process.Register(root); err != nil {
		return nil, own, err
	}
	build, err := own.NewGauge("build_info", meter.Keys("service", "version", "goversion"), meter.Fold(metric.FoldSum),
		meter.Help("Constant 1, labelled with what the program is and what it was built from."))
	if err != nil {
		return nil, own, err
	}
	build.Set(1, "metertree", version, runtime.Version())
	m.door, err = inbound.New(own, listener, logger)
	return m, own, err
}

func newSelfMetrics(version string, listener *crowd.Listener, logger *slog.Logger) (*selfMetrics, error) {
	m, own, err := newProcessMetrics(version, listener, logger)
	if err != nil {
		return nil, err
	}
	config := own.Scope("config")
	if m.successful, err = config.NewGauge("last_reload_success", meter.Fold(metric.FoldMin),
		meter.Help("Whether the last attempt to load the configuration succeeded.")); err != nil {
		return nil, err
	}
	m.loadedAt, err = config.NewGauge("last_reload_success_timestamp_seconds", meter.Unit("seconds"), meter.Fold(metric.FoldMax),
		meter.Help("When the configuration was last loaded successfully, as a Unix time."))
	return m, err
}

// noteReload records the outcome of an attempt to load the configuration.
func (m *selfMetrics) noteReload(err error) {
	if err != nil {
		m.successful.Set(0)
		return
	}
	m.successful.Set(1)
	m.loadedAt.Set(float64(time.Now().UnixMilli()) / 1000)
}

// write is a prom.MetricsWriter.
func (m *selfMetrics) write(ctx context.Context, w io.Writer) error {
	_, err := prometheus.Write(ctx, w, m.registry.Collect(ctx))
	return err
}
