package serve

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"time"

	"github.com/metertree/metertree/export/prometheus"
	"github.com/metertree/metertree/server/internal/bind"
	"github.com/metertree/metertree/server/internal/redact"
	"github.com/metertree/metertree/server/internal/webconfig"
)

// viewTimeout is how long an answer of a viewer may take, slow remote included.
const viewTimeout = time.Minute

// viewRequestBytes bounds the body of a request, of which a viewer expects none.
const viewRequestBytes = 64 << 10

// ViewOptions describe a viewer: a server that shows what another one stores.
type ViewOptions struct {
	// ListenAddress is host:port; port 0 takes a free one.
	ListenAddress string
	// Web says who may reach the listener.
	Web webconfig.Options
	// Pages adds what is shown, / among it.
	Pages func(*http.ServeMux)
	// OnReady is called once, when requests are answered, with the URL. It must
	// not block.
	OnReady func(url string)
	// Version is metertree's own version.
	Version string
	// Logger gets what the viewer has to say. Nil discards it.
	Logger *slog.Logger
}

// View serves pages until the context ends; nothing is scraped, received or
// stored. It answers probes and its own /metrics, but none of the Prometheus API.
// It returns nil after an orderly shutdown.
func View(ctx context.Context, options ViewOptions) error {
	if options.Logger == nil {
		options.Logger = slog.New(slog.DiscardHandler)
	}
	options.Logger = redact.Logger(options.Logger)
	listener, err := bind.Listen(options.ListenAddress, DefaultListenAddress)
	if err != nil {
		return err
	}
	guard, err := webconfig.New(options.Web, webconfig.Settings{MaxRequestBytes: viewRequestBytes, Logger: options.Logger}, listener.Addr())
	if err != nil {
		return errors.Join(err, listener.Close())
	}
	self, _, err := newProcessMetrics(options.Version, listener, options.Logger)
	if err != nil {
		return errors.Join(fmt.Errorf("own metrics: %w", err), listener.Close())
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /-/healthy", func(w http.ResponseWriter, _ *http.Request) { answer(w, "healthy") })
	mux.HandleFunc("GET /-/ready", func(w http.ResponseWriter, _ *http.Request) { answer(w, "ready") })
	mux.Handle("GET /metrics", prometheus.Handler(self.registry, prometheus.Options{Logger: options.Logger}))
	options.Pages(mux)
	url := guard.Scheme() + "://" + bind.Dialable(listener) + "/"
	options.Logger.Info("ready", "url", url)
	if options.OnReady != nil {
		// The listener takes connections already; they are served in a moment.
		options.OnReady(url)
	}
	entrance := &entrance{listener, guard, self.door, options.Logger}
	return entrance.serve(ctx, mux, viewTimeout)
}
