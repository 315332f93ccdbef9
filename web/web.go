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
//	GET /api/v1/tree          scope=PREFIX filter=WORDS depth=N          a tree.Node: a scope and its children
//	GET /api/v1/tree/metric   metric=NAME (label=L value=V)...           a tree.Node: a node and its axes
//	GET /api/v1/tree/split    metric=NAME (label=L value=V)... by=LABEL  a tree.Node: an axis and its branches
//	GET /api/v1/tree/plot     the same, window=DURATION quantile=Q       a tree.Plot
//
// label and value are repeated in pairs; an empty value means the series without
// the label. The page asks relative to its own address, so the handler can be
// mounted below a path that ends in a slash, with http.StripPrefix.
//
// An error is {"error": "..."} with status 400 for a request that
// cannot be right, 404 for a metric or scope that is not there, 501 for a plot
// of a source without history, and 503 or 504 when the source fails or is late.
func Handler(source tree.Source, options Options) http.Handler {
	if options.Timeout <= 0 {
		options.Timeout = 30 * time.Second
	}
	h := &handler{tree: tree.New(source, options.Limits), timeout: options.Timeout}
	static, err := fs.Sub(files, "static")
	if err != nil {
		panic(err) // the directory is part of the binary
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /api/v1/tree", h.answer(h.scope))
	mux.HandleFunc("GET /api/v1/tree/metric", h.answer(h.metric))
	mux.HandleFunc("GET /api/v1/tree/split", h.answer(h.split))
	mux.HandleFunc("GET /api/v1/tree/plot", h.answer(h.plot))
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

// answer turns a function into a handler that writes its result as JSON.
func (h *handler) answer(f func(ctx context.Context, r *http.Request) (any, error)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		ctx, cancel := context.WithTimeout(r.Context(), h.timeout)
		defer cancel()
		result, err := f(ctx, r)
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

func statusOf(err error) int {
	var bad requestError
	switch {
	case errors.As(err, &bad), errors.Is(err, tree.ErrRequest):
		return http.StatusBadRequest
	case errors.Is(err, tree.ErrUnknownMetric):
		return http.StatusNotFound
	case errors.Is(err, tree.ErrNoHistory):
		return http.StatusNotImplemented
	case errors.Is(err, context.DeadlineExceeded):
		return http.StatusGatewayTimeout
	default:
		return http.StatusServiceUnavailable
	}
}
