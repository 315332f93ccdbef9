package grpcmetrics

import (
	"errors"
	"fmt"
	"maps"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"google.golang.org/grpc/codes"

	"github.com/metertree/metertree/meter"
)

// Unknown stands for services and methods that are not known, and for codes
// that gRPC does not define.
const Unknown = "__unknown__"

// maxMethods is how many methods a side knows; there are no more of them than a
// program has code for.
const maxMethods = 2048

// Options configure NewServer and NewClient; the zero value is useful.
type Options struct {
	// DurationBuckets are the bounds of durations in seconds; nil means
	// metric.DefaultLatencyBounds.
	DurationBuckets []float64
	// SeriesBudget is how many label sets each metric admits; 0 means the
	// registry's.
	SeriesBudget int
}

// calls are the metrics of one side, server or client.
type calls struct {
	enabled                          bool
	started, handled, received, sent meter.Counter
	duration                         meter.Histogram
	inFlight                         meter.UpDownCounter

	// known is replaced, never written, so that finding a method takes no lock.
	known atomic.Pointer[map[methodKey]*method]
	mu    sync.Mutex
}

type methodKey struct {
	// full is the name as gRPC has it, such as /package.Service/Method, or "" for
	// those that are not known.
	full string
	kind callType
}

// callType says which sides of a call send more than one message.
type callType uint8

const (
	unary callType = iota
	clientStream
	serverStream
	bidiStream
)

var callTypes = [...]string{"unary", "client_stream", "server_stream", "bidi_stream"}

func typeOf(clientStreams, serverStreams bool) callType {
	switch {
	case clientStreams && serverStreams:
		return bidiStream
	case serverStreams:
		return serverStream
	}
	return clientStream
}

func newCalls(scope meter.Scope, side string, options Options) (*calls, error) {
	place := scope.Scope("grpc").Scope(side)
	keys := meter.Keys("service", "method", "type")
	budget := meter.SeriesBudget(options.SeriesBudget)
	c := &calls{enabled: scope.Enabled()}
	var errs [6]error
	c.started, errs[0] = place.NewCounter("started_total", keys, budget, meter.Help("Calls that began."))
	c.handled, errs[1] = place.NewCounter("handled_total", meter.Keys("service", "method", "type", "code"), budget,
		meter.Help("Calls that ended, by their code."))
	c.received, errs[2] = place.NewCounter("msg_received_total", keys, budget, meter.Help("Messages received."))
	c.sent, errs[3] = place.NewCounter("msg_sent_total", keys, budget, meter.Help("Messages sent."))
	c.duration, errs[4] = place.NewHistogram("handling_seconds", keys, budget, meter.Unit("seconds"),
		meter.Buckets(options.DurationBuckets...), meter.Help("Time from the beginning of a call to its end."))
	c.inFlight, errs[5] = place.NewUpDownCounter("calls_in_flight", keys, budget, meter.Help("Calls that have not ended."))
	if err := errors.Join(errs[:]...); err != nil {
		return nil, fmt.Errorf("defining the metrics of a gRPC %s: %w", side, err)
	}
	c.known.Store(&map[methodKey]*method{})
	return c, nil
}

// find returns a method that is known.
func (c *calls) find(key methodKey) (m *method, found bool) {
	m, found = (*c.known.Load())[key]
	return m, found
}

// learn returns a method, known from now on unless there are too many.
func (c *calls) learn(key methodKey) *method {
	if m, found := c.find(key); found {
		return m
	}
	if len(*c.known.Load()) >= maxMethods {
		key.full = ""
		if m, found := c.find(key); found {
			return m
		}
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	known := *c.known.Load()
	if m := known[key]; m != nil {
		return m
	}
	m := c.bind(key)
	known = maps.Clone(known)
	known[key] = m
	c.known.Store(&known)
	return m
}

// method holds the series of one method.
type method struct {
	calls                   *calls
	service, name, kind     string
	started, received, sent meter.BoundCounter
	duration                meter.BoundHistogram
	inFlight                meter.BoundUpDownCounter
	// handled are those of the codes that were seen.
	handled [codes.Unauthenticated + 2]atomic.Pointer[meter.BoundCounter]
}

func (c *calls) bind(key methodKey) *method {
	service, name := split(key.full)
	kind := callTypes[key.kind]
	return &method{
		calls: c, service: service, name: name, kind: kind,
		started:  c.started.Bind(service, name, kind),
		received: c.received.Bind(service, name, kind),
		sent:     c.sent.Bind(service, name, kind),
		duration: c.duration.Bind(service, name, kind),
		inFlight: c.inFlight.Bind(service, name, kind),
	}
}

// split returns the service and the method of a full name.
func split(full string) (service, name string) {
	full = strings.TrimPrefix(full, "/")
	at := strings.LastIndexByte(full, '/')
	if at < 0 {
		return Unknown, Unknown
	}
	return strings.Clone(full[:at]), strings.Clone(full[at+1:])
}

// begin notes that a call begins.
func (m *method) begin() (start time.Time) {
	m.started.Inc()
	m.inFlight.Add(1)
	return time.Now()
}

// end notes that a call that began at start has ended.
func (m *method) end(start time.Time, code codes.Code) {
	m.duration.ObserveSince(start)
	m.inFlight.Add(-1)
	m.count(code).Inc()
}

// count returns the counter of the calls that ended with a code.
func (m *method) count(code codes.Code) meter.BoundCounter {
	at := min(int(code), len(m.handled)-1)
	if bound := m.handled[at].Load(); bound != nil {
		return *bound
	}
	name := Unknown
	if at < len(m.handled)-1 {
		name = code.String()
	}
	bound := m.calls.handled.Bind(m.service, m.name, m.kind, name)
	m.handled[at].Store(&bound)
	return bound
}
