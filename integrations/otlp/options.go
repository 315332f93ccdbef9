package otlp

import (
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"strings"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/sdk/instrumentation"

	"github.com/metertree/metertree/integrations/internal/push"
)

// Protocol is how requests are sent.
type Protocol uint8

const (
	// FromEnvironment is what OTEL_EXPORTER_OTLP_METRICS_PROTOCOL or
	// OTEL_EXPORTER_OTLP_PROTOCOL says, and without them HTTP.
	FromEnvironment Protocol = iota
	// HTTP sends protobuf over HTTP.
	HTTP
	// GRPC sends over gRPC.
	GRPC
)

// String returns the protocol as the environment variables name it.
func (p Protocol) String() string {
	switch p {
	case FromEnvironment:
		return "from the environment"
	case HTTP:
		return "http/protobuf"
	case GRPC:
		return "grpc"
	}
	return fmt.Sprintf("protocol(%d)", uint8(p))
}

// Compression is the content coding of requests.
type Compression uint8

const (
	// CompressionFromEnvironment is what OTEL_EXPORTER_OTLP_METRICS_COMPRESSION
	// or OTEL_EXPORTER_OTLP_COMPRESSION says, and without them NoCompression.
	CompressionFromEnvironment Compression = iota
	// NoCompression sends requests as they are.
	NoCompression
	// Gzip compresses requests.
	Gzip
)

// Retry is how a request is repeated that the backend says may be repeated, or once
// more if the backend fails on it, within one call of Export. A random part of up to
// a half is added to delays or taken off, and a backend that asks for a longer one
// gets it. A zero field is a default.
type Retry struct {
	// Initial is the delay before the first repetition; 0 means 5 s, and it is
	// at most a quarter of the time that the context of Export leaves. It grows
	// by half each time, up to Max; 0 means 30 s.
	Initial, Max time.Duration
	// Elapsed is how long a request may take with all repetitions; 0 means a
	// minute, negative only as long as the context of Export.
	Elapsed time.Duration
}

// What the zero fields of Options mean.
const (
	DefaultRequestBytes = 1 << 20
	DefaultTimeout      = 10 * time.Second
	DefaultScope        = "github.com/metertree/metertree"
)

// Options configure an Exporter. What they leave open is taken from the
// environment variables OTEL_EXPORTER_OTLP_* and OTEL_RESOURCE_ATTRIBUTES; the
// zero value takes everything from there.
type Options struct {
	// Protocol is how requests are sent.
	Protocol Protocol
	// Endpoint is where requests go, as a URL: http://collector:4318 without
	// TLS, https:// with it. Over HTTP, one without a path has /v1/metrics.
	Endpoint string
	// Headers go with each request, such as authorization.
	Headers map[string]string
	// TLS configures an https endpoint; nil means the certificates of the
	// environment or the system.
	TLS *tls.Config
	// Timeout bounds each attempt to make a request. The context of Export bounds
	// all of them.
	Timeout time.Duration
	// Compression is that of requests.
	Compression Compression
	// Retry is how requests are repeated.
	Retry Retry
	// Resource are attributes of the program, which win over those of the
	// environment. Without them it has service.name, service.instance.id, which
	// is a random one, and those of telemetry.sdk.
	Resource []attribute.KeyValue
	// Scope is the instrumentation scope of all metrics. Its name is
	// DefaultScope if it has none.
	Scope instrumentation.Scope
	// RequestBytes is about how large a request may be before compression; 0
	// means DefaultRequestBytes. Memory for a batch is a few times as much.
	RequestBytes int
	// Logger receives warnings of a backend that took everything, one line
	// for each new message. nil logs nothing.
	Logger *slog.Logger
}

// complete returns the options with their defaults, or what is wrong.
func (o Options) complete() (Options, error) {
	fail := func(err error) (Options, error) { return o, fmt.Errorf("otlp options: %w", err) }
	if o.Protocol == FromEnvironment {
		protocol, err := protocolFromEnvironment()
		if err != nil {
			return fail(err)
		}
		o.Protocol = protocol
	}
	switch {
	case o.Protocol > GRPC:
		return fail(fmt.Errorf("unknown Protocol %d: use HTTP or GRPC", o.Protocol))
	case o.Compression > Gzip:
		return fail(fmt.Errorf("unknown Compression %d: use NoCompression or Gzip", o.Compression))
	case o.Timeout < 0:
		return fail(fmt.Errorf("timeout of %v: give a positive duration, or 0 for the default", o.Timeout))
	case o.RequestBytes < 0:
		return fail(fmt.Errorf("a request of %d bytes: give a positive size, or 0 for the default", o.RequestBytes))
	case o.Retry.Initial < 0 || o.Retry.Max < 0:
		return fail(fmt.Errorf("a retry delay of %v up to %v: give positive durations, or 0 for the default", o.Retry.Initial, o.Retry.Max))
	}
	if o.RequestBytes == 0 {
		o.RequestBytes = DefaultRequestBytes
	}
	if o.Scope.Name == "" {
		o.Scope.Name = DefaultScope
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if err := errors.Join(o.completeEndpoint(), checkEnvironment()); err != nil {
		return fail(err)
	}
	return o, nil
}

// completeEndpoint checks the endpoint and gives it a path.
func (o *Options) completeEndpoint() error {
	if o.Endpoint == "" {
		return checkEndpoint(o.Protocol)
	}
	u, err := url.Parse(o.Endpoint)
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
		return fmt.Errorf("endpoint %q is no URL of http or https: give one such as http://collector:%d", bareLocation(o.Endpoint), o.Protocol.port())
	}
	if err := checkParts(u); err != nil {
		return fmt.Errorf("endpoint %s: %w", push.BareAddress(u), err)
	}
	if u.Scheme == "http" && o.TLS != nil {
		return errors.New("TLS is given for an http endpoint: give an https one, or no TLS")
	}
	if o.Protocol == HTTP && strings.Trim(u.Path, "/") == "" {
		u.Path = metricsPath
	}
	o.Endpoint = u.String()
	return nil
}

const metricsPath = "/v1/metrics"

// port is where receivers of the protocol usually listen.
func (p Protocol) port() int {
	if p == GRPC {
		return 4317
	}
	return 4318
}

// complete returns the policy with its defaults.
func (r Retry) complete() Retry {
	for _, d := range []struct {
		value    *time.Duration
		fallback time.Duration
	}{{&r.Initial, 5 * time.Second}, {&r.Max, 30 * time.Second}, {&r.Elapsed, time.Minute}} {
		if *d.value == 0 {
			*d.value = d.fallback
		}
	}
	r.Max = max(r.Max, r.Initial)
	return r
}
