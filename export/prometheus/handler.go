package prometheus

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"log/slog"
	"math"
	"net/http"
	"strconv"
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
	// Created and Quantiles are those of Exposition.
	Created   Created
	Quantiles []float64
	// Encodings are content codings besides gzip, best first: among those to
	// which a scraper gives the same weight the first is taken, and gzip last.
	// integrations/zstd has one.
	Encodings []Encoding
	// OnScrape is told of every GET when it ends. It is called from several
	// goroutines at once. nil costs nothing.
	OnScrape func(Scrape)
}

// Scrape tells how one scrape went.
type Scrape struct {
	Format Format
	// Coding is the content coding, or empty.
	Coding string
	// Bytes is the size before the coding was applied, Sent after.
	Bytes, Sent int64
	// Series counts points: a histogram is one.
	Series int
	// Duration is from the request to the last byte.
	Duration time.Duration
	// Err is nil for a scrape that was answered as a whole. It wraps
	// ErrTooManyScrapes if there were others in its way,
	// context.DeadlineExceeded if it took too long, and context.Canceled if the
	// scraper went away.
	Err error
}

// ErrTooManyScrapes says that Options.MaxConcurrent others were being answered.
var ErrTooManyScrapes = errors.New("too many scrapes at once")

// Handler answers GET with the exposition of what p collects, and HEAD with its
// header alone, without collecting.
//
// The request's Accept chooses the format: what it accepts most, and Text if
// that is none. Its Accept-Encoding chooses the coding. The query name[]=NAME,
// which may be repeated, asks for the families that have the name or a sample of
// that name; others are not read.
//
// A scrape ends at the least of Options.Timeout and 95 % of the scraper's
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
	return &handler{
		producer: p,
		options:  options,
		codings:  newCodings(options.Encodings),
		slots:    make(chan struct{}, options.MaxConcurrent),
	}
}

type handler struct {
	producer Producer
	options  Options
	codings  []*coding
	slots    chan struct{}
}

func (h *handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		w.Header().Set("Allow", "GET, HEAD")
		http.Error(w, fmt.Sprintf("method %s is not allowed: use GET or HEAD", r.Method), http.StatusMethodNotAllowed)
		return
	}
	begin := time.Now()
	body := &responseBody{sent: counted{to: w}, w: w, offer: negotiate(r.Header), coding: choose(h.codings, r.Header)}
	if r.Method == http.MethodHead {
		body.setHeader()
		return
	}
	s := Scrape{Format: body.offer.format, Coding: body.codingName()}
	select {
	case h.slots <- struct{}{}:
		defer func() { <-h.slots }()
		h.scrape(body, r, &s)
	default:
		s.Err = fmt.Errorf("%w: %d are being answered already: retry, or scrape less often", ErrTooManyScrapes, h.options.MaxConcurrent)
		w.Header().Set("Retry-After", "1")
		http.Error(w, s.Err.Error(), http.StatusServiceUnavailable)
	}
	if h.options.OnScrape != nil {
		s.Sent, s.Duration = body.sent.n, time.Since(begin)
		h.options.OnScrape(s)
	}
	if s.Err != nil && body.started {
		panic(http.ErrAbortHandler)
	}
}

// scrape answers one, or leaves in s why it could not.
func (h *handler) scrape(body *responseBody, r *http.Request, s *Scrape) {
	timeout := h.timeout(r.Header)
	ctx, cancel := context.WithTimeoutCause(r.Context(), timeout,
		fmt.Errorf("scrape took longer than %v: %w", timeout, context.DeadlineExceeded))
	defer cancel()
	// A scraper that stops reading must not keep its slot. Writers that know no
	// deadlines, such as recorders, do not block either.
	_ = http.NewResponseController(body.w).SetWriteDeadline(time.Now().Add(timeout + errorSlack))

	var wanted names
	if r.URL.RawQuery != "" {
		wanted = newNames(r.URL.Query()[filterKey])
	}
	exposition := Exposition{Format: s.Format, Created: h.options.Created, Quantiles: h.options.Quantiles}
	defer body.release()
	parts := relay{to: body}
	// A producer that panics must not leave behind what sends.
	defer func() { _ = parts.close() }()
	s.Bytes, s.Series, s.Err = exposition.write(ctx, &parts, wanted.of(h.producer.Collect(ctx)))
	// Nothing is being sent any more after this.
	unsent := parts.close()
	if s.Err == nil {
		s.Err = unsent
	}
	if s.Err == nil {
		s.Err = body.close()
	}
	if s.Err == nil {
		return
	}
	if cause := context.Cause(ctx); cause != nil && !errors.Is(s.Err, cause) {
		// Writing failed because nobody reads any more.
		s.Err = fmt.Errorf("%w: %w", cause, s.Err)
	}
	h.failed(body, r, s.Err)
}

// failed tells of a scrape that could not be answered, as far as somebody can
// still be told.
func (h *handler) failed(body *responseBody, r *http.Request, err error) {
	if h.options.Logger != nil && r.Context().Err() == nil {
		h.options.Logger.Warn("scrape failed", "remote", r.RemoteAddr, "err", err)
	}
	if body.started {
		return
	}
	status := http.StatusServiceUnavailable
	if !errors.Is(err, context.DeadlineExceeded) && r.Context().Err() == nil {
		status = http.StatusInternalServerError
	}
	http.Error(body.w, err.Error(), status)
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
