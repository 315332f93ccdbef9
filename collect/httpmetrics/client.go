package httpmetrics

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/metertree/metertree/meter"
	"github.com/metertree/metertree/metric"
)

// ClientOptions configure NewClient; the zero value is useful.
type ClientOptions struct {
	// Peer names whom a request goes to, from a set that is small; see Peers.
	// nil leaves the label peer out.
	Peer func(r *http.Request) string
	// Status says how statuses are told apart.
	Status StatusLabel
	// DurationBuckets are the bounds of durations in seconds; nil means
	// metric.DefaultLatencyBounds.
	DurationBuckets []float64
	// SeriesBudget is how many label sets each metric admits; 0 means the
	// registry's.
	SeriesBudget int
}

// failed is the status of requests without a response.
const failed = "error"

// Client measures requests that this program sends. It may make any number of
// transports, and is for concurrent use.
type Client struct {
	options  ClientOptions
	enabled  bool
	inFlight meter.BoundUpDownCounter

	requests, errors   meter.Counter
	duration, exchange meter.Histogram
	cached             cache[callKey, callHandles]
}

// NewClient defines the client's metrics in a scope, usually the root scope:
// their names begin with http_client_. Calls with the same scope and options
// share their series. It fails if one of the names is in use otherwise; those
// before it then stay defined.
func NewClient(scope meter.Scope, options ClientOptions) (*Client, error) {
	place := scope.Scope("http").Scope("client")
	c := &Client{options: options, enabled: scope.Enabled()}
	keys := func(more ...string) meter.Option { return meter.Keys(c.labels("method", "peer", more...)...) }
	budget := meter.SeriesBudget(options.SeriesBudget)
	buckets := meter.Buckets(options.DurationBuckets...)
	var errs [6]error
	c.requests, errs[0] = place.NewCounter("requests_total", keys("status"), budget,
		meter.Role(metric.RoleTraffic), meter.Help("Requests that were answered or failed."))
	c.duration, errs[1] = place.NewHistogram("request_duration_seconds", keys("status"), budget, buckets,
		meter.Unit("seconds"), meter.Role(metric.RoleLatency), meter.Help("Time from a request to the header of its response, or to its failure."))
	c.exchange, errs[2] = place.NewHistogram("exchange_duration_seconds", keys(), budget, buckets,
		meter.Unit("seconds"), meter.Help("Time from a request to the end of its response's body."))
	c.errors, errs[3] = place.NewCounter("errors_total", keys("kind"), budget,
		meter.Help("Requests without a response, or with a part of one."))
	inFlight, err := place.NewUpDownCounter("requests_in_flight", meter.Help("Requests whose response has not ended."))
	errs[4] = err
	c.inFlight = inFlight.Bind()
	wrong := append(options.Status.class(5), failed)
	errs[5] = meter.Ratio(place, "request_error_ratio", c.requests, meter.Where("status", wrong...), meter.Role(metric.RoleErrors),
		meter.Help("How much of the requests has no response, or one with a server's error (5xx)."))
	if err := errors.Join(errs[:]...); err != nil {
		return nil, fmt.Errorf("defining the metrics of an HTTP client: %w", err)
	}
	return c, nil
}

// Transport returns a transport that measures base; nil means
// http.DefaultTransport. It returns base itself if the scope records nothing.
//
// A request is in flight until its response's body is read to the end, fails or
// is closed: one that the program forgets to close shows as in flight.
func (c *Client) Transport(base http.RoundTripper) http.RoundTripper {
	if base == nil {
		base = http.DefaultTransport
	}
	if !c.enabled {
		return base
	}
	return &transport{client: c, base: base}
}

type transport struct {
	client *Client
	base   http.RoundTripper
}

func (t *transport) RoundTrip(r *http.Request) (*http.Response, error) {
	c, start, returned := t.client, time.Now(), false
	c.inFlight.Add(1)
	defer func() {
		if !returned {
			c.inFlight.Add(-1)
		}
	}()
	response, err := t.base.RoundTrip(r)
	returned = true
	key := callKey{method: methodIndex(r.Method)}
	if c.options.Peer != nil {
		key.peer = c.options.Peer(r)
	}
	if err != nil || response == nil {
		c.inFlight.Add(-1)
		key.kind = kindOf(r, err)
		h := c.handles(key)
		h.requests.Inc()
		h.duration.ObserveSince(start)
		h.errors.Inc()
		return response, err
	}
	key.status = c.options.Status.of(response.StatusCode)
	h := c.handles(key)
	h.requests.Inc()
	h.duration.ObserveSince(start)
	call := &call{client: c, request: r, key: key, start: start}
	if response.Body == nil || response.Body == http.NoBody {
		call.end(nil)
		return response, nil
	}
	response.Body = call.measure(response.Body)
	return response, nil
}

// CloseIdleConnections lets http.Client.CloseIdleConnections reach the base.
func (t *transport) CloseIdleConnections() {
	if base, can := t.base.(interface{ CloseIdleConnections() }); can {
		base.CloseIdleConnections()
	}
}

// callKey is a label set of calls.
type callKey struct {
	peer   string
	method uint8
	status status
	// kind is none if the call has not failed.
	kind kind
}

// callHandles are the series that one call updates; which of them exist depends
// on the key.
type callHandles struct {
	requests, errors   meter.BoundCounter
	duration, exchange meter.BoundHistogram
}

func (c *Client) handles(key callKey) callHandles {
	if h, found := c.cached.get(key); found {
		return h
	}
	h := c.bind(key)
	if c.cached.full() {
		h.unpin()
		return h
	}
	// Whoever named the peer may have cut it out of something larger.
	key.peer = strings.Clone(key.peer)
	c.cached.keep(key, h)
	return h
}

func (c *Client) bind(key callKey) (h callHandles) {
	method, status := methods[key.method], key.status.String()
	if key.kind != none {
		status = failed
		h.errors = c.errors.Bind(c.labels(method, key.peer, key.kind.String())...)
	} else {
		h.exchange = c.exchange.Bind(c.labels(method, key.peer)...)
	}
	h.requests = c.requests.Bind(c.labels(method, key.peer, status)...)
	h.duration = c.duration.Bind(c.labels(method, key.peer, status)...)
	return h
}

// labels lists a method, a peer if there are any, and more.
func (c *Client) labels(method, peer string, more ...string) []string {
	all := []string{method}
	if c.options.Peer != nil {
		all = append(all, peer)
	}
	return append(all, more...)
}

// unpin lets the series go that no cache keeps.
func (h callHandles) unpin() {
	h.requests.Unpin()
	h.errors.Unpin()
	h.duration.Unpin()
	h.exchange.Unpin()
}
