package otlp

import (
	"errors"
	"net/http"
	"strings"

	"google.golang.org/grpc/codes"

	"github.com/metertree/metertree/integrations/internal/push"
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
	return a.status == http.StatusBadRequest && push.WantsTLS(a.message)
}

const (
	renew   = "renew the token or key in Options.Headers or OTEL_EXPORTER_OTLP_HEADERS, and see that it may write metrics"
	address = "give the address of a receiver of OTLP metrics"
	noHTTP  = "the endpoint may speak gRPC or TLS: choose the protocol GRPC, https://, or the port for HTTP, usually 4318"
	noGRPC  = "the endpoint speaks HTTP: choose the protocol HTTP, or the port for gRPC, usually 4317"
	useTLS  = "the endpoint speaks TLS: give it as https://"
	answers = "see that the receiver answers, or raise Options.Timeout or OTEL_EXPORTER_OTLP_TIMEOUT"
	later   = "look at the receiver if it stays so"
	noPage  = address + "; this one shows pages to people"
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

// text is a remedy for what an error says. The error stays as it is until somebody
// does something if stays is set.
type text struct {
	says, remedy string
	stays        bool
}

// byText are remedies for what errors say when no answer came, the more precise
// first.
var byText = []text{
	{errPage.Error(), noPage, true},
	{"server gave HTTP response to HTTPS client", "the endpoint speaks no TLS: give it as http://", true},
	{"first record does not look like a TLS handshake", "the endpoint speaks no TLS: give it as http://", true},
	{"malformed HTTP response", noHTTP, false},
	// It was greeted before it asked, as gRPC does.
	{"readLoopPeekFailLocked", noHTTP, false},
	{"looked like an HTTP/1.1 header", noGRPC, true},
	{"tls: no application protocol", noGRPC, true},
	{"missing selected ALPN property", noGRPC, true},
	{"unexpected HTTP status code", noGRPC, false},
	{"x509:", "give the authority of its certificate in Options.TLS or OTEL_EXPORTER_OTLP_CERTIFICATE, and the host name that the certificate has", true},
	{"certificate required", "give the client's certificate in Options.TLS or OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE and _CLIENT_KEY", true},
	{"error reading server preface", "the endpoint may speak TLS, give it as https://; or no gRPC, choose the protocol HTTP", false},
	{"connection refused", "start the receiver there, or correct the endpoint", false},
	{"no such host", "correct the host name", false},
	{"produced zero addresses", "correct the host name", false},
	{"deadline exceeded", answers, false},
	{"Client.Timeout", answers, false},
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
	if known := knownText(err); known != nil && a.status == 0 {
		return known.remedy
	}
	if a.page && a.status/100 == 4 {
		return noPage
	}
	return later
}

// knownText returns the remedy for what an error says, or nil.
func knownText(err error) *text {
	for i := range byText {
		if strings.Contains(err.Error(), byText[i].says) {
			return &byText[i]
		}
	}
	return nil
}

// isTimeout reports whether an attempt took too long.
func isTimeout(err error) bool {
	var timeout interface{ Timeout() bool }
	return errors.As(err, &timeout) && timeout.Timeout()
}
