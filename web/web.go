// Package web serves the explorer page and the JSON it reads. The page is plain
// HTML, CSS and ES modules, embedded; it needs no build and no network but its
// own server.
package web

import (
	"context"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"time"

	"github.com/metertree/metertree/tree"
	"github.com/metertree/metertree/tree/joined"
)

//go:embed static
var files embed.FS

// Options tune a Handler. The zero value has safe defaults.
type Options struct {
	Limits tree.Limits
	// Timeout bounds the work of one request. Default 30s.
	Timeout time.Duration
}

// Handler serves the explorer over the source: the page at / and the tree under
// /api/v1/tree. It is safe for concurrent use.
//
//	GET /api/v1/tree          scope=PREFIX filter=WORDS depth=N values=none  a tree.Node: a scope and its children
//	GET /api/v1/tree/values   metric=NAME...                                 {"nodes": [tree.Node]}, in the order of the names
//	GET /api/v1/tree/signals  scope=PREFIX                                   a tree.Signals
//	GET /api/v1/tree/metric   NODE baseline=DURATION rank=RANK               a tree.Node: a node and its axes
//	GET /api/v1/tree/split    NODE by=LABEL limit=N baseline=DURATION mode=MODE
//	                                                                         a tree.Node: an axis and its branches
//	GET /api/v1/tree/plot     NODE by=LABEL window=DURATION quantile=Q mode=MODE lines=N points=N
//	                                                                         a tree.Plot
//	GET /api/v1/tree/explain  NODE by=LABEL... window=DURATION baseline=DURATION branches=N
//	                                                                         a tree.Explained
//
// NODE is metric=NAME (label=LABEL value=VALUE)...: label and value are repeated in
// pairs, and an empty value means the series without the label. NAME may be that of
// a declared ratio. RANK is "declared", "value" or "change"; MODE is "within-group"
// or "share". With at=MILLISECONDS values are those of that moment of the Unix
// clock. The page asks relative to its own address, so the handler can be mounted
// below a path that ends in a slash, with http.StripPrefix.
//
// An error is {"error": "..."} with status 400 for a request that
// cannot be right, 404 for a metric or scope that is not there, 501 for the past
// of a source without history, and 503 or 504 when the source fails or is late.
func Handler(source tree.Source, options Options) http.Handler {
	if options.Timeout <= 0 {
		options.Timeout = 30 * time.Second
	}
	h := &handler{tree: tree.New(joined.New(source), options.Limits), timeout: options.Timeout}
	static, err := fs.Sub(files, "static")
	if err != nil {
		panic(err) // the directory is part of the binary
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /api/v1/tree", h.answer(askScope))
	mux.HandleFunc("GET /api/v1/tree/values", h.answer(askValues))
	mux.HandleFunc("GET /api/v1/tree/signals", h.answer(askSignals))
	mux.HandleFunc("GET /api/v1/tree/metric", h.answer(askMetric))
	mux.HandleFunc("GET /api/v1/tree/split", h.answer(askSplit))
	mux.HandleFunc("GET /api/v1/tree/plot", h.answer(askPlot))
	mux.HandleFunc("GET /api/v1/tree/explain", h.answer(askExplain))
	tag := version(static)
	mux.HandleFunc("GET /static/", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("ETag", tag)
		http.StripPrefix("/static/", http.FileServerFS(static)).ServeHTTP(w, r)
	})
	mux.HandleFunc("GET /{$}", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("ETag", tag)
		http.ServeFileFS(w, r, static, "index.html")
	})
	return secure(mux)
}

// version is an entity tag of all the files together: a browser keeps them until
// the binary brings others.
func version(static fs.FS) string {
	sum := sha256.New()
	err := fs.WalkDir(static, ".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		content, err := fs.ReadFile(static, path)
		_, _ = fmt.Fprintf(sum, "%s %d\n%s", path, len(content), content) // a hash never fails
		return err
	})
	if err != nil {
		panic(err) // the files are part of the binary
	}
	return fmt.Sprintf("%q", hex.EncodeToString(sum.Sum(nil)[:12]))
}

type handler struct {
	tree    *tree.Tree
	timeout time.Duration
}

// contentSecurity lets the page use its own files only.
const contentSecurity = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; " +
	"connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

func secure(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", contentSecurity)
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("Cache-Control", "no-cache")
		next.ServeHTTP(w, r)
	})
}

// answer makes a handler that writes what is answered to a question as JSON.
func (h *handler) answer(understand func(p *parameters) question) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		ctx, cancel := context.WithTimeout(r.Context(), h.timeout)
		defer cancel()
		result, err := h.ask(ctx, understand, &parameters{query: r.URL.Query()})
		status := http.StatusOK
		if err != nil {
			status, result = statusOf(err), map[string]string{"error": err.Error()}
		}
		body, err := json.Marshal(result)
		if err != nil {
			status, body = http.StatusInternalServerError, []byte(`{"error":"the answer cannot be written as JSON"}`)
		}
		w.Header().Set("Content-Type", "application/json; charset=utf-8")
		w.WriteHeader(status)
		_, _ = w.Write(append(body, '\n')) // an error means the reader has gone
	}
}

func (h *handler) ask(ctx context.Context, understand func(p *parameters) question, p *parameters) (any, error) {
	asked, at := understand(p), p.at()
	if p.err != nil {
		return nil, p.err
	}
	return asked(ctx, h.tree.At(at))
}

func statusOf(err error) int {
	var bad requestError
	switch {
	case errors.As(err, &bad), errors.Is(err, tree.ErrRequest):
		return http.StatusBadRequest
	case errors.Is(err, tree.ErrUnknownMetric), errors.Is(err, tree.ErrUnknownScope):
		return http.StatusNotFound
	case errors.Is(err, tree.ErrNoHistory):
		return http.StatusNotImplemented
	case errors.Is(err, context.DeadlineExceeded):
		return http.StatusGatewayTimeout
	default:
		return http.StatusServiceUnavailable
	}
}
