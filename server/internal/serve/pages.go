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
	mux.HandleFunc("GET /-/healthy", func(w http.ResponseWriter, _ *http.Request) { answer(w, "healthy") })
	mux.HandleFunc("GET /-/ready", s.serveReady)
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

func (s *server) serveReady(w http.ResponseWriter, _ *http.Request) {
	if !s.node.Ready() {
		http.Error(w, "stopping", http.StatusServiceUnavailable)
		return
	}
	answer(w, "ready")
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
