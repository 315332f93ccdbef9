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
	"time"

	"github.com/golang/snappy"
	"github.com/metertree/metertree/server/internal/arrival"
	"github.com/metertree/metertree/server/internal/weight"
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
	// told to come again, by Retry-After, so that memory stays bounded. A request is
	// in work when its body has arrived. There are fewer where the memory limit has
	// no room for so many of MaxRequestBytes.
	MaxConcurrency int
}

// requestMemory is how many times its body's size a request may take in memory:
// compressed, decompressed and decoded, some of it as garbage. It includes those
// whose bodies arrive, which take one such size for each in work.
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

// bodyWithin is how long the body of a write request may take to arrive.
const bodyWithin = time.Minute

// receivers guard the write endpoints of the API.
type receivers struct {
	options ReceiverOptions
	hall    *arrival.Hall
	slots   chan struct{}
	pushed  *pushedMetadata
	ahead   prometheus.Counter // samples too far in the future
	refused *prometheus.CounterVec
}

// The reasons for which write requests are refused as a whole.
const (
	refusedBusy       = "busy"
	refusedSlow       = "too_slow"
	refusedLarge      = "too_large"
	refusedUnreadable = "unreadable"
	refusedNoRoom     = "no_room"
)

func newReceivers(o ReceiverOptions, pushed *pushedMetadata, refusals *refusals, reg prometheus.Registerer) *receivers {
	slots := o.slots()
	r := &receivers{
		options: o,
		hall:    arrival.New(int64(slots) * (o.MaxRequestBytes + 1)),
		slots:   make(chan struct{}, slots),
		pushed:  pushed,
		ahead:   refusals.tooNew,
		refused: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "metertree_ingest_refused_requests_total",
			Help: "Write requests refused as a whole: busy for as many as may be at once, no_room for want of memory or disk, too_slow, too_large, unreadable.",
		}, []string{"reason"}),
	}
	reg.MustRegister(r.refused)
	for _, reason := range []string{refusedBusy, refusedSlow, refusedLarge, refusedUnreadable, refusedNoRoom} {
		r.refused.WithLabelValues(reason)
	}
	return r
}

// unpack undoes a body's compression, as far as the endpoint does not, and within
// the limit.
type unpack func(req *http.Request, body []byte, limit int64) ([]byte, error)

// guard lets the body arrive before the request takes one of the places for work,
// and the endpoint sees it.
func (r *receivers) guard(unpack unpack, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		body, err := r.hall.Read(w, req, r.options.MaxRequestBytes, bodyWithin)
		if err != nil {
			r.refuse(w, req, err)
			return
		}
		select {
		case r.slots <- struct{}{}:
			defer func() { <-r.slots }()
		default:
			r.refuse(w, req, errBusy)
			return
		}
		if body, err = unpack(req, body, r.options.MaxRequestBytes); err != nil {
			r.refuse(w, req, err)
			return
		}
		req.Body = io.NopCloser(bytes.NewReader(body))
		req.ContentLength = int64(len(body))
		noRoom := new(atomic.Bool)
		req = req.WithContext(context.WithValue(req.Context(), roomKey{}, noRoom))
		answer := &roomAnswer{ResponseWriter: w, refused: noRoom, busy: busyStatus(req)}
		next.ServeHTTP(answer, req)
		switch {
		case noRoom.Load() && answer.status == answer.busy:
			r.refused.WithLabelValues(refusedNoRoom).Inc()
		case answer.status == http.StatusBadRequest:
			r.ahead.Add(float64(samplesAhead(req, body, time.Now().Add(maxAhead))))
		}
	})
}

var errBusy = errors.New("too many write requests at once: try again")

// refuse answers a request that the endpoint does not see.
func (r *receivers) refuse(w http.ResponseWriter, req *http.Request, err error) {
	reason, status, text := refusedUnreadable, http.StatusBadRequest, "request body cannot be read: "+err.Error()
	switch {
	case errors.Is(err, errBusy), errors.Is(err, arrival.ErrCrowded):
		reason, status, text = refusedBusy, busyStatus(req), err.Error()
	case errors.Is(err, arrival.ErrTooSlow):
		reason, status, text = refusedSlow, busyStatus(req), err.Error()
	case errors.Is(err, errHeavy):
		reason, status, text = refusedLarge, http.StatusRequestEntityTooLarge, err.Error()
	case errors.Is(err, arrival.ErrTooLarge):
		reason, status = refusedLarge, http.StatusRequestEntityTooLarge
		text = fmt.Sprintf("request body exceeds %d bytes: send smaller batches or raise --web.max-write-size", r.options.MaxRequestBytes)
	}
	r.refused.WithLabelValues(reason).Inc()
	if status == busyStatus(req) {
		w.Header().Set("Retry-After", "1")
	}
	http.Error(w, text, status)
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

// unpackOTLP undoes gzip, since the endpoint would cut a longer body silently, and
// drops parameters from the content type, which the endpoint does not expect.
func unpackOTLP(req *http.Request, body []byte, limit int64) ([]byte, error) {
	if kind, _, err := mime.ParseMediaType(req.Header.Get("Content-Type")); err == nil {
		req.Header.Set("Content-Type", kind)
	}
	if !strings.EqualFold(req.Header.Get("Content-Encoding"), "gzip") {
		return body, bearable(weighOTLP(req), body, limit)
	}
	unzipper, err := gzip.NewReader(bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	req.Header.Del("Content-Encoding")
	unzipped, err := io.ReadAll(io.LimitReader(unzipper, limit+1))
	switch {
	case err != nil:
		return nil, err
	case int64(len(unzipped)) > limit:
		return nil, arrival.ErrTooLarge
	}
	return unzipped, bearable(weighOTLP(req), unzipped, limit)
}

// weighOTLP is what weighs the body of a request.
func weighOTLP(req *http.Request) func([]byte) (int64, error) {
	if req.Header.Get("Content-Type") == "application/json" {
		return weight.OTLPJSON
	}
	return weight.OTLP
}

// messageMemory is how many times the limit of its size a message may weigh.
const messageMemory = 2 * requestMemory

var errHeavy = errors.New("it takes too much memory when it is decoded: send smaller batches")

// bearable reports why a message must not be decoded.
func bearable(weigh func([]byte) (int64, error), message []byte, limit int64) error {
	weight, err := weigh(message)
	if err == nil && weight > messageMemory*limit {
		err = errHeavy
	}
	return err
}

// unpackRemoteWrite checks the length that the compressed body announces, and
// takes the metadata from a version 1 message, which the endpoint ignores. The
// endpoint decompresses it.
func (r *receivers) unpackRemoteWrite(req *http.Request, body []byte, limit int64) ([]byte, error) {
	length, err := snappy.DecodedLen(body)
	switch {
	case err != nil:
		return body, nil // the endpoint says what is wrong with it
	case int64(length) > limit:
		return nil, arrival.ErrTooLarge
	}
	message, err := snappy.Decode(nil, body)
	if err != nil {
		return body, nil
	}
	if isWriteV2(req) {
		return body, bearable(weight.WriteV2, message, limit)
	}
	if err := bearable(weight.WriteV1, message, limit); err != nil {
		return nil, err
	}
	r.rememberMetadata(message)
	return body, nil
}

// isWriteV2 reports whether a request says that it is of remote write 2.0.
func isWriteV2(req *http.Request) bool {
	return strings.Contains(req.Header.Get("Content-Type"), "write.v2")
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
