package influxdb

import (
	"bytes"
	"compress/gzip"
	"context"
	"fmt"
	"net/http"
	"net/url"
	"sync/atomic"

	"github.com/metertree/metertree/integrations/internal/push"
)

// client writes requests.
type client struct {
	push      *push.Client
	authorize func(*http.Request)
	coding    Compression
	// failures counts the requests that were answered, but not accepted.
	failures *atomic.Uint64

	compressed bytes.Buffer
	compressor *gzip.Writer
}

func newClient(to *url.URL, authorize func(*http.Request), o *Options, c *counts) *client {
	// The level is a valid one, so there is no error.
	compressor, _ := gzip.NewWriterLevel(nil, gzip.BestSpeed)
	return &client{authorize: authorize, coding: o.Compression, failures: &c.Failures, compressor: compressor,
		push: push.NewClient(push.Config{
			Address: to, HTTP: o.Client, Timeout: o.Timeout, Retry: o.Retry, Header: o.Header, Counts: &c.Counts,
			Hints: push.Hints{
				Credentials: "check the user or token of the target, and what it may write to",
				Address:     "check the address, the version of the target and the names in it",
			},
		})}
}

// post writes lines, repeatedly if that may help. The error is an *answer if the
// database gave one that does not say that they may be taken later.
func (c *client) post(ctx context.Context, lines []byte) error {
	body, err := c.body(lines)
	if err != nil {
		return err
	}
	var last answer
	_, err = c.push.Post(ctx, ctx, push.Request{Body: body, Prepare: c.prepare, Judge: func(a *push.Answer) (err error) {
		last, err = judge(a)
		return err
	}})
	switch {
	case err != nil:
		return err
	case last.Verdict != push.Accepted:
		c.failures.Add(1)
		return &last
	}
	return nil
}

// prepare adds the headers of the protocol.
func (c *client) prepare(r *http.Request) {
	r.Header.Set("Content-Type", "text/plain; charset=utf-8")
	r.Header.Set("User-Agent", "metertree-influxdb")
	if c.coding == Gzip {
		r.Header.Set("Content-Encoding", "gzip")
	}
	c.authorize(r)
}

// body returns lines as they are sent, valid until the next call.
func (c *client) body(lines []byte) ([]byte, error) {
	if c.coding != Gzip {
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
