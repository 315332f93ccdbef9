package remotewrite

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"time"

	"github.com/metertree/metertree/export"
)

const (
	versionHeader = "X-Prometheus-Remote-Write-Version"
	userAgent     = "metertree-remotewrite"
)

// client writes requests. It may be used from several goroutines.
type client struct {
	http    *http.Client
	to      *url.URL
	options *Options
	counts  *counts
}

func newClient(to *url.URL, o *Options, c *counts) *client {
	own := http.Client{}
	if o.Client != nil {
		own = *o.Client
	} else if transport, ok := http.DefaultTransport.(*http.Transport); ok {
		transport = transport.Clone()
		transport.MaxIdleConnsPerHost = o.Shards
		own.Transport = transport
	}
	own.CheckRedirect = sameRequest
	return &client{http: &own, to: to, options: o, counts: c}
}

// sameRequest follows a redirect only where it leads the whole request to the
// same host: others lose the body, and the answer of a page would look like the
// one to a write, or give credentials to somebody else.
func sameRequest(next *http.Request, via []*http.Request) error {
	const most = 5
	if next.Method != http.MethodPost || next.URL.Host != via[0].URL.Host || next.URL.Scheme != via[0].URL.Scheme || len(via) > most {
		return http.ErrUseLastResponse
	}
	return nil
}

// message is one request, and when to send it.
type message struct {
	body    []byte
	version Version
	// begin is called before the first attempt.
	begin func()
}

// post writes a message, repeatedly if that may help, and returns the last
// answer. The error is set if the receiver gave none, or may take the message
// later. It gives up when goOn ends; an attempt that has begun ends with ctx only,
// because nobody could tell what becomes of one that is abandoned.
func (c *client) post(ctx, goOn context.Context, m message) (a *answer, err error) {
	attempts := 0
	err = c.options.Retry.Do(goOn, func(context.Context) error {
		c.counts.attempts.Add(1)
		if attempts++; attempts > 1 {
			c.counts.retries.Add(1)
		} else {
			m.begin()
		}
		var err error
		a, err = c.attempt(ctx, m)
		return err
	})
	if err != nil {
		return nil, err
	}
	return a, nil
}

// attempt makes one request.
func (c *client) attempt(ctx context.Context, m message) (*answer, error) {
	limited, cancel := context.WithTimeoutCause(ctx, c.options.Timeout,
		fmt.Errorf("no answer within %v: %w", c.options.Timeout, context.DeadlineExceeded))
	defer cancel()
	request, err := http.NewRequestWithContext(limited, http.MethodPost, c.to.String(), bytes.NewReader(m.body))
	if err != nil {
		return nil, c.fail(limited, err)
	}
	for name, values := range c.options.Header {
		request.Header[name] = slices.Clone(values)
	}
	request.Header.Set("Content-Encoding", "snappy")
	request.Header.Set("User-Agent", userAgent)
	request.Header.Set("Content-Type", "application/x-protobuf")
	request.Header.Set(versionHeader, "0.1.0")
	if m.version != Version1 {
		request.Header.Set("Content-Type", "application/x-protobuf;proto=io.prometheus.write.v2.Request")
		request.Header.Set(versionHeader, "2.0.0")
	}
	response, err := c.http.Do(request)
	if err != nil {
		return nil, c.fail(limited, err)
	}
	defer response.Body.Close()
	return c.read(response)
}

// read judges an answer. What is wrong with the body of one does not matter: the
// headers have said it all.
func (c *client) read(r *http.Response) (*answer, error) {
	// A longer message is cut, and its connection not used again.
	const longest = 64 << 10
	body, _ := io.ReadAll(io.LimitReader(r.Body, longest))
	a := newAnswer(r, body)
	a.from = c.name()
	if a.verdict != later {
		return a, nil
	}
	if after, ok := export.ParseRetryAfter(r.Header.Get("Retry-After"), time.Now()); ok {
		return nil, export.RetryAfter(a, after)
	}
	return nil, a
}

// fail says which receiver could not be asked. Its address is named without what
// may be secret.
func (c *client) fail(ctx context.Context, err error) error {
	if wrapped := (*url.Error)(nil); errors.As(err, &wrapped) {
		err = wrapped.Err
	}
	if cause := context.Cause(ctx); cause != nil {
		err = cause
	}
	return fmt.Errorf("writing to %s: %w", c.name(), err)
}

// name is the address without the query.
func (c *client) name() string {
	to := *c.to
	to.RawQuery = ""
	return to.String()
}
