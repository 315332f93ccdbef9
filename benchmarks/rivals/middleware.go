package rivals

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/metertree/metertree/benchmarks/work"
	"github.com/metertree/metertree/collect/httpmetrics"
)

// perRequest is how many series the middlewares update once for each request:
// the count, the duration and the two sizes.
const perRequest = 4

const route = "/items/{id}"

// serveCase is a case whose updates are requests to a handler.
func serveCase(h http.Handler, total func() (float64, error)) Case {
	r := must(http.NewRequest(http.MethodGet, "http://localhost/items/7", http.NoBody))
	r.Pattern = http.MethodGet + " " + route
	w := &answer{header: http.Header{}}
	return Case{
		Run: func(n int) {
			for range n {
				h.ServeHTTP(w, r)
			}
		},
		Check: func(requests int) error {
			got, err := total()
			if err != nil {
				return err
			}
			return counted(got, perRequest*requests)
		},
	}
}

// respond is the handler in the middlewares.
var respond = http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
	w.WriteHeader(http.StatusOK)
	_, _ = w.Write(body)
})

var body = []byte("ok")

// answer discards what is written. It can do what the server's writer of
// HTTP/1.1 can, so that the middlewares wrap it as they do that one.
type answer struct{ header http.Header }

func (a *answer) Header() http.Header                    { return a.header }
func (a *answer) WriteHeader(int)                        {}
func (a *answer) Write(p []byte) (int, error)            { return len(p), nil }
func (a *answer) WriteString(s string) (int, error)      { return len(s), nil }
func (a *answer) ReadFrom(from io.Reader) (int64, error) { return io.Copy(io.Discard, from) }
func (a *answer) Flush()                                 {}
func (a *answer) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	return nil, nil, errors.New("there is no connection to take over: write an answer")
}

func metertreeMiddleware() Case {
	r, scope := metertreeScope()
	server := must(httpmetrics.NewServer(scope, httpmetrics.ServerOptions{Status: httpmetrics.ByCode}))
	return serveCase(server.Wrap(respond), func() (total float64, err error) {
		for family := range r.Collect(context.Background()) {
			if strings.HasPrefix(family.Descriptor.Name, "http_server_") {
				_, sum := metertreeSum(family)
				total += sum
			}
		}
		return total, nil
	})
}

// clientGolangMiddleware is the chain that its documentation shows, with the
// route as a label that every handler sets for itself.
func clientGolangMiddleware() Case {
	r := prometheus.NewRegistry()
	labels := []string{"route", "method", "code"}
	at := prometheus.Labels{"route": route}
	requests := prometheus.NewCounterVec(prometheus.CounterOpts{Name: "http_server_requests_total"}, labels)
	duration := prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: "http_server_request_duration_seconds", Buckets: work.Bounds}, labels)
	sizes := httpmetrics.DefaultSizeBounds()
	requestSize := prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: "http_server_request_size_bytes", Buckets: sizes}, labels[:2])
	responseSize := prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: "http_server_response_size_bytes", Buckets: sizes}, labels[:2])
	inFlight := prometheus.NewGauge(prometheus.GaugeOpts{Name: "http_server_requests_in_flight"})
	r.MustRegister(requests, duration, requestSize, responseSize, inFlight)
	h := promhttp.InstrumentHandlerInFlight(inFlight,
		promhttp.InstrumentHandlerDuration(duration.MustCurryWith(at),
			promhttp.InstrumentHandlerCounter(requests.MustCurryWith(at),
				promhttp.InstrumentHandlerRequestSize(requestSize.MustCurryWith(at),
					promhttp.InstrumentHandlerResponseSize(responseSize.MustCurryWith(at), respond)))))
	return serveCase(h, func() (float64, error) {
		_, total, err := clientGolangTotal(r)
		return total, err
	})
}
