package gateway

import (
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/golang/snappy"

	"github.com/metertree/metertree/server/internal/gateway/push"
)

// bodyTimeout is how long a push may take to arrive: it has one of few places.
const bodyTimeout = 20 * time.Second

// errMedia says that a push is in a form that is not known.
var errMedia = errors.New("unsupported")

// readBody reads the body of a push and undoes its compression, both within the
// limit, whatever they say of their length.
func (h *handler) readBody(w http.ResponseWriter, r *http.Request) ([]byte, error) {
	limit := h.gateway.options.MaxPushBytes
	// Writers that know no deadlines, such as recorders, do not block either.
	_ = http.NewResponseController(w).SetReadDeadline(time.Now().Add(bodyTimeout))
	if r.ContentLength > limit {
		return nil, h.tooLarge()
	}
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
	var cut *http.MaxBytesError
	if errors.As(err, &cut) {
		return nil, h.tooLarge()
	}
	if err != nil {
		return nil, fmt.Errorf("%w: the body cannot be read: %w", push.ErrMalformed, err)
	}
	if int64(len(body)) > h.gateway.options.MaxPushBytes {
		return nil, h.tooLarge()
	}
	return body, nil
}

func (h *handler) tooLarge() error {
	return fmt.Errorf("%w: more than %d bytes: send smaller batches or raise --gateway.max-push-size", push.ErrTooLarge, h.gateway.options.MaxPushBytes)
}
