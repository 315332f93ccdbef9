package pushtest

import (
	"fmt"
	"net/http"
)

// RoundTrip answers requests without a network, as tests in a synctest bubble
// have to.
type RoundTrip func(*http.Request) (*http.Response, error)

// RoundTrip implements http.RoundTripper.
func (f RoundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// Canned returns an answer with a code, no body, and pairs of header and value.
func Canned(code int, header ...string) *http.Response {
	r := &http.Response{StatusCode: code, Status: fmt.Sprint(code), Header: http.Header{}, Body: http.NoBody}
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	return r
}
