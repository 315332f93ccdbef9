package measure

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"sync"
	"time"

	collector "go.opentelemetry.io/proto/otlp/collector/metrics/v1"
	common "go.opentelemetry.io/proto/otlp/common/v1"
	"google.golang.org/protobuf/proto"

	"github.com/metertree/metertree/benchmarks/rivals"
	"github.com/metertree/metertree/benchmarks/work"
)

// PushOTLP fills a fresh population and returns milliseconds of a collection with
// its export by OTLP over HTTP, and heap allocations for each series, in the
// steady state: all series are updated between two exports. The receiver is a
// double on the loopback interface, which counts the series of the first export
// and discards the others. It wants a process of its own.
func PushOTLP(
	kind work.Kind, newPusher func(k work.Kind, series int, url string) (rivals.Pusher, error), series, times int,
) (_ Samples, err error) {
	received := &sink{}
	url, stop, err := listen(received)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, stop()) }()
	p, err := newPusher(kind, series, url+"/v1/metrics")
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, p.Close(context.Background())) }()
	samples := Samples{}
	sets := work.LabelSets(series)
	const warmUp = 2
	for turn := range warmUp + times {
		p.Fill(sets)
		before := mallocs()
		began := time.Now()
		if err := p.Push(context.Background()); err != nil {
			return nil, fmt.Errorf("exporting %d series: %w", series, err)
		}
		took := time.Since(began)
		allocated := mallocs() - before
		if turn == 0 {
			if got := received.discard(); got != series {
				return nil, fmt.Errorf("an export of %d series brought %d", series, got)
			}
		}
		if turn >= warmUp {
			samples.add(work.PushOTLP(kind), milliseconds(took))
			samples.add(work.PushOTLP(kind).Allocs(), rounded(float64(allocated)/float64(series)))
		}
	}
	return samples, nil
}

// sink is a receiver that counts data points, until it is to discard them.
type sink struct {
	mu        sync.Mutex
	points    int
	discarded bool
}

// discard returns how many points came, and has the others discarded.
func (s *sink) discard() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.discarded = true
	return s.points
}

// ServeHTTP implements http.Handler.
func (s *sink) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.discarded {
		// A request that breaks off fails the export.
		_, _ = io.Copy(io.Discard, r.Body)
		return
	}
	var request collector.ExportMetricsServiceRequest
	body, err := io.ReadAll(r.Body)
	if err == nil {
		err = proto.Unmarshal(body, &request)
	}
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	for _, resource := range request.GetResourceMetrics() {
		for _, scope := range resource.GetScopeMetrics() {
			for _, m := range scope.GetMetrics() {
				s.points += populated(m.GetSum().GetDataPoints()) + populated(m.GetHistogram().GetDataPoints())
			}
		}
	}
}

// populated counts the points that have the labels of populations: a library
// may have metrics of its own.
func populated[P interface{ GetAttributes() []*common.KeyValue }](points []P) (n int) {
	for _, p := range points {
		if len(p.GetAttributes()) == len(work.Keys) {
			n++
		}
	}
	return n
}
