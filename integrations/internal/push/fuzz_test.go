package push_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"
	"unicode"

	"github.com/metertree/metertree/export"
	"github.com/metertree/metertree/integrations/internal/push"
	"github.com/metertree/metertree/integrations/internal/pushtest"
)

// FuzzAnswer holds that whatever a backend answers, the error is one line of
// bounded length that says nothing secret, and that the wait it asks for is none
// below zero.
func FuzzAnswer(f *testing.F) {
	const secret = "tok&en<s3cret>"
	f.Add(400, "400 Bad Request", []byte("no "+secret), "text/plain", "Retry-After", "7")
	f.Add(401, "401 \x1b[31m"+secret, []byte(`{"error":"tok\u0026en\u003cs3cret\u003e"}`), "application/json", "", "")
	f.Add(302, "302", []byte(pushtest.Page), "text/html; charset=\"", "Location", "http://ann:"+secret+"@else/?"+secret+"#\x7f")
	f.Add(503, "", []byte(strings.Repeat("é\xff", 400)), "", "Retry-After", "99999999999999999999")
	f.Add(429, "429", []byte("tok&\x00en"), ";", "Retry-After", "Mon, 01 Jan 0001 00:00:00 GMT")
	f.Fuzz(func(t *testing.T, code int, status string, body []byte, media, name, value string) {
		if code < 100 || code > 999 || len(status) > 100 || strings.ContainsAny(status, "\r\n") {
			return // net/http lets none of these through, but for a longer status
		}
		to := &url.URL{Scheme: "http", Host: "host", Path: "/write", RawQuery: "key=" + url.QueryEscape(secret)}
		answered := pushtest.RoundTrip(func(r *http.Request) (*http.Response, error) {
			return &http.Response{StatusCode: code, Status: status, Request: r, Body: io.NopCloser(bytes.NewReader(body)),
				Header: http.Header{"Content-Type": {media}, name: {value}}}, nil
		})
		c := push.NewClient(push.Config{Address: to, HTTP: &http.Client{Transport: answered}, Timeout: time.Minute, Counts: new(push.Counts),
			Retry: export.Retry{Attempts: 1}, Header: http.Header{"Authorization": {"Bearer " + secret}}, Secrets: push.QuerySecrets(to)})
		a, err := c.Post(t.Context(), t.Context(), plain())
		if err == nil {
			err = a
		}
		var wait *export.RetryAfterError
		if errors.As(err, &wait) && wait.After < 0 {
			t.Fatalf("%s %q waits %v", name, value, wait.After)
		}
		text := err.Error()
		if strings.Contains(text, secret) || strings.Contains(text, url.QueryEscape(secret)) {
			t.Fatalf("the error tells a secret: %q", text)
		}
		if i := strings.IndexFunc(text, func(r rune) bool { return !unicode.IsPrint(r) }); i >= 0 || len(text) > 2000+4*len(value) {
			t.Fatalf("the error is not one line of bounded length: %q", text)
		}
	})
}

// FuzzSecrets holds that what a request gives as credentials is in no text.
func FuzzSecrets(f *testing.F) {
	f.Add("Authorization", "Bearer abcd1234", "got abcd1234")
	f.Add("authorization", "Basic YW5uOnMzY3JldA==", "s3cret YW5uOnMzY3JldA==")
	f.Add("X-Key", "hidden", "[hidden]")
	f.Add("Token", "a a a a", "a a a a a a a")
	f.Fuzz(func(t *testing.T, name, value, around string) {
		secrets := push.SecretsOf(http.Header{name: {value}})
		for _, secret := range secrets {
			if strings.Contains("[hidden]", secret) {
				return // it cannot be told from what stands for it
			}
		}
		hidden := secrets.Hide(fmt.Sprintf("%s%s%s", around, value, around))
		for _, secret := range secrets {
			// Beside what stands for one, another may come about by chance.
			if rest := strings.ReplaceAll(hidden, "[hidden]", "\x00"); strings.Contains(rest, secret) && !strings.ContainsAny(secret, "\x00") {
				t.Fatalf("%q is in %q", secret, hidden)
			}
		}
	})
}
