package otlp

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"google.golang.org/grpc/codes"

	"github.com/metertree/metertree/integrations/internal/push"
)

// watch sees each attempt of the official exporters, whose errors do not tell
// all. It is called in the goroutine of Export.
type watch struct {
	endpoint string
	counters *counters
	retry    Retry
	// idle closes connections that are not in use; nil if there is no need.
	idle func()

	// attempts counts those of one request.
	attempts int
	last     answer
}

// answer is what an attempt came to, as far as it was answered.
type answer struct {
	// status is that of HTTP; 0 if there was no answer.
	status int
	// code is that of gRPC, and grpc is set if there is one.
	code codes.Code
	grpc bool
	// after is how long the backend asks to be left alone, and delays says that
	// it does.
	after  time.Duration
	delays bool
	// secrets are what the request gave in headers.
	secrets push.Secrets
	// page says that the answer is a page, which comes from something in front of
	// the backend.
	page bool
	// location is where an answer redirects to.
	location string
	// message is what the backend says, also of a partial success; rejected is
	// how many points it rejected of one.
	message  string
	rejected int64
}

// begin begins a request.
func (w *watch) begin() { w.attempts, w.last = 0, answer{} }

// attempt begins an attempt.
func (w *watch) attempt() {
	w.attempts++
	w.last = answer{}
	w.counters.requests.Add(1)
	if w.attempts > 1 {
		w.counters.repetitions.Add(1)
	}
}

// verdict is what became of a request.
type verdict uint8

const (
	// taken is one that the backend took, at least in part.
	taken verdict = iota
	// tooLarge is one that may be taken in parts.
	tooLarge
	// refused is one that will never be taken.
	refused
	// failed is one that is to be sent again, later.
	failed
)

// judge tells what became of a request from the official exporter's error and
// from what was seen, with an error for people.
func (w *watch) judge(ctx context.Context, err error) (verdict, error) {
	a := &w.last
	switch {
	case err == nil, a.took():
		return taken, nil
	case a.tooLarge(err):
		return tooLarge, w.explain(err, "let the receiver take larger requests")
	case a.refused():
		return refused, w.explain(err, "read what the receiver says and logs; the points are dropped")
	}
	explained := w.explain(err, a.remedy(err))
	if cause := context.Cause(ctx); cause != nil && !errors.Is(explained, cause) {
		explained = fmt.Errorf("%w: %w", cause, explained)
	}
	return failed, explained
}

// took reports whether the backend has taken the request: the official exporters
// return a partial success as an error, and so they do with an answer over HTTP
// whose body is damaged.
func (a *answer) took() bool {
	if a.grpc {
		return a.code == codes.OK
	}
	return a.status/100 == 2
}

// refused reports whether no repetition can help.
func (a *answer) refused() bool {
	switch {
	case a.grpc:
		return a.code == codes.InvalidArgument
	case a.page, a.wantsTLS():
		return false
	}
	return a.status == http.StatusBadRequest || a.status == http.StatusUnprocessableEntity
}

// explain returns the error that names the endpoint, what happened and what to
// do.
func (w *watch) explain(err error, remedy string) error {
	repeated := ""
	if w.attempts > 1 {
		repeated = fmt.Sprintf(" after %d attempts", w.attempts)
	}
	a := &w.last
	if a.status != 0 {
		// The official error holds the whole answer, which may be a long page.
		return fmt.Errorf("otlp export to %s%s: answered %d %s%s: %s",
			w.endpoint, repeated, a.status, http.StatusText(a.status), quoted(a.message), remedy)
	}
	if text := a.secrets.Hide(err.Error()); len(text) > 2*maxMessage || text != err.Error() {
		err = errors.New(shortened(text))
	}
	return fmt.Errorf("otlp export to %s%s: %w: %s", w.endpoint, repeated, err, remedy)
}

func quoted(message string) string {
	if message == "" {
		return ""
	}
	return fmt.Sprintf(" %q", message)
}

// PartialSuccessError says that a backend took a request but for some of its
// points, which are lost. Batches with one wrap export.ErrRejected.
type PartialSuccessError struct {
	// Endpoint is where the request was sent.
	Endpoint string
	// Rejected is how many of the request's Points were not taken.
	Rejected, Points int
	// Message is the backend's reason.
	Message string
}

// Error names the endpoint, the counts and the backend's message.
func (e *PartialSuccessError) Error() string {
	return fmt.Sprintf("otlp export to %s: the receiver took all but %d of %d points and says %q: correct what it names",
		e.Endpoint, e.Rejected, e.Points, e.Message)
}
