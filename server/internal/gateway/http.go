package gateway

import (
	"errors"
	"fmt"
	"mime"
	"net/http"
	"strconv"
	"strings"

	"google.golang.org/grpc"

	"github.com/metertree/metertree/export/prometheus"
	"github.com/metertree/metertree/server/internal/arrival"
	"github.com/metertree/metertree/server/internal/gateway/merge"
	"github.com/metertree/metertree/server/internal/gateway/push"
)

// handler answers HTTP and gRPC on one port.
type handler struct {
	gateway *Gateway
	hall    *arrival.Hall // where bodies wait until they are whole
	// slots bound the pushes in work, and with them the memory they take.
	slots chan struct{}
	grpc  *grpc.Server
	mux   *http.ServeMux
}

// newHandler returns what answers pushes, scrapes and probes.
func newHandler(g *Gateway) *handler {
	places := g.options.MaxConcurrency
	h := &handler{
		gateway: g, mux: http.NewServeMux(),
		hall:  arrival.New(int64(places) * (g.options.MaxPushBytes + grpcHeader + 1)),
		slots: make(chan struct{}, places),
	}
	h.grpc = h.newGRPC()
	h.mux.Handle("POST /v1/metrics", h.admit(h.serveOTLP))
	h.mux.Handle("POST /api/v1/write", h.admit(h.serveRemoteWrite))
	for _, method := range []string{http.MethodPost, http.MethodPut, http.MethodDelete} {
		h.mux.Handle(method+" /metrics/{group...}", h.admit(h.serveText))
	}
	h.mux.Handle("GET /metrics", prometheus.Handler(g, prometheus.Options{Logger: g.log}))
	h.mux.Handle("GET /-/metrics", prometheus.Handler(g.self.registry, prometheus.Options{Logger: g.log}))
	h.mux.HandleFunc("GET /-/healthy", func(w http.ResponseWriter, _ *http.Request) { answer(w, "healthy") })
	h.mux.HandleFunc("GET /-/ready", func(w http.ResponseWriter, _ *http.Request) { answer(w, "ready") })
	h.mux.HandleFunc("GET /{$}", serveIndex)
	return h
}

// ServeHTTP implements http.Handler.
func (h *handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.ProtoMajor == 2 && strings.HasPrefix(r.Header.Get("Content-Type"), "application/grpc") {
		h.serveGRPC(w, r)
		return
	}
	h.mux.ServeHTTP(w, r)
}

func answer(w http.ResponseWriter, word string) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	_, _ = fmt.Fprintln(w, word)
}

func serveIndex(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	_, _ = fmt.Fprint(w, `<!DOCTYPE html><title>metertree gateway</title><h1>metertree gateway</h1><ul>
<li><a href="/metrics">the merged stream</a>
<li><a href="/-/metrics">the gateway's own metrics</a>
</ul>
`)
}

// failure is an error as HTTP tells it.
type failure struct {
	status int
	// retry asks the pusher to come again, after so many seconds.
	retry int
	err   error
}

// retryBusy and retryLater are how many seconds a pusher should wait for a place,
// and for room or storage.
const (
	retryBusy  = 1
	retryLater = 30
)

// failureOf says how an error is told, and counts it.
func (h *handler) failureOf(err error) failure {
	f, reason := failure{status: http.StatusBadRequest, err: err}, malformed
	switch {
	case errors.Is(err, errBusy):
		f.status, f.retry, reason = http.StatusTooManyRequests, retryBusy, busy
	case errors.Is(err, push.ErrTooLarge):
		f.status, reason = http.StatusRequestEntityTooLarge, tooLarge
	case errors.Is(err, errMedia):
		f.status = http.StatusUnsupportedMediaType
	case errors.Is(err, ErrUnavailable):
		f.status, f.retry, reason = http.StatusServiceUnavailable, retryLater, unavailable
	}
	h.gateway.self.refusedPushes.Add(1, reason)
	return f
}

// tell writes a failure as a line of text.
func (f failure) tell(w http.ResponseWriter) {
	f.header(w)
	http.Error(w, oneLine(f.err), f.status)
}

func (f failure) header(w http.ResponseWriter) {
	if f.retry > 0 {
		w.Header().Set("Retry-After", strconv.Itoa(f.retry))
	}
}

func oneLine(err error) string { return strings.Join(strings.Fields(err.Error()), " ") }

// errBusy says that there are as many pushes in work as there may be.
var errBusy = errors.New("too many pushes at once: try again")

