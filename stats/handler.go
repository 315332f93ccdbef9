package stats

import (
	"bytes"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// parameterError is a fault in what was asked.
type parameterError struct{ error }

// BadParameter makes an error that is answered with 400: a query got a parameter
// it cannot use. The format should give the value and what to use instead.
func BadParameter(format string, a ...any) error { return parameterError{fmt.Errorf(format, a...)} }

// retryAfter is when those who were turned away may ask again, in seconds.
const retryAfter = 2

// Handler serves the list of queries at its root and each query's answer below
// it, to be mounted with http.StripPrefix. Answers are JSON. The list is too,
// unless the request prefers text/plain or says ?format=text, or prefers
// text/html, as browsers do, or says ?format=html.
//
// An answer has an entity tag, and is not sent again to who has it. It is good
// for the query's TTL, as Cache-Control says; until then everyone gets the same,
// whatever the request's Cache-Control says, so that reloading costs nothing.
//
// An error is a JSON object with the member "error": 400 for a wrong parameter,
// 404 for no such query, 503 with Retry-After when too many run, 504 when one ran
// too long.
func (r *Registry) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", r.list)
	mux.HandleFunc("GET /{query}", r.serve)
	return mux
}

func (r *Registry) serve(w http.ResponseWriter, request *http.Request) {
	name := request.PathValue("query")
	q, ok := r.query(name)
	if !ok {
		r.write(w, request, newFailure(http.StatusNotFound, fmt.Errorf("there is no query %q: %s", name, r.known())))
		return
	}
	parameters, err := q.read(request.URL.Query())
	if err != nil {
		r.write(w, request, newFailure(http.StatusBadRequest, err))
		return
	}
	r.write(w, request, r.ask(request.Context(), q, parameters))
}

// maxNamed is how many queries an error names.
const maxNamed = 20

// known names the queries there are.
func (r *Registry) known() string {
	queries := r.all()
	if len(queries) == 0 {
		return "there is none"
	}
	var names []string
	for _, q := range queries[:min(len(queries), maxNamed)] {
		names = append(names, q.Name)
	}
	known := "ask for " + strings.Join(names, ", ")
	if more := len(queries) - maxNamed; more > 0 {
		known += fmt.Sprintf(" or one of %d more", more)
	}
	return known
}

// write sends a reply, or says that the asker has it already.
func (r *Registry) write(w http.ResponseWriter, request *http.Request, answer reply) {
	h := w.Header()
	h.Set("Content-Type", "application/json")
	h.Set("X-Content-Type-Options", "nosniff")
	if answer.status != http.StatusOK {
		h.Set("Cache-Control", "no-store")
		if answer.status == http.StatusServiceUnavailable {
			h.Set("Retry-After", strconv.Itoa(retryAfter))
		}
		w.WriteHeader(answer.status)
		// An error here is a reader who is gone.
		_, _ = w.Write(answer.body)
		return
	}
	h.Set("ETag", answer.tag)
	h.Set("Cache-Control", "no-cache")
	if left := answer.until.Sub(r.options.Now()).Truncate(time.Second); left > 0 {
		h.Set("Cache-Control", fmt.Sprintf("private, max-age=%d", int(left.Seconds())))
	}
	http.ServeContent(w, request, "", time.Time{}, bytes.NewReader(answer.body))
}
