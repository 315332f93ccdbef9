package serve

import (
	"fmt"
	"net/http"
	"sync/atomic"

	"github.com/metertree/metertree/server/internal/prom"
)

// pages is the root handler. Until open is called it answers the liveness probe
// and, to everything else, that the server is starting.
type pages struct {
	routes atomic.Pointer[http.Handler]
}

func newPages() *pages { return &pages{} }

func (p *pages) open(routes http.Handler) { p.routes.Store(&routes) }

// ServeHTTP implements http.Handler.
func (p *pages) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if routes := p.routes.Load(); routes != nil {
		(*routes).ServeHTTP(w, r)
		return
	}
	if r.URL.Path == "/-/healthy" {
		answer(w, "healthy")
		return
	}
	w.Header().Set("Retry-After", "1")
	http.Error(w, "starting: the storage is being opened", http.StatusServiceUnavailable)
}

// routes are the pages of a running server.
func (s *server) routes() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /-/healthy", healthy(s.node))
	mux.HandleFunc("GET /-/ready", ready(s.node))
	mux.HandleFunc("POST /-/reload", s.serveReload)
	mux.HandleFunc("PUT /-/reload", s.serveReload)
	mux.Handle("GET /metrics", s.metrics())
	mux.Handle("/api/v1/", s.node.API())
	if s.options.Explorer != nil {
		s.options.Explorer(mux, s.node)
	} else {
		mux.HandleFunc("GET /{$}", serveIndex)
	}
	return mux
}

// metrics answers with the server's own metrics and those of the embedder.
func (s *server) metrics() http.Handler {
	return s.node.MetricsHandler(append([]prom.MetricsWriter{s.self.write}, s.options.Metrics...)...)
}

// vitals are what the probes ask of a node.
type vitals interface {
	Ready() bool
	StorageFault() error
	RestartHelps() bool
}

// healthy fails where nothing is stored any more and a restart repairs that, so that
// whoever watches over the process restarts it. While a start would fail, as on a
// full disk, the process does more than none: it answers queries.
func healthy(of vitals) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		if fault := of.StorageFault(); fault != nil && of.RestartHelps() {
			http.Error(w, "a restart is needed: "+fault.Error(), http.StatusServiceUnavailable)
			return
		}
		answer(w, "healthy")
	}
}

// ready fails where the server does not do all that it is for, and cannot come to do
// so by itself. A disk without space is no such fault: pushes are told to come again,
// and queries are answered.
func ready(of vitals) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		fault := of.StorageFault()
		switch {
		case !of.Ready():
			http.Error(w, "stopping", http.StatusServiceUnavailable)
		case fault != nil:
			http.Error(w, fault.Error(), http.StatusServiceUnavailable)
		default:
			answer(w, "ready")
		}
	}
}

func answer(w http.ResponseWriter, word string) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	_, _ = fmt.Fprintln(w, word)
}

// serveIndex links what is there, for a server without the explorer.
func serveIndex(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	_, _ = fmt.Fprint(w, `<!DOCTYPE html><title>metertree</title><h1>metertree</h1><ul>
<li><a href="/metrics">metrics</a>
<li><a href="/api/v1/targets">targets</a>
<li><a href="/api/v1/metadata">metadata</a>
</ul>
`)
}
