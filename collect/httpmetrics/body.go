package httpmetrics

import (
	"io"
	"net/http"
	"sync/atomic"
	"time"
)

// call is a request that was answered, until its body ends.
type call struct {
	io.ReadCloser
	client  *Client
	request *http.Request
	key     callKey
	start   time.Time
	ended   atomic.Bool
}

// end notes that the body was read to its end, was closed, or failed with err;
// only the first of these counts.
func (c *call) end(err error) {
	if c.ended.Swap(true) {
		return
	}
	c.client.inFlight.Add(-1)
	c.client.handles(c.key).exchange.ObserveSince(c.start)
	if err != nil {
		broken := callKey{peer: c.key.peer, method: c.key.method, kind: kindOf(c.request, err)}
		c.client.handles(broken).errors.Inc()
	}
}

// Read reads from the body.
func (c *call) Read(p []byte) (n int, err error) {
	n, err = c.ReadCloser.Read(p)
	switch err {
	case nil:
	case io.EOF:
		c.end(nil)
	default:
		c.end(err)
	}
	return n, err
}

// Close closes the body.
func (c *call) Close() error {
	err := c.ReadCloser.Close()
	c.end(nil)
	return err
}

// The body after 101 Switching Protocols is an io.Writer too, and some are an
// io.WriterTo: the views have these methods where the body has. As those of the
// recorder, each holds one pointer only.
type (
	writerView     struct{ *call }
	writerToView   struct{ *call }
	readWriterView struct{ writerView }
)

func (v writerView) Write(p []byte) (int, error) { return v.ReadCloser.(io.Writer).Write(p) }

func (v writerToView) WriteTo(w io.Writer) (int64, error)   { return v.writeTo(w) }
func (v readWriterView) WriteTo(w io.Writer) (int64, error) { return v.writeTo(w) }

// writeTo hands the rest of the body to w. That w fails is no failure of the
// call, which ends when the body is closed then.
func (c *call) writeTo(w io.Writer) (int64, error) {
	n, err := c.ReadCloser.(io.WriterTo).WriteTo(w)
	if err == nil {
		c.end(nil)
	}
	return n, err
}

// measure returns a body that ends the call.
func (c *call) measure(body io.ReadCloser) io.ReadCloser {
	c.ReadCloser = body
	_, writes := body.(io.Writer)
	_, writesTo := body.(io.WriterTo)
	switch {
	case writes && writesTo:
		return readWriterView{writerView{c}}
	case writes:
		return writerView{c}
	case writesTo:
		return writerToView{c}
	}
	return c
}
