package stats

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
)

// parameterError is a fault in what was asked.
type parameterError struct{ error }

// BadParameter makes an error that is answered with 400: a query got a parameter
// it cannot use. The format should give the value and what to use instead.
func BadParameter(format string, a ...any) error { return parameterError{fmt.Errorf(format, a...)} }

// Handler serves the list of queries at its root and each query's answer below
// it, in JSON, to be mounted with http.StripPrefix. An error is a JSON object
// with the member "error": 400 for a wrong parameter, 404 for no such query, 503
// with Retry-After when too many run, 504 when one ran too long.
func (r *Registry) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", r.list)
	mux.HandleFunc("GET /{query}", r.serve)
	return mux
}

// listing is one entry of the list.
type listing struct {
	Name string `json:"name"`
	Help string `json:"help"`
	// Path is relative to that of the list.
	Path string `json:"path"`
}

func (r *Registry) list(w http.ResponseWriter, _ *http.Request) {
	entries := []listing{}
	for _, q := range r.all() {
		entries = append(entries, listing{q.Name, q.Help, "./" + q.Name})
	}
	answer(w, http.StatusOK, map[string]any{"queries": entries})
}

func (r *Registry) serve(w http.ResponseWriter, request *http.Request) {
	q, ok := r.query(request.PathValue("query"))
	if !ok {
		fail(w, http.StatusNotFound, fmt.Errorf("there is no query %q: the list is one level up", request.PathValue("query")))
		return
	}
	select {
	case r.slots <- struct{}{}:
		defer func() { <-r.slots }()
	default:
		w.Header().Set("Retry-After", "2")
		fail(w, http.StatusServiceUnavailable, fmt.Errorf("%d queries are running already: retry later", r.options.MaxConcurrent))
		return
	}
	ctx, cancel := context.WithTimeout(request.Context(), r.options.Timeout)
	defer cancel()
	result, err := run(ctx, q, request.URL.Query())
	var wrong parameterError
	switch {
	case errors.As(err, &wrong):
		fail(w, http.StatusBadRequest, err)
	case ctx.Err() != nil:
		fail(w, http.StatusGatewayTimeout, fmt.Errorf("query %q did not end within %v: ask for less", q.Name, r.options.Timeout))
	case err != nil:
		fail(w, http.StatusInternalServerError, fmt.Errorf("query %q: %w", q.Name, err))
	default:
		answer(w, http.StatusOK, result)
	}
}

// run makes an error of a panic.
func run(ctx context.Context, q Query, parameters url.Values) (result any, err error) {
	defer func() {
		if cause := recover(); cause != nil {
			err = fmt.Errorf("panicked: %v", cause)
		}
	}()
	return q.Run(ctx, parameters)
}

func fail(w http.ResponseWriter, status int, err error) {
	answer(w, status, map[string]string{"error": err.Error()})
}

func answer(w http.ResponseWriter, status int, body any) {
	text, err := json.MarshalIndent(body, "", "  ")
	if err != nil {
		status = http.StatusInternalServerError
		text, _ = json.Marshal(map[string]string{"error": "the answer cannot be written as JSON: " + err.Error()})
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	// An error here is a reader who is gone.
	_, _ = w.Write(append(text, '\n'))
}
