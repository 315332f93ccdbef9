package httpmetrics

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"path"
	"strings"
	"time"

	"github.com/metertree/metertree/meter"
	"github.com/metertree/metertree/metric"
)

// ServerOptions configure NewServer; the zero value is useful.
type ServerOptions struct {
	// Route names the route of a request, which the handler has answered by
	// then, where http.ServeMux is not the router; "" means Unmatched. It must
	// return templates, not paths. nil means the template of r.Pattern.
	Route func(r *http.Request) string
	// Status says how statuses are told apart.
	Status StatusLabel
	// DurationBuckets are the bounds of durations in seconds; nil means
	// metric.DefaultLatencyBounds.
	DurationBuckets []float64
	// SizeBuckets are the bounds of sizes in bytes; nil means DefaultSizeBounds.
	SizeBuckets []float64
	// SeriesBudget is how many label sets each metric admits; 0 means the
	// registry's.
	SeriesBudget int
}

// DefaultSizeBounds are the upper bounds, in bytes, of sizes whose definition
// gives none: from 256 B to 64 MiB by steps of four.
func DefaultSizeBounds() []float64 {
	return []float64{1 << 8, 1 << 10, 1 << 12, 1 << 14, 1 << 16, 1 << 18, 1 << 20, 1 << 22, 1 << 24, 1 << 26}
}

// Server measures the handlers that it wraps. It may wrap any number of them,
// and is for concurrent use.
type Server struct {
	options  ServerOptions
	enabled  bool
	inFlight meter.BoundUpDownCounter

	requests                            meter.Counter
	duration, requestSize, responseSize meter.Histogram
	cached                              cache[answerKey, answerHandles]
}

// NewServer defines the server's metrics in a scope, usually the root scope:
// their names begin with http_server_. Calls with the same scope and options
// share their series. It fails if one of the names is in use otherwise; those
// before it then stay defined.
func NewServer(scope meter.Scope, options ServerOptions) (*Server, error) {
	place := scope.Scope("http").Scope("server")
	budget := meter.SeriesBudget(options.SeriesBudget)
	perAnswer := meter.Keys("method", "route", "status")
	perRoute := meter.Keys("method", "route")
	sizes := options.SizeBuckets
	if sizes == nil {
		sizes = DefaultSizeBounds()
	}
	s := &Server{options: options, enabled: scope.Enabled()}
	var errs [6]error
	s.requests, errs[0] = place.NewCounter("requests_total", perAnswer, budget,
		meter.Role(metric.RoleTraffic), meter.Help("Requests answered."))
	s.duration, errs[1] = place.NewHistogram("request_duration_seconds", perAnswer, budget, meter.Unit("seconds"),
		meter.Buckets(options.DurationBuckets...), meter.Role(metric.RoleLatency),
		meter.Help("Time from a request's header to the return of its handler."))
	s.requestSize, errs[2] = place.NewHistogram("request_size_bytes", perRoute, budget, meter.Unit("bytes"),
		meter.Buckets(sizes...), meter.Help("Sizes of the bodies of requests that declare it."))
	s.responseSize, errs[3] = place.NewHistogram("response_size_bytes", perRoute, budget, meter.Unit("bytes"),
		meter.Buckets(sizes...), meter.Help("Sizes of the bodies of answers, as the handler wrote them."))
	inFlight, err := place.NewUpDownCounter("requests_in_flight", meter.Help("Requests being answered."))
	errs[4] = err
	s.inFlight = inFlight.Bind()
	errs[5] = s.defineRatios(place)
	if err := errors.Join(errs[:]...); err != nil {
		return nil, fmt.Errorf("defining the metrics of an HTTP server: %w", err)
	}
	return s, nil
}

func (s *Server) defineRatios(place meter.Scope) error {
	ofClass := func(digit int) meter.RatioOption { return meter.Where("status", s.options.Status.class(digit)...) }
	return errors.Join(
		meter.Ratio(place, "request_error_ratio", s.requests, ofClass(5), meter.Role(metric.RoleErrors),
			meter.Help("How much of the requests is answered with a server's error (5xx).")),
		meter.Ratio(place, "request_client_error_ratio", s.requests, ofClass(4),
			meter.Help("How much of the requests is answered with a client's error (4xx).")),
	)
}

