package otlp

import (
	"net/http"
	"strings"

	"google.golang.org/grpc/codes"
)

// tooLarge reports whether the request exceeds a limit on its size, one of the
// backend or one of the official exporter.
func (a *answer) tooLarge(err error) bool {
	switch {
	case a.grpc:
		return a.code == codes.ResourceExhausted && strings.Contains(err.Error(), "larger than max")
	case a.status == 0:
		return strings.Contains(err.Error(), "too large: exceeded")
	}
	return a.status == http.StatusRequestEntityTooLarge
}

// wantsTLS reports whether a server that speaks TLS was spoken to without.
func (a *answer) wantsTLS() bool {
	return a.status == http.StatusBadRequest && strings.Contains(strings.ToUpper(a.message), "HTTPS")
}

const (
	renew   = "renew the token or key in Options.Headers or OTEL_EXPORTER_OTLP_HEADERS, and see that it may write metrics"
	address = "give the address of a receiver of OTLP metrics"
	noHTTP  = "the endpoint may speak gRPC or TLS: choose the protocol GRPC, https://, or the port for HTTP, usually 4318"
	useTLS  = "the endpoint speaks TLS: give it as https://"
	answers = "see that the receiver answers, or raise Options.Timeout or OTEL_EXPORTER_OTLP_TIMEOUT"
	later   = "the batch comes again; if it stays so, look at the receiver"
)

// byStatus are remedies for answers over HTTP, byCode those over gRPC.
var (
	byStatus = map[int]string{
		http.StatusUnauthorized:         renew,
		http.StatusForbidden:            renew,
		http.StatusNotFound:             address + ", usually with the path " + metricsPath,
		http.StatusMethodNotAllowed:     address + ", usually with the path " + metricsPath,
		http.StatusUnsupportedMediaType: address + " that takes protobuf",
		http.StatusTooManyRequests:      "send less often, or let the receiver take more",
	}
	byCode = map[codes.Code]string{
		codes.DeadlineExceeded:  answers,
		codes.Unauthenticated:   renew,
		codes.PermissionDenied:  renew,
		codes.Unimplemented:     address + " over gRPC, usually on port 4317",
		codes.ResourceExhausted: "send less often, or let the receiver take more",
	}
)

// byText are remedies for what errors say when no answer came, the more precise
// first.
var byText = []struct{ says, remedy string }{
	{errPage.Error(), address + "; this one shows pages to people"},
	{"server gave HTTP response to HTTPS client", "the endpoint speaks no TLS: give it as http://"},
	{"first record does not look like a TLS handshake", "the endpoint speaks no TLS: give it as http://"},
	{"malformed HTTP response", noHTTP},
	// It was greeted before it asked, as gRPC does.
	{"readLoopPeekFailLocked", noHTTP},
	{"looked like an HTTP/1.1 header", "the endpoint speaks HTTP: choose the protocol HTTP, or the port for gRPC, usually 4317"},
	{"unexpected HTTP status code", "the endpoint speaks HTTP: choose the protocol HTTP, or the port for gRPC, usually 4317"},
	{"x509:", "give the authority of its certificate in Options.TLS or OTEL_EXPORTER_OTLP_CERTIFICATE, and the host name that the certificate has"},
	{"certificate required", "give the client's certificate in Options.TLS or OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE and _CLIENT_KEY"},
	{"error reading server preface", "the endpoint may speak TLS, give it as https://; or no gRPC, choose the protocol HTTP"},
	{"connection refused", "start the receiver there, or correct the endpoint"},
	{"no such host", "correct the host name"},
	{"produced zero addresses", "correct the host name"},
	{"deadline exceeded", answers},
	{"Client.Timeout", answers},
}

// remedy says what to do about a request that failed.
func (a *answer) remedy(err error) string {
	if a.wantsTLS() {
		return useTLS
	}
	if a.location != "" {
		return "give the address that it redirects to: " + a.location
	}
	if remedy := byStatus[a.status]; remedy != "" {
		return remedy
	}
	if remedy := byCode[a.code]; a.grpc && remedy != "" {
		return remedy
	}
	if a.status == 0 {
		for _, known := range byText {
			if strings.Contains(err.Error(), known.says) {
				return known.remedy
			}
		}
	}
	return later
}
