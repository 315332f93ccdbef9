package otlp_test

import (
	"compress/gzip"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	collector "go.opentelemetry.io/proto/otlp/collector/metrics/v1"
	"google.golang.org/grpc"
	_ "google.golang.org/grpc/encoding/gzip"
	"google.golang.org/grpc/stats"
	"google.golang.org/protobuf/proto"

	"github.com/metertree/metertree/integrations/otlp"
)

// receiver is a double of a backend, over either protocol.
type receiver struct {
	collector.UnimplementedMetricsServiceServer
	// url is where it listens.
	url string

	mu sync.Mutex
	// requests are those that were taken, headers those of each.
	requests []*collector.ExportMetricsServiceRequest
	headers  []http.Header
	// serve answers instead over HTTP, for the nth request from 1 on, if it
	// returns true; answer over gRPC, if it returns an error.
	serve  func(n int, w http.ResponseWriter, r *http.Request, body *collector.ExportMetricsServiceRequest) bool
	answer func(n int, ctx context.Context, body *collector.ExportMetricsServiceRequest) error
	// partial is what is said of each request that is taken.
	partial *collector.ExportMetricsPartialSuccess
	seen    int
	// compressed is set when a compressed request came over gRPC.
	compressed bool
}

// TagRPC and its kin implement stats.Handler.
func (f *receiver) TagRPC(ctx context.Context, _ *stats.RPCTagInfo) context.Context { return ctx }

// HandleRPC sees how requests come.
func (f *receiver) HandleRPC(_ context.Context, s stats.RPCStats) {
	if in, is := s.(*stats.InHeader); is && in.Compression == "gzip" {
		f.set(func() { f.compressed = true })
	}
}

// TagConn does nothing.
func (f *receiver) TagConn(ctx context.Context, _ *stats.ConnTagInfo) context.Context { return ctx }

// HandleConn does nothing.
func (f *receiver) HandleConn(context.Context, stats.ConnStats) {}

func (f *receiver) count() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.seen++
	return f.seen
}

// set changes how the receiver behaves.
func (f *receiver) set(change func()) {
	f.mu.Lock()
	defer f.mu.Unlock()
	change()
}

func (f *receiver) take(body *collector.ExportMetricsServiceRequest, header http.Header) *collector.ExportMetricsServiceResponse {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.requests = append(f.requests, body)
	f.headers = append(f.headers, header)
	return &collector.ExportMetricsServiceResponse{PartialSuccess: f.partial}
}

// taken returns the requests that were taken.
func (f *receiver) taken() []*collector.ExportMetricsServiceRequest {
	f.mu.Lock()
	defer f.mu.Unlock()
	return append([]*collector.ExportMetricsServiceRequest(nil), f.requests...)
}

// all returns what was taken as text that is equal for equal points, whoever
// sent them.
func (f *receiver) all() string {
	var b strings.Builder
	for _, request := range f.taken() {
		for _, rm := range request.GetResourceMetrics() {
			for _, sm := range rm.GetScopeMetrics() {
				for _, m := range sm.GetMetrics() {
					text, err := proto.MarshalOptions{Deterministic: true}.Marshal(m)
					if err != nil {
						panic(err)
					}
					fmt.Fprintf(&b, "%s: %x\n", m.GetName(), text)
				}
			}
		}
	}
	return b.String()
}

// ServeHTTP implements http.Handler.
func (f *receiver) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	n := f.count()
	var from io.Reader = r.Body
	if r.Header.Get("Content-Encoding") == "gzip" {
		unzipped, err := gzip.NewReader(r.Body)
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		from = unzipped
	}
	text, err := io.ReadAll(from)
	var body collector.ExportMetricsServiceRequest
	if err == nil {
		err = proto.Unmarshal(text, &body)
	}
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	f.mu.Lock()
	serve := f.serve
	f.mu.Unlock()
	if serve != nil && serve(n, w, r, &body) {
		return
	}
	reply, err := proto.Marshal(f.take(&body, r.Header))
	if err != nil {
		panic(err)
	}
	w.Header().Set("Content-Type", "application/x-protobuf")
	w.Write(reply)
}

// Export implements the service over gRPC.
func (f *receiver) Export(ctx context.Context, body *collector.ExportMetricsServiceRequest) (*collector.ExportMetricsServiceResponse, error) {
	n := f.count()
	f.mu.Lock()
	answer := f.answer
	f.mu.Unlock()
	if answer != nil {
		if err := answer(n, ctx, body); err != nil {
			return nil, err
		}
	}
	return f.take(body, nil), nil
}

// newReceiver starts a receiver of the protocol.
func newReceiver(t testing.TB, p otlp.Protocol) *receiver {
	t.Helper()
	f := &receiver{}
	if p == otlp.HTTP {
		server := httptest.NewServer(f)
		t.Cleanup(server.Close)
		f.url = server.URL
		return f
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	server := grpc.NewServer(grpc.StatsHandler(f))
	collector.RegisterMetricsServiceServer(server, f)
	served := make(chan error, 1)
	go func() { served <- server.Serve(listener) }()
	t.Cleanup(func() {
		server.Stop()
		if err := <-served; err != nil {
			t.Errorf("serving: %v", err)
		}
	})
	f.url = "http://" + listener.Addr().String()
	return f
}

// quick repeats without a delay to speak of.
var quick = otlp.Retry{Initial: time.Millisecond, Max: 2 * time.Millisecond, Elapsed: 5 * time.Second}

// newExporter returns an exporter to the receiver, which is shut down with the
// test.
func newExporter(t testing.TB, p otlp.Protocol, f *receiver, change ...func(*otlp.Options)) *otlp.Exporter {
	t.Helper()
	o := otlp.Options{Protocol: p, Endpoint: f.url, Retry: quick}
	for _, c := range change {
		c(&o)
	}
	e, err := otlp.New(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := e.Shutdown(context.Background()); err != nil {
			t.Errorf("Shutdown: %v", err)
		}
	})
	return e
}

// eachProtocol runs a test over both.
func eachProtocol(t *testing.T, test func(t *testing.T, p otlp.Protocol)) {
	for _, p := range []otlp.Protocol{otlp.HTTP, otlp.GRPC} {
		t.Run(p.String(), func(t *testing.T) { test(t, p) })
	}
}