// admit gives a request one of the places when its body is there, or refuses it.
// What serve returns is told to the pusher as text.
func (h *handler) admit(serve func(http.ResponseWriter, *http.Request) error) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_ = h.arrive(w, r, h.gateway.options.MaxPushBytes) // serve finds it in the body
		err := errBusy
		select {
		case h.slots <- struct{}{}:
			defer func() { <-h.slots }()
			err = serve(w, r)
		default:
		}
		if err != nil {
			h.failureOf(err).tell(w)
		}
	})
}

// full reports whether a push is to be repeated as a whole, since there is no
// room for any of it.
func full(o *merge.Outcome) bool {
	limited := o.Refused.Counts[push.StreamLimit] + o.Refused.Counts[push.SeriesLimit]
	return o.Points > 0 && limited == o.Points
}

// refused is the error of a push of which points were refused, in protocols that
// know no partial success.
func refused(o *merge.Outcome) failure {
	err := fmt.Errorf("%d of %d points taken; %v", o.Accepted(), o.Points, &o.Refused)
	if full(o) {
		return failure{http.StatusTooManyRequests, retryLater, err}
	}
	return failure{http.StatusBadRequest, 0, err}
}

// mediaType returns the content type without its parameters, and these.
func mediaType(r *http.Request) (string, map[string]string) {
	kind, parameters, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil {
		return r.Header.Get("Content-Type"), nil
	}
	return kind, parameters
}

// The headers by which remote write tells how much was written.
const (
	writtenSamples    = "X-Prometheus-Remote-Write-Samples-Written"
	writtenHistograms = "X-Prometheus-Remote-Write-Histograms-Written"
	writtenExemplars  = "X-Prometheus-Remote-Write-Exemplars-Written"
)

func (h *handler) serveRemoteWrite(w http.ResponseWriter, r *http.Request) error {
	kind, parameters := mediaType(r)
	protocol := push.RemoteWrite1
	switch proto := parameters["proto"]; {
	case kind != "application/x-protobuf":
		return fmt.Errorf("%w content type %.80q: send application/x-protobuf", errMedia, kind)
	case proto == "io.prometheus.write.v2.Request":
		protocol = push.RemoteWrite2
	case proto != "" && proto != "prometheus.WriteRequest":
		return fmt.Errorf("%w message %.80q: send prometheus.WriteRequest or io.prometheus.write.v2.Request", errMedia, proto)
	}
	if coding := r.Header.Get("Content-Encoding"); coding != "snappy" {
		return fmt.Errorf("%w content encoding %.40q: remote write uses snappy", errMedia, coding)
	}
	body, err := h.readBody(w, r)
	if err != nil {
		return err
	}
	o, err := h.gateway.Push(push.Request{Protocol: protocol, Body: body})
	if err != nil {
		return err
	}
	if protocol == push.RemoteWrite2 {
		histograms := min(o.Histograms, o.Accepted())
		w.Header().Set(writtenSamples, strconv.Itoa(o.Accepted()-histograms))
		w.Header().Set(writtenHistograms, strconv.Itoa(histograms))
		w.Header().Set(writtenExemplars, "0")
	}
	if o.Refused.Total() > 0 {
		f := refused(&o)
		f.tell(w)
		return nil
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}

// textTypes are the content types of the text format; without one it is assumed,
// as curl and others send it.
var textTypes = map[string]bool{"": true, "text/plain": true, "application/x-www-form-urlencoded": true}

func (h *handler) serveText(w http.ResponseWriter, r *http.Request) error {
	kind, _ := mediaType(r)
	if !textTypes[kind] {
		return fmt.Errorf("%w content type %.80q: push the Prometheus text format, text/plain", errMedia, kind)
	}
	// The path is split before it is unescaped, so that a value may hold a slash.
	group, err := push.ParseGroup(strings.TrimPrefix(r.URL.EscapedPath(), "/metrics/"), r.URL.Query())
	if err != nil {
		return err
	}
	group.Replaces = r.Method != http.MethodPost
	request := push.Request{Protocol: push.Text, Group: group}
	if r.Method != http.MethodDelete {
		if request.Body, err = h.readBody(w, r); err != nil {
			return err
		}
	}
	o, err := h.gateway.Push(request)
	if err != nil {
		return err
	}
	if o.Refused.Total() > 0 {
		f := refused(&o)
		f.tell(w)
		return nil
	}
	if r.Method == http.MethodDelete {
		w.WriteHeader(http.StatusAccepted)
	}
	return nil
}
