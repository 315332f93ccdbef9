package remotewrite

import (
	"context"
	"fmt"
	"net/http"
)

// BasicAuth returns a transport that gives every request a user and a password.
// Without a next transport it is http.DefaultTransport.
//
//	Client: &http.Client{Transport: remotewrite.BasicAuth(nil, "metrics", password)}
func BasicAuth(next http.RoundTripper, user, password string) http.RoundTripper {
	return authorized{next, func(r *http.Request) error {
		r.SetBasicAuth(user, password)
		return nil
	}}
}

// BearerToken returns a transport that gives every request a token, which is
// asked for each time, so that one that changes can be read anew. Without a next
// transport it is http.DefaultTransport.
func BearerToken(next http.RoundTripper, token func(context.Context) (string, error)) http.RoundTripper {
	return authorized{next, func(r *http.Request) error {
		t, err := token(r.Context())
		if err != nil {
			return fmt.Errorf("token to authorize by: %w", err)
		}
		r.Header.Set("Authorization", "Bearer "+t)
		return nil
	}}
}

type authorized struct {
	next      http.RoundTripper
	authorize func(*http.Request) error
}

// RoundTrip implements http.RoundTripper.
func (a authorized) RoundTrip(r *http.Request) (*http.Response, error) {
	r = r.Clone(r.Context())
	if err := a.authorize(r); err != nil {
		if r.Body != nil {
			_ = r.Body.Close() // a transport closes it always
		}
		return nil, err
	}
	if a.next == nil {
		return http.DefaultTransport.RoundTrip(r)
	}
	return a.next.RoundTrip(r)
}

// CloseIdleConnections closes those of the next transport, if it can.
func (a authorized) CloseIdleConnections() {
	if next, ok := a.next.(interface{ CloseIdleConnections() }); ok {
		next.CloseIdleConnections()
	}
}
