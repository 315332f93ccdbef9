package prometheus

import (
	"io"
	"net/http"
)

// responseBody sets the header at the first byte, so that a scrape that fails
// before it can still be answered with an error.
type responseBody struct {
	w       http.ResponseWriter
	offer   offer
	coding  *coding
	started bool
	encoder Encoder
	sent    counted
}

// counted counts the bytes that a writer took.
type counted struct {
	to io.Writer
	n  int64
}

// Write implements io.Writer.
func (c *counted) Write(p []byte) (int, error) {
	n, err := c.to.Write(p)
	c.n += int64(n)
	return n, err
}

func (b *responseBody) codingName() string {
	if b.coding == nil {
		return ""
	}
	return b.coding.Name
}

func (b *responseBody) setHeader() {
	header := b.w.Header()
	header.Set("Content-Type", b.offer.contentType)
	header.Set("Vary", "Accept, Accept-Encoding")
	if b.coding != nil {
		header.Set("Content-Encoding", b.coding.Name)
	}
}

func (b *responseBody) start() {
	if b.started {
		return
	}
	b.started = true
	b.setHeader()
	if b.coding != nil {
		b.encoder = b.coding.get(&b.sent)
	}
}

// Write implements io.Writer.
func (b *responseBody) Write(p []byte) (int, error) {
	b.start()
	if b.encoder != nil {
		return b.encoder.Write(p)
	}
	return b.sent.Write(p)
}

// close completes the body, which may be empty.
func (b *responseBody) close() error {
	b.start()
	if b.encoder != nil {
		return b.encoder.Close()
	}
	return nil
}

// release gives back what is pooled.
func (b *responseBody) release() {
	if b.encoder != nil {
		b.coding.put(b.encoder)
		b.encoder = nil
	}
}