// Wrap returns a handler that measures next. It returns next itself if the
// scope records nothing.
func (s *Server) Wrap(next http.Handler) http.Handler {
	if !s.enabled {
		return next
	}
	return &handler{server: s, next: next}
}

type handler struct {
	server *Server
	next   http.Handler
}

func (h *handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	rec := &recorder{ResponseWriter: w, start: time.Now(), requestSize: r.ContentLength}
	h.server.inFlight.Add(1)
	defer h.server.done(rec, r)
	h.next.ServeHTTP(rec.view(), r)
	rec.returned = true
}

// Routed returns a handler that tells the Server around it which request the mux
// was given, so that the pattern is found there. It is needed if a handler
// between the two passes a copy of the request on; its http.ResponseWriter, if
// that is another one, must have Unwrap. Elsewhere Routed does nothing.
func Routed(mux http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if rec := recorderOf(w); rec != nil {
			rec.routed = r
		}
		mux.ServeHTTP(w, r)
	})
}

// done measures a request whose handler has returned or panicked.
func (s *Server) done(rec *recorder, r *http.Request) {
	took := time.Since(rec.start)
	s.inFlight.Add(-1)
	code := rec.outcome(r.Context())
	if rec.routed != nil {
		r = rec.routed
	}
	h := s.handles(answerKey{s.route(r, code), methodIndex(r.Method), s.options.Status.of(code)})
	h.requests.Inc()
	h.duration.Observe(took.Seconds())
	if rec.requestSize >= 0 {
		h.requestSize.Observe(float64(rec.requestSize))
	}
	switch {
	case rec.hijacked:
	case r.Method == http.MethodHead:
		h.responseSize.Observe(0)
	default:
		h.responseSize.Observe(float64(rec.written))
	}
}

// outcome is the status that a request counts as.
func (r *recorder) outcome(ctx context.Context) int {
	gone := func() bool { return ctx.Err() == context.Canceled }
	switch {
	case !r.returned && gone():
		return StatusClientGone
	case !r.returned:
		return http.StatusInternalServerError
	case r.status != 0:
		return r.status
	case r.hijacked:
		return http.StatusSwitchingProtocols
	case gone():
		return StatusClientGone
	}
	return http.StatusOK
}

// route is what tells the routes of requests apart: the pattern, or what
// Options.Route says. It is "" for requests that matched none.
func (s *Server) route(r *http.Request, code int) string {
	if s.options.Route != nil {
		return s.options.Route(r)
	}
	if slashRedirect(r, code) {
		return ""
	}
	return r.Pattern
}

// slashRedirect reports whether the pattern of a request is nothing that was
// registered: where a mux redirects to a path with a slash added, it can take
// that path, which the client chose, for the pattern.
func slashRedirect(r *http.Request, code int) bool {
	if code != http.StatusMovedPermanently && code != http.StatusTemporaryRedirect {
		return false
	}
	clean := path.Clean("/" + r.URL.Path)
	if clean != "/" && strings.HasSuffix(r.URL.Path, "/") {
		clean += "/"
	}
	return r.Pattern == clean+"/"
}

// answerKey is a label set of answers.
type answerKey struct {
	// route is the pattern, or what Options.Route returned.
	route  string
	method uint8
	status status
}

// answerHandles are the series that one answer updates.
type answerHandles struct {
	requests                            meter.BoundCounter
	duration, requestSize, responseSize meter.BoundHistogram
}

func (s *Server) handles(key answerKey) answerHandles {
	if h, found := s.cached.get(key); found {
		return h
	}
	h := s.bind(key)
	if s.cached.full() {
		h.unpin()
		return h
	}
	// Whoever named the route may have cut it out of something larger.
	key.route = strings.Clone(key.route)
	s.cached.keep(key, h)
	return h
}

func (s *Server) bind(key answerKey) answerHandles {
	route, method, status := key.route, methods[key.method], key.status.String()
	if s.options.Route == nil {
		route = template(route)
	}
	if route == "" {
		route = Unmatched
	}
	return answerHandles{
		requests:     s.requests.Bind(method, route, status),
		duration:     s.duration.Bind(method, route, status),
		requestSize:  s.requestSize.Bind(method, route),
		responseSize: s.responseSize.Bind(method, route),
	}
}

// unpin lets the series go that no cache keeps.
func (h answerHandles) unpin() {
	h.requests.Unpin()
	h.duration.Unpin()
	h.requestSize.Unpin()
	h.responseSize.Unpin()
}
