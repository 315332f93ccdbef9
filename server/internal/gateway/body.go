package gateway

import (
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/golang/snappy"

	"github.com/metertree/metertree/server/internal/arrival"
	"github.com/metertree/metertree/server/internal/gateway/push"
	"github.com/metertree/metertree/server/internal/weight"
)

// bodyTimeout is how long a push may take to arrive.
const bodyTimeout = 20 * time.Second

// errMedia says that a push is in a form that is not known.
var errMedia = errors.New("unsupported")

// arrive waits until all of a request's body is there, before there is work on it.
// If it does not come, reading it fails, so that each protocol tells that as it
// tells other failures.
func (h *handler) arrive(w http.ResponseWriter, r *http.Request, limit int64) error {
	content, err := h.hall.Read(w, r, limit, bodyTimeout)
	switch {
	case errors.Is(err, arrival.ErrTooLarge):
		err = h.tooLarge()
	case errors.Is(err, arrival.ErrCrowded), errors.Is(err, arrival.ErrTooSlow):
		err = fmt.Errorf("%w: %w", errBusy, err)
	case err != nil:
		err = fmt.Errorf("%w: %w", push.ErrMalformed, err)
	}
	if err != nil {
		r.Body = io.NopCloser(failing{err})
		return err
	}
	r.Body, r.ContentLength = io.NopCloser(bytes.NewReader(content)), int64(len(content))
	return nil
}

// failing is a body that cannot be read.
type failing struct{ err error }

// Read implements io.Reader.
func (f failing) Read([]byte) (int, error) { return 0, f.err }

// readBody reads the body of a push and undoes its compression, both within the
// limit, whatever they say of their length.
func (h *handler) readBody(_ http.ResponseWriter, r *http.Request) ([]byte, error) {
	limit := h.gateway.options.MaxPushBytes
	switch coding := strings.ToLower(r.Header.Get("Content-Encoding")); coding {
	case "", "identity":
		return h.readLimited(r.Body)
	case "gzip":
		unzipped, err := gzip.NewReader(io.LimitReader(r.Body, limit))
		if err != nil {
			return nil, fmt.Errorf("%w: not gzip: %w", push.ErrMalformed, err)
		}
		return h.readLimited(unzipped)
	case "snappy":
		body, err := h.readLimited(r.Body)
		if err != nil {
			return nil, err
		}
		length, err := snappy.DecodedLen(body)
		if err == nil && int64(length) > limit {
			return nil, h.tooLarge()
		}
		if err == nil {
			body, err = snappy.Decode(nil, body)
		}
		if err != nil {
			return nil, fmt.Errorf("%w: not snappy: %w", push.ErrMalformed, err)
		}
		return body, nil
	default:
		return nil, fmt.Errorf("%w content encoding %.40q: use gzip, snappy or none", errMedia, coding)
	}
}

// readLimited reads all, or fails when there is more than the limit.
func (h *handler) readLimited(src io.Reader) ([]byte, error) {
	body, err := io.ReadAll(io.LimitReader(src, h.gateway.options.MaxPushBytes+1))
	switch {
	case errors.Is(err, push.ErrTooLarge), errors.Is(err, errBusy):
		return nil, err
	case err != nil:
		return nil, fmt.Errorf("%w: the body cannot be read: %w", push.ErrMalformed, err)
	}
	if int64(len(body)) > h.gateway.options.MaxPushBytes {
		return nil, h.tooLarge()
	}
	return body, nil
}

// messageMemory is how many times the limit of its size a push may take in memory
// when it is decoded.
const messageMemory = 16

// bearable reports why a push must not be decoded.
func (g *Gateway) bearable(request push.Request) error {
	weigh := map[push.Protocol]func([]byte) (int64, error){
		push.OTLP: weight.OTLP, push.OTLPJSON: weight.OTLPJSON, push.RemoteWrite1: weight.WriteV1, push.RemoteWrite2: weight.WriteV2,
	}[request.Protocol]
	if weigh == nil {
		return nil // the text is decoded line by line
	}
	takes, err := weigh(request.Body)
	switch {
	case err != nil:
		return fmt.Errorf("%w: %w", push.ErrMalformed, err)
	case takes > messageMemory*g.options.MaxPushBytes:
		return fmt.Errorf("%w: it takes too much memory when it is decoded: send smaller batches", push.ErrTooLarge)
	}
	return nil
}

func (h *handler) tooLarge() error {
	return fmt.Errorf("%w: more than %d bytes: send smaller batches or raise --gateway.max-push-size", push.ErrTooLarge, h.gateway.options.MaxPushBytes)
}
