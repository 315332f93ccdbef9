package prom

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"strings"
	"sync/atomic"

	"github.com/golang/snappy"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/metadata"
	"github.com/prometheus/prometheus/prompb"
	"google.golang.org/protobuf/encoding/protowire"
)

// ReceiverOptions bound what the two write endpoints accept.
type ReceiverOptions struct {
	// MaxRequestBytes is the largest request body, compressed or not, in bytes.
	// The endpoints themselves accept no more than MaxRequestLimit.
	MaxRequestBytes int64
	// MaxConcurrency is how many write requests are in work at once; one more is
	// told to come again, by Retry-After, so that memory stays bounded. There are
	// fewer where the memory limit has no room for so many of MaxRequestBytes.
	MaxConcurrency int
}

// requestMemory is how many times its body's size a request may take in memory:
// compressed, decompressed and decoded, some of it as garbage.
const requestMemory = 8

// slots is how many requests may be in work at once.
func (o ReceiverOptions) slots() int {
	fit := memoryLimit() / (requestMemory * uint64(o.MaxRequestBytes))
	return int(min(uint64(o.MaxConcurrency), max(fit, 1)))
}

// MaxRequestLimit is the largest MaxRequestBytes: the decoders of both protocols
// stop there.
const MaxRequestLimit = 32 << 20

func (o ReceiverOptions) check() error {
	switch {
	case o.MaxRequestBytes <= 0 || o.MaxRequestBytes > MaxRequestLimit:
		return fmt.Errorf("write request limit of %d bytes is not between 1 and %d (32MiB): change --web.max-write-size", o.MaxRequestBytes, MaxRequestLimit)
	case o.MaxConcurrency <= 0:
		return fmt.Errorf("write concurrency %d is not positive: give one such as --web.max-write-concurrency=16", o.MaxConcurrency)
	}
	return nil
}

// receivers guard the write endpoints of the API.
type receivers struct {
	options ReceiverOptions
	slots   chan struct{}
	pushed  *pushedMetadata
	refused *prometheus.CounterVec
}

func newReceivers(o ReceiverOptions, pushed *pushedMetadata, reg prometheus.Registerer) *receivers {
	r := &receivers{
		options: o,
		slots:   make(chan struct{}, o.slots()),
		pushed:  pushed,
		refused: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "metertree_ingest_refused_requests_total",
			Help: "Write requests refused before they were decoded.",
		}, []string{"reason"}),
	}
	reg.MustRegister(r.refused)
	return r
}

// guard reads the whole body within the limit before the endpoint sees it.
func (r *receivers) guard(read func(*http.Request, int64) ([]byte, error), next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		select {
		case r.slots <- struct{}{}:
			defer func() { <-r.slots }()
		default:
			r.refused.WithLabelValues("busy").Inc()
			w.Header().Set("Retry-After", "1")
			http.Error(w, "too many write requests at once: try again", busyStatus(req))
			return
		}
		body, err := read(req, r.options.MaxRequestBytes)
		switch {
		case errors.Is(err, errTooLarge):
			r.refused.WithLabelValues("too_large").Inc()
			http.Error(w, fmt.Sprintf("request body exceeds %d bytes: send smaller batches or raise --web.max-write-size", r.options.MaxRequestBytes), http.StatusRequestEntityTooLarge)
			return
		case err != nil:
			r.refused.WithLabelValues("unreadable").Inc()
			http.Error(w, "request body cannot be read: "+err.Error(), http.StatusBadRequest)
			return
		}
		req.Body = io.NopCloser(bytes.NewReader(body))
		req.ContentLength = int64(len(body))
		refused := new(atomic.Bool)
		req = req.WithContext(context.WithValue(req.Context(), roomKey{}, refused))
		next.ServeHTTP(&roomAnswer{ResponseWriter: w, refused: refused, busy: busyStatus(req)}, req)
	})
}

// busyStatus tells a pusher to come again. To OTLP that is 429; a sender of remote
// write drops what is answered so, unless it was configured not to, but repeats
// what is answered 503.
func busyStatus(req *http.Request) int {
	if strings.Contains(req.URL.Path, "/otlp/") {
		return http.StatusTooManyRequests
	}
	return http.StatusServiceUnavailable
}

var errTooLarge = errors.New("body too large")

// readLimited reads all of src, or fails when there is more than limit.
func readLimited(src io.Reader, limit int64) ([]byte, error) {
	body, err := io.ReadAll(io.LimitReader(src, limit+1))
	if err == nil && int64(len(body)) > limit {
		err = errTooLarge
	}
	return body, err
}

// readOTLP undoes gzip within the limit, since the endpoint would cut a longer
// body silently, and drops parameters from the content type, which the endpoint
// does not expect.
func readOTLP(req *http.Request, limit int64) ([]byte, error) {
	if kind, _, err := mime.ParseMediaType(req.Header.Get("Content-Type")); err == nil {
		req.Header.Set("Content-Type", kind)
	}
	if !strings.EqualFold(req.Header.Get("Content-Encoding"), "gzip") {
		return readLimited(req.Body, limit)
	}
	unzipped, err := gzip.NewReader(io.LimitReader(req.Body, limit+1))
	if err != nil {
		return nil, err
	}
	req.Header.Del("Content-Encoding")
	return readLimited(unzipped, limit)
}

// readRemoteWrite checks the length that the compressed body announces, and
// takes the metadata from a version 1 message, which the endpoint ignores.
func (r *receivers) readRemoteWrite(req *http.Request, limit int64) ([]byte, error) {
	body, err := readLimited(req.Body, limit)
	if err != nil {
		return nil, err
	}
	length, err := snappy.DecodedLen(body)
	switch {
	case err != nil:
		return body, nil // the endpoint says what is wrong with it
	case int64(length) > limit:
		return nil, errTooLarge
	case strings.Contains(req.Header.Get("Content-Type"), "write.v2"):
		return body, nil
	}
	if message, err := snappy.Decode(nil, body); err == nil {
		r.rememberMetadata(message)
	}
	return body, nil
}

// metadataField is the number of WriteRequest.metadata in remote write 1.0.
const metadataField = protowire.Number(3)

// rememberMetadata walks the top level of a version 1 message without decoding
// its series. A malformed rest is left to the endpoint to report.
func (r *receivers) rememberMetadata(message []byte) {
	for len(message) > 0 {
		number, kind, n := protowire.ConsumeTag(message)
		if n < 0 {
			return
		}
		size := protowire.ConsumeFieldValue(number, kind, message[n:])
		if size < 0 {
			return
		}
		if number == metadataField && kind == protowire.BytesType {
			value, _ := protowire.ConsumeBytes(message[n:])
			var m prompb.MetricMetadata
			if m.Unmarshal(value) == nil {
				r.pushed.remember(m.MetricFamilyName, metadata.Metadata{
					Type: metricType(m.Type), Unit: m.Unit, Help: m.Help,
				})
			}
		}
		message = message[n+size:]
	}
}

// metricType is the word for a remote write 1.0 type.
func metricType(t prompb.MetricMetadata_MetricType) model.MetricType {
	return model.MetricType(strings.ToLower(t.String()))
}
