package contextd

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"

	"github.com/metertree/metertree/examples/contextd/internal/embedding"
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
	const account = "/v1/accounts/{account}"
	mux.HandleFunc("PUT "+account+"/documents/{document}", s.forAccount(s.putDocument))
	mux.HandleFunc("GET "+account+"/documents/{document}", s.forAccount(s.getDocument))
	mux.HandleFunc("DELETE "+account+"/documents/{document}", s.forAccount(s.deleteDocument))
	mux.HandleFunc("GET "+account+"/search", s.forAccount(s.getSearch))
	mux.HandleFunc("POST "+account+"/sessions", s.forAccount(s.postSession))
	mux.HandleFunc("GET "+account+"/sessions/{session}", s.forAccount(s.getSession))
	mux.HandleFunc("POST "+account+"/sessions/{session}/messages", s.forAccount(s.postMessage))
	mux.HandleFunc("GET /v1/health", s.getHealth)
	mux.HandleFunc("GET /-/healthy", func(w http.ResponseWriter, _ *http.Request) { answer(w, http.StatusOK, "healthy") })
	mux.HandleFunc("GET /-/ready", s.getReady)
	meters, err := newHTTPMeters(scope)
	return meters.around(mux, s.accountLabel), err
}

// unknownAccount is the value of account_id for requests without an account.
const unknownAccount = "__unknown__"

// accountLabel is the value of account_id for an account's name in a URL.
func (s *Service) accountLabel(name string) string {
	if s.tenants[name] == nil {
		return unknownAccount
	}
	return name
}

// forAccount turns a handler for a known account that is within its rate into one
// for HTTP.
func (s *Service) forAccount(handle func(http.ResponseWriter, *http.Request, *tenant) error) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		r.Body = http.MaxBytesReader(w, r.Body, maxBodyBytes)
		t := s.tenants[r.PathValue("account")]
		var err error
		switch {
		case t == nil:
			err = refuse(http.StatusNotFound, "account %q is unknown: use one that is configured", r.PathValue("account"))
		case !t.limit.admit():
			err = refuse(http.StatusTooManyRequests, "account %q makes too many requests: try again later", t.Name)
		default:
			err = handle(w, r, t)
		}
		if err != nil {
			s.answerError(w, r, err)
		}
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
	case errors.Is(err, queue.ErrFull), errors.Is(err, queue.ErrClosed), errors.Is(err, embedding.ErrOverloaded),
		errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return http.StatusServiceUnavailable
	}
	return http.StatusInternalServerError
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
