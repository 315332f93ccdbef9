package otlp

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"go.opentelemetry.io/otel/exporters/otlp/otlpmetric/otlpmetrichttp"
	collector "go.opentelemetry.io/proto/otlp/collector/metrics/v1"
	"google.golang.org/genproto/googleapis/rpc/status"
	"google.golang.org/protobuf/proto"

	"github.com/metertree/metertree/export"
	"github.com/metertree/metertree/integrations/internal/push"
)

// newHTTP returns the official exporter over HTTP. Its client is ours, so that
// answers are seen.
func newHTTP(ctx context.Context, o *Options, timeout time.Duration, config *tls.Config, w *watch) (client, error) {
	transport := &http.Transport{
		Proxy:               http.ProxyFromEnvironment,
		ForceAttemptHTTP2:   true,
		MaxIdleConnsPerHost: 1,
		IdleConnTimeout:     90 * time.Second,
		TLSHandshakeTimeout: 10 * time.Second,
		TLSClientConfig:     config,
	}
	w.idle = transport.CloseIdleConnections
	options := []otlpmetrichttp.Option{
		otlpmetrichttp.WithHTTPClient(&http.Client{
			Transport: &watchedTransport{next: transport, watch: w},
			Timeout:   timeout,
			// A redirected POST can become a GET, which delivers nothing.
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		}),
		// We repeat.
		otlpmetrichttp.WithRetry(otlpmetrichttp.RetryConfig{Enabled: false}),
	}
	if o.Endpoint != "" {
		options = append(options, otlpmetrichttp.WithEndpointURL(o.Endpoint))
	}
	if len(o.Headers) > 0 {
		options = append(options, otlpmetrichttp.WithHeaders(o.Headers))
	}
	switch o.Compression {
	case NoCompression:
		options = append(options, otlpmetrichttp.WithCompression(otlpmetrichttp.NoCompression))
	case Gzip:
		options = append(options, otlpmetrichttp.WithCompression(otlpmetrichttp.GzipCompression))
	case CompressionFromEnvironment:
	}
	return otlpmetrichttp.New(ctx, options...)
}

// watchedTransport shows each answer to the watch.
type watchedTransport struct {
	next  http.RoundTripper
	watch *watch
}

// RoundTrip implements http.RoundTripper.
func (t *watchedTransport) RoundTrip(request *http.Request) (*http.Response, error) {
	t.watch.attempt()
	t.watch.last.secrets = push.SecretsOf(request.Header)
	response, err := t.next.RoundTrip(request)
	if err != nil {
		return nil, err
	}
	if err := t.watch.last.read(response); err != nil {
		response.Body.Close()
		t.watch.last = answer{secrets: t.watch.last.secrets}
		return nil, err
	}
	return response, nil
}

// errPage is what becomes of an answer that is a page: the official exporter
// would take it for a success.
var errPage = errors.New("answered with an HTML page")

// maxAnswer is how much of an answer is looked at. One that is longer is no
// protobuf message of a receiver.
const maxAnswer = 64 << 10

// read reads the answer and leaves it to be read again.
func (a *answer) read(response *http.Response) error {
	kind, _, _ := strings.Cut(response.Header.Get("Content-Type"), ";")
	if response.StatusCode/100 == 2 && kind == "text/html" {
		return errPage
	}
	a.status, a.location = response.StatusCode, bareLocation(response.Header.Get("Location"))
	a.after, a.delays = export.ParseRetryAfter(response.Header.Get("Retry-After"), time.Now())
	start, err := io.ReadAll(io.LimitReader(response.Body, maxAnswer))
	rest := io.Reader(response.Body)
	if err != nil {
		// Its head is an answer, too.
		rest = bytes.NewReader(nil)
	}
	response.Body = &replayed{io.MultiReader(bytes.NewReader(start), rest), response.Body}
	a.parse(kind, start)
	return nil
}

// replayed reads an answer from its start.
type replayed struct {
	io.Reader
	io.Closer
}

// parse takes from the body what the backend says.
func (a *answer) parse(kind string, body []byte) {
	if kind != "application/x-protobuf" {
		if a.status/100 != 2 {
			a.page = kind == "text/html" || bytes.HasPrefix(bytes.TrimSpace(body), []byte("<"))
			a.message = a.quotable(string(body))
		}
		return
	}
	if a.status/100 == 2 {
		var success collector.ExportMetricsServiceResponse
		if proto.Unmarshal(body, &success) == nil {
			a.partial(&success)
		}
		return
	}
	var problem status.Status
	if proto.Unmarshal(body, &problem) == nil {
		a.message = a.quotable(problem.GetMessage())
	}
}

// partial takes over what a backend says of a request that it took.
func (a *answer) partial(r *collector.ExportMetricsServiceResponse) {
	a.rejected = r.GetPartialSuccess().GetRejectedDataPoints()
	a.message = a.quotable(r.GetPartialSuccess().GetErrorMessage())
}

// quotable returns what a backend says as it is told, without secrets.
func (a *answer) quotable(message string) string { return shortened(a.secrets.Hide(message)) }

// bareLocation returns where an answer redirects to without what may be secret.
func bareLocation(location string) string {
	u, err := url.Parse(location)
	if err != nil {
		return ""
	}
	return push.BareAddress(u)
}

// maxMessage is how many bytes of a message are told.
const maxMessage = 256

func shortened(message string) string {
	message = strings.Join(strings.Fields(message), " ")
	if len(message) > maxMessage {
		message = message[:maxMessage] + "…"
	}
	return strings.ToValidUTF8(message, "")
}
