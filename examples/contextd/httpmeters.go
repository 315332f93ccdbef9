package contextd

import (
	"errors"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/metertree/metertree/meter"
)

// httpMeters measure every request by its route template, never by its path.
type httpMeters struct {
	requests meter.CounterOf[served]
	duration meter.HistogramOf[route]
	inFlight meter.UpDownCounter
}

type route struct{ Method, Route string }

type served struct {
	Method, Route string
	// Status is the class: 2xx, 4xx, …
	Status    string
	AccountID string `label:"account_id"`
}

func newHTTPMeters(scope meter.Scope) (m httpMeters, err error) {
	var errs [3]error
	m.requests, errs[0] = meter.NewCounter[served](scope, "requests_total",
		meter.Help("Requests answered."))
	m.duration, errs[1] = meter.NewHistogram[route](scope, "request_duration_seconds", meter.Unit("seconds"),
		meter.Buckets(.0005, .001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5),
		meter.Help("Time from a request's header to the end of its answer."))
	m.inFlight, errs[2] = scope.NewUpDownCounter("requests_in_flight",
		meter.Help("Requests that are being answered."))
	return m, errors.Join(errs[:]...)
}

// around meters a handler that sets the request's pattern, as ServeMux does.
func (m httpMeters) around(next http.Handler, accountLabel func(string) string) http.Handler {
	inFlight := m.inFlight.Bind()
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		start := time.Now()
		inFlight.Add(1)
		// Until the handler returns, it counts as one that panicked.
		status := http.StatusInternalServerError
		recorder := &statusRecorder{ResponseWriter: w}
		defer func() {
			inFlight.Add(-1)
			at := routeOf(r)
			m.duration.With(at).ObserveSince(start)
			m.requests.Inc(served{at.Method, at.Route, statusClass(status), accountLabel(r.PathValue("account"))})
		}()
		next.ServeHTTP(recorder, r)
		status = recorder.status()
	})
}

// routeOf is the template that the request matched; all that match none are one.
func routeOf(r *http.Request) route {
	method, template, found := strings.Cut(r.Pattern, " ")
	if !found {
		return route{"other", "unmatched"}
	}
	return route{method, template}
}

func statusClass(status int) string { return strconv.Itoa(status/100) + "xx" }

// statusRecorder remembers the status of an answer.
type statusRecorder struct {
	http.ResponseWriter
	written int
}

func (r *statusRecorder) WriteHeader(status int) {
	// Informational answers come before the one that counts.
	if r.written == 0 && status >= http.StatusOK {
		r.written = status
	}
	r.ResponseWriter.WriteHeader(status)
}

func (r *statusRecorder) status() int {
	if r.written == 0 {
		return http.StatusOK
	}
	return r.written
}

// Unwrap lets http.ResponseController reach what the server's writer can do.
func (r *statusRecorder) Unwrap() http.ResponseWriter { return r.ResponseWriter }
