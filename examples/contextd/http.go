package contextd

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/metertree/metertree/collect/httpmetrics"
	"github.com/metertree/metertree/examples/contextd/internal/embedding"
	"github.com/metertree/metertree/examples/contextd/internal/language"
	"github.com/metertree/metertree/examples/contextd/internal/queue"
	"github.com/metertree/metertree/examples/contextd/internal/session"
	"github.com/metertree/metertree/meter"
)

// maxBodyBytes bounds the bodies of requests.
const maxBodyBytes = 16 << 10

// problem is an error with the status that tells it to the client.
type problem struct {
	status int
	err    error
}

func (p *problem) Error() string { return p.err.Error() }

func (p *problem) Unwrap() error { return p.err }

func refuse(status int, format string, arguments ...any) error {
	return &problem{status, fmt.Errorf(format, arguments...)}
}

// newHandler joins the routes and meters them.
func (s *Service) newHandler(scope meter.Scope) (http.Handler, error) {
	mux := http.NewServeMux()
	handle := func(pattern, operation string, handle func(http.ResponseWriter, *http.Request, *call) error) {
		mux.HandleFunc(pattern, s.forAccount(operation, handle))
	}
	const account = "/v1/accounts/{account}"
	handle("PUT "+account+"/documents/{document}", putDocument, s.putDocument)
	handle("GET "+account+"/documents/{document}", getDocument, s.getDocument)
	handle("DELETE "+account+"/documents/{document}", deleteDocument, s.deleteDocument)
	handle("GET "+account+"/search", searchContext, s.getSearch)
	handle("POST "+account+"/sessions", openSession, s.postSession)
	handle("GET "+account+"/sessions/{session}", readSession, s.getSession)
	handle("POST "+account+"/sessions/{session}/messages", postMessage, s.postMessage)
	mux.HandleFunc("GET /v1/health", s.getHealth)
	mux.HandleFunc("GET /-/healthy", func(w http.ResponseWriter, _ *http.Request) { answer(w, http.StatusOK, "healthy") })
	mux.HandleFunc("GET /-/ready", s.getReady)
	meters, err := httpmetrics.NewServer(scope, httpmetrics.ServerOptions{DurationBuckets: answerSeconds})
	if err != nil {
		return nil, err
	}
	return meters.Wrap(mux), nil
}

// answerSeconds are the bounds of durations; a cached document takes less than a
// millisecond.
var answerSeconds = []float64{.0005, .001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5}

// forAccount turns a handler for a known account that is within its rate into one
// for HTTP, and tells the listeners of each request.
func (s *Service) forAccount(operation string, handle func(http.ResponseWriter, *http.Request, *call) error) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		r.Body = http.MaxBytesReader(w, r.Body, maxBodyBytes)
		c := &call{tenant: s.tenants[r.PathValue("account")], name: operation, start: time.Now()}
		var err error
		switch {
		case c.tenant == nil:
			err = refuse(http.StatusNotFound, "account %q is unknown: use one that is configured", r.PathValue("account"))
		case !c.limit.admit():
			err = refuse(http.StatusTooManyRequests, "account %q makes too many requests: try again later", c.Name)
		default:
			err = handle(w, r, c)
		}
		if err != nil {
			s.answerError(w, r, err)
		}
		s.finish(c, err)
	}
}

// statusOf is the status that tells an error to the client.
func statusOf(err error) int {
	var known *problem
	var tooLarge *http.MaxBytesError
	switch {
	case errors.As(err, &known):
		return known.status
	case errors.As(err, &tooLarge):
		return http.StatusRequestEntityTooLarge
	case errors.Is(err, session.ErrUnknown):
		return http.StatusNotFound
	case errors.Is(err, session.ErrFull):
		return http.StatusTooManyRequests
	case errors.Is(err, queue.ErrFull), errors.Is(err, queue.ErrClosed), overloaded(err),
		errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return http.StatusServiceUnavailable
	}
	return http.StatusInternalServerError
}

// overloaded reports whether a model has failed for now.
func overloaded(err error) bool {
	return errors.Is(err, embedding.ErrOverloaded) || errors.Is(err, language.ErrOverloaded)
}

func (s *Service) answerError(w http.ResponseWriter, r *http.Request, err error) {
	status := statusOf(err)
	if status == http.StatusInternalServerError {
		s.config.Logger.Error("request failed", "route", r.Pattern, "err", err)
	}
	if status == http.StatusServiceUnavailable || status == http.StatusTooManyRequests {
		w.Header().Set("Retry-After", "1")
	}
	answer(w, status, struct {
		Error string `json:"error"`
	}{err.Error()})
}

func answer(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	// A client that is gone cannot be told.
	_ = json.NewEncoder(w).Encode(body)
}

// decode reads a request's body.
func decode[T any](r *http.Request) (body T, err error) {
	decoder := json.NewDecoder(r.Body)
	decoder.DisallowUnknownFields()
	err = decoder.Decode(&body)
	var tooLarge *http.MaxBytesError
	if err != nil && !errors.As(err, &tooLarge) {
		err = refuse(http.StatusBadRequest, "body is not the JSON object that is expected: %w", err)
	}
	return body, err
}
