package influxdb

import (
	"bytes"
	"compress/gzip"
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

// client writes requests.
type client struct {
	http      *http.Client
	to        *url.URL
	authorize func(*http.Request)
	options   *Options
	counts    *counts

	compressed bytes.Buffer
	compressor *gzip.Writer
}

func newClient(to *url.URL, authorize func(*http.Request), o *Options, c *counts) *client {
	own := http.Client{}
	if o.Client != nil {
		own = *o.Client
	} else if transport, ok := http.DefaultTransport.(*http.Transport); ok {
		own.Transport = transport.Clone()
	}
	own.CheckRedirect = sameRequest
	// The level is a valid one, so there is no error.
	compressor, _ := gzip.NewWriterLevel(nil, gzip.BestSpeed)
	return &client{http: &own, to: to, authorize: authorize, options: o, counts: c, compressor: compressor}
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

// post writes lines, repeatedly if that may help. The error is an *answer if the
// database gave one.
func (c *client) post(ctx context.Context, lines []byte) error {
	body, err := c.body(lines)
	if err != nil {
		return err
	}
	var final *answer
	attempts := 0
	err = c.options.Retry.Do(ctx, func(ctx context.Context) error {
		c.counts.attempts.Add(1)
		if attempts++; attempts > 1 {
			c.counts.retries.Add(1)
		}
		err := c.attempt(ctx, body)
		if a := (*answer)(nil); errors.As(err, &a) && a.verdict != later {
			final = a
			return nil
		}
		return err
	})
	if err == nil && final != nil {
		err = final
	}
	if err != nil {
		c.counts.failures.Add(1)
	}
	return err
}

// body returns lines as they are sent, valid until the next call.
func (c *client) body(lines []byte) ([]byte, error) {
	if c.options.Compression != Gzip {
		return lines, nil
	}
	c.compressed.Reset()
	c.compressor.Reset(&c.compressed)
	if _, err := c.compressor.Write(lines); err != nil {
		return nil, fmt.Errorf("compressing %d bytes: %w", len(lines), err)
	}
	if err := c.compressor.Close(); err != nil {
		return nil, fmt.Errorf("compressing %d bytes: %w", len(lines), err)
	}
	return c.compressed.Bytes(), nil
}

// attempt makes one request.
func (c *client) attempt(ctx context.Context, body []byte) error {
	limited, cancel := context.WithTimeoutCause(ctx, c.options.Timeout,
		fmt.Errorf("no answer within %v: %w", c.options.Timeout, context.DeadlineExceeded))
	defer cancel()
	request, err := http.NewRequestWithContext(limited, http.MethodPost, c.to.String(), bytes.NewReader(body))
	if err != nil {
		return c.fail(limited, err)
	}
	for name, values := range c.options.Header {
		request.Header[name] = slices.Clone(values)
	}
	request.Header.Set("Content-Type", "text/plain; charset=utf-8")
	request.Header.Set("User-Agent", "metertree-influxdb")
	if c.options.Compression == Gzip {
		request.Header.Set("Content-Encoding", "gzip")
	}
	c.authorize(request)
	response, err := c.http.Do(request)
	if err != nil {
		return c.fail(limited, err)
	}
	defer response.Body.Close()
	return c.read(limited, response)
}

// read judges an answer.
func (c *client) read(ctx context.Context, r *http.Response) error {
	// A longer message is cut, and its connection not used again.
	const longest = 64 << 10
	body, err := io.ReadAll(io.LimitReader(r.Body, longest))
	a := newAnswer(r, body)
	switch {
	case err != nil && r.StatusCode/100 == 2:
		return c.fail(ctx, fmt.Errorf("the answer %s breaks off: %w", r.Status, err))
	case a == nil:
		return nil
	}
	a.from = c.name()
	if after, ok := export.ParseRetryAfter(r.Header.Get("Retry-After"), time.Now()); ok && a.verdict == later {
		return export.RetryAfter(a, after)
	}
	return a
}

// fail says which database could not be asked. Its address is named without what
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
