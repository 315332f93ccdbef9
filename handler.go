package metertree

import (
	_ "embed"
	"html/template"
	"net/http"
	"net/http/pprof"

	"github.com/metertree/metertree/export/prometheus"
	"github.com/metertree/metertree/web"
)

//go:embed index.html
var indexText string

var indexPage = template.Must(template.New("index").Parse(indexText))

// mux places everything that is served.
func (rt *Runtime) mux() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", rt.index)
	mux.Handle("/metrics", prometheus.Handler(rt.pipeline.producer, rt.exposition()))
	mux.Handle("/tree/", http.StripPrefix("/tree", web.Handler(rt.pipeline.live, web.Options{})))
	mux.HandleFunc("GET /-/healthy", func(w http.ResponseWriter, _ *http.Request) {
		plain(w, http.StatusOK, "healthy")
	})
	mux.HandleFunc("GET /-/ready", rt.readiness)
	mux.Handle("/api/v1/observer/", http.StripPrefix("/api/v1/observer", rt.components.Handler()))
	mux.Handle("/api/v1/stats/", http.StripPrefix("/api/v1/stats", rt.queries.Handler()))
	if rt.config.Profiling {
		rt.profiles(mux)
	}
	return mux
}

func (rt *Runtime) profiles(mux *http.ServeMux) {
	for pattern, serve := range map[string]http.HandlerFunc{
		"GET /debug/pprof/":        pprof.Index,
		"GET /debug/pprof/cmdline": pprof.Cmdline,
		"GET /debug/pprof/profile": pprof.Profile,
		"GET /debug/pprof/symbol":  pprof.Symbol,
		"POST /debug/pprof/symbol": pprof.Symbol, // go tool pprof posts
		"GET /debug/pprof/trace":   pprof.Trace,
	} {
		mux.Handle(pattern, rt.config.Security.profile(serve))
	}
}

// exposition returns how /metrics is to answer. Every scrape is counted.
func (rt *Runtime) exposition() prometheus.Options {
	options := rt.config.Exposition
	options.Logger = rt.config.Logger
	counted, also := rt.scrapes.count, options.OnScrape
	options.OnScrape = func(s prometheus.Scrape) {
		counted(s)
		if also != nil {
			also(s)
		}
	}
	return options
}

func (rt *Runtime) readiness(w http.ResponseWriter, _ *http.Request) {
	if !rt.ready.Load() {
		plain(w, http.StatusServiceUnavailable, "not ready: starting or closing")
		return
	}
	plain(w, http.StatusOK, "ready")
}

func plain(w http.ResponseWriter, status int, line string) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	// An error here is an asker who is gone.
	_, _ = w.Write([]byte(line + "\n"))
}

// link is one entry of the index. Its path is relative to the index's own.
type link struct{ Path, What string }

func (rt *Runtime) links() []link {
	links := []link{
		{"metrics", "Every series, in the Prometheus formats, for machines."},
		{"tree/", "The namespace of metrics as a tree: values now, expanded along any label, with rates from the first look on."},
		{"api/v1/observer/", "What the program and its components are doing now."},
		{"api/v1/observer/cardinality", "Which metrics and labels have how many series, and which label would have to go."},
		{"api/v1/stats/", "Queries that may scan all series, for analysts."},
		{"api/v1/stats/series", "Series per metric and values per label."},
		{"-/healthy", "Answers while the process lives."},
		{"-/ready", "Answers 200 between start and close."},
	}
	if rt.config.Profiling {
		links = append(links, link{"debug/pprof/", "Profiles of the running program."})
	}
	return links
}

func (rt *Runtime) index(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Content-Security-Policy", styled)
	// An error here is a reader who is gone.
	_ = indexPage.Execute(w, map[string]any{
		"Service": rt.config.Service,
		"Version": mainVersion(),
		"Links":   rt.links(),
	})
}
