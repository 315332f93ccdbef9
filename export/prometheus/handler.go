package prometheus

import (
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"log/slog"
	"math"
	"net/http"
	"strconv"
	"sync"
	"time"

	"github.com/metertree/metertree/metric"
)

const (
	// DefaultMaxConcurrent is how many scrapes are answered at once if
	// Options.MaxConcurrent is 0.
	DefaultMaxConcurrent = 10
	// DefaultTimeout ends a scrape if Options.Timeout is 0.
	DefaultTimeout = time.Minute
	// timeoutHeader is where a scraper says how long it will wait, in seconds.
	timeoutHeader = "X-Prometheus-Scrape-Timeout-Seconds"
	// patience is the part of a scraper's timeout that is used, so that it still
	// hears why a scrape failed.
	patience = 0.95
	// errorSlack is how much longer than the scrape the connection stays
	// writable, for the same reason.
	errorSlack = 2 * time.Second
)

// Producer gives what there is to expose; *registry.Registry is one. It is
// called from several goroutines at once, and stops early when ctx ends.
type Producer interface {
	Collect(ctx context.Context) iter.Seq[*metric.Family]
}

// Options configure Handler; the zero value is useful.
type Options struct {
	// MaxConcurrent is how many scrapes are answered at once; 0 means
	// DefaultMaxConcurrent. What comes beyond gets 503 with Retry-After.
	MaxConcurrent int
	// Timeout ends a scrape, whatever the scraper is willing to wait; 0 means
	// DefaultTimeout.
	Timeout time.Duration
	// Logger receives one line for each scrape that failed on this side; a
	// scraper that goes away is no such failure. nil logs nothing.
	Logger *slog.Logger
}

// Handler answers GET with the exposition of what p collects, and HEAD with its
// header alone, without collecting. It compresses with gzip for those who accept
// it. A scrape ends at the least of Options.Timeout and 95 % of the scraper's
// X-Prometheus-Scrape-Timeout-Seconds, and when the scraper goes away. One that
// fails before anything was sent is answered 503; later the connection is cut,
// so that no scraper takes a part for the whole.
func Handler(p Producer, options Options) http.Handler {
	if options.MaxConcurrent <= 0 {
		options.MaxConcurrent = DefaultMaxConcurrent
	}
	if options.Timeout <= 0 {
		options.Timeout = DefaultTimeout
	}
	return &handler{producer: p, options: options, slots: make(chan struct{}, options.MaxConcurrent)}
}

type handler struct {
	producer Producer
	options  Options
	slots    chan struct{}
}

func (h *handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		w.Header().Set("Allow", "GET, HEAD")
		http.Error(w, fmt.Sprintf("method %s is not allowed: use GET or HEAD", r.Method), http.StatusMethodNotAllowed)
		return
	}
	compress := acceptsGzip(r.Header)
	if r.Method == http.MethodHead {
		setHeader(w.Header(), compress)
		return
	}
	select {
	case h.slots <- struct{}{}:
		defer func() { <-h.slots }()
	default:
		w.Header().Set("Retry-After", "1")
		http.Error(w, fmt.Sprintf("%d scrapes are being answered already: retry, or scrape less often", h.options.MaxConcurrent),
			http.StatusServiceUnavailable)
		return
	}
	h.scrape(w, r, compress)
}

func (h *handler) scrape(w http.ResponseWriter, r *http.Request, compress bool) {
	timeout := h.timeout(r.Header)
	ctx, cancel := context.WithTimeoutCause(r.Context(), timeout,
		fmt.Errorf("scrape took longer than %v: %w", timeout, context.DeadlineExceeded))
	defer cancel()
	// A scraper that stops reading must not keep its slot. Writers that know no
	// deadlines, such as recorders, do not block either.
	_ = http.NewResponseController(w).SetWriteDeadline(time.Now().Add(timeout + errorSlack))

	body := &responseBody{w: w, compress: compress}
	_, err := Write(ctx, body, h.producer.Collect(ctx))
	if err == nil {
		err = body.close()
	}
	body.release()
	if err == nil {
		return
	}
	// Whoever asked is gone, or the fault is told below.
	if h.options.Logger != nil && r.Context().Err() == nil {
		h.options.Logger.Warn("scrape failed", "remote", r.RemoteAddr, "err", err)
	}
	if body.started {
		panic(http.ErrAbortHandler)
	}
	status := http.StatusServiceUnavailable
	if !errors.Is(err, context.DeadlineExceeded) && r.Context().Err() == nil {
		status = http.StatusInternalServerError
	}
	http.Error(w, err.Error(), status)
}

// timeout is the least of what the options and the scraper allow.
func (h *handler) timeout(header http.Header) time.Duration {
	seconds, err := strconv.ParseFloat(header.Get(timeoutHeader), 64)
	seconds *= patience
	if err != nil || math.IsNaN(seconds) || seconds <= 0 || seconds >= h.options.Timeout.Seconds() {
		return h.options.Timeout
	}
	return time.Duration(seconds * float64(time.Second))
}

func setHeader(header http.Header, compress bool) {
	header.Set("Content-Type", ContentType)
	header.Set("Vary", "Accept-Encoding")
	if compress {
		header.Set("Content-Encoding", "gzip")
	}
}

// responseBody sets the header at the first byte, so that a scrape that fails
// before it can still be answered with an error.
type responseBody struct {
	w        http.ResponseWriter
	compress bool
	started  bool
	zip      *gzip.Writer
}

var zippers = sync.Pool{New: func() any {
	// A scrape is compressed while the scraper waits, so speed comes first; the
	// level is a valid one, so there is no error.
	z, _ := gzip.NewWriterLevel(io.Discard, gzip.BestSpeed)
	return z
}}

func (b *responseBody) start() {
	if b.started {
		return
	}
	b.started = true
	setHeader(b.w.Header(), b.compress)
	if b.compress {
		b.zip = zippers.Get().(*gzip.Writer)
		b.zip.Reset(b.w)
	}
}

// Write implements io.Writer.
func (b *responseBody) Write(p []byte) (int, error) {
	b.start()
	if b.zip != nil {
		return b.zip.Write(p)
	}
	return b.w.Write(p)
}

// close completes the body, which may be empty.
func (b *responseBody) close() error {
	b.start()
	if b.zip != nil {
		return b.zip.Close()
	}
	return nil
}

// release gives back what is pooled.
func (b *responseBody) release() {
	if b.zip != nil {
		b.zip.Reset(io.Discard)
		zippers.Put(b.zip)
		b.zip = nil
	}
}
