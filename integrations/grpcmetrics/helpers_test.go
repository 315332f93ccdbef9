package grpcmetrics

import (
	"context"
	"flag"
	"io"
	"net"
	"os"
	"strings"
	"testing"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/interop/grpc_testing"
	"google.golang.org/grpc/test/bufconn"

	"github.com/metertree/metertree/export/prometheus"
	"github.com/metertree/metertree/meter"
	"github.com/metertree/metertree/registry"
)

var update = flag.Bool("update", false, "rewrite the golden file")

// service is the service that is called. What a request asks for in its payload
// is what it gets.
type service struct {
	grpc_testing.UnimplementedTestServiceServer
	// err ends every call.
	err error
}

func (s *service) UnaryCall(ctx context.Context, _ *grpc_testing.SimpleRequest) (*grpc_testing.SimpleResponse, error) {
	if s.err == errWait {
		<-ctx.Done()
		return nil, ctx.Err()
	}
	return &grpc_testing.SimpleResponse{}, s.err
}

// StreamingOutputCall sends three messages.
func (s *service) StreamingOutputCall(_ *grpc_testing.StreamingOutputCallRequest, stream grpc_testing.TestService_StreamingOutputCallServer) error {
	for range 3 {
		if err := stream.Send(&grpc_testing.StreamingOutputCallResponse{}); err != nil {
			return err
		}
	}
	return s.err
}

// StreamingInputCall reads all messages.
func (s *service) StreamingInputCall(stream grpc_testing.TestService_StreamingInputCallServer) error {
	for {
		switch _, err := stream.Recv(); err {
		case nil:
		case io.EOF:
			if s.err != nil {
				return s.err
			}
			return stream.SendAndClose(&grpc_testing.StreamingInputCallResponse{})
		default:
			return err
		}
	}
}

// FullDuplexCall answers each message with one.
func (s *service) FullDuplexCall(stream grpc_testing.TestService_FullDuplexCallServer) error {
	for {
		switch _, err := stream.Recv(); err {
		case nil:
			if err := stream.Send(&grpc_testing.StreamingOutputCallResponse{}); err != nil {
				return err
			}
		case io.EOF:
			return s.err
		default:
			return err
		}
	}
}

// bench is a server, a client of it, and what both measure.
type bench struct {
	registry *registry.Registry
	server   *grpc.Server
	metrics  *Server
	conn     *grpc.ClientConn
	client   grpc_testing.TestServiceClient
	served   chan error
}

// newBench starts a server that ends with the test.
func newBench(t testing.TB, s *service, options ...grpc.ServerOption) *bench {
	t.Helper()
	b := &bench{registry: registry.New(registry.Options{}), served: make(chan error, 1)}
	var err error
	if b.metrics, err = NewServer(meter.New(b.registry), Options{}); err != nil {
		t.Fatal(err)
	}
	client, err := NewClient(meter.New(b.registry), Options{})
	if err != nil {
		t.Fatal(err)
	}
	b.server = grpc.NewServer(append(options,
		grpc.ChainUnaryInterceptor(b.metrics.UnaryInterceptor()),
		grpc.ChainStreamInterceptor(b.metrics.StreamInterceptor()))...)
	grpc_testing.RegisterTestServiceServer(b.server, s)
	listener := bufconn.Listen(1 << 16)
	go func() { b.served <- b.server.Serve(listener) }()
	b.conn, err = grpc.NewClient("passthrough:///bench",
		grpc.WithContextDialer(func(ctx context.Context, _ string) (net.Conn, error) { return listener.DialContext(ctx) }),
		grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithUnaryInterceptor(client.UnaryInterceptor()),
		grpc.WithStreamInterceptor(client.StreamInterceptor()))
	if err != nil {
		t.Fatal(err)
	}
	b.client = grpc_testing.NewTestServiceClient(b.conn)
	t.Cleanup(func() { b.stop(t) })
	return b
}

// stop ends the server once its handlers have returned; then all is measured.
func (b *bench) stop(t testing.TB) {
	t.Helper()
	if b.conn == nil {
		return
	}
	b.server.GracefulStop()
	if err := <-b.served; err != nil {
		t.Error(err)
	}
	if err := b.conn.Close(); err != nil {
		t.Error(err)
	}
	b.conn = nil
}

// exposed is the exposition of the metrics that begin with grpc_, without what
// depends on time.
func exposed(t testing.TB, r *registry.Registry) string {
	t.Helper()
	var page, own strings.Builder
	if _, err := prometheus.Write(t.Context(), &page, r.Collect(t.Context())); err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(page.String()) {
		name := strings.TrimPrefix(strings.TrimPrefix(line, "# HELP "), "# TYPE ")
		timed := strings.Contains(line, "_seconds_bucket{") || strings.Contains(line, "_seconds_sum{")
		if strings.HasPrefix(name, "grpc_") && !timed {
			own.WriteString(line)
		}
	}
	return own.String()
}

// expect checks that the exposition has each of the lines.
func expect(t testing.TB, r *registry.Registry, lines ...string) {
	t.Helper()
	page := exposed(t, r)
	for _, line := range lines {
		if !strings.Contains("\n"+page, "\n"+line+"\n") {
			t.Errorf("%s is missing in\n%s", line, page)
		}
	}
}

func golden(t *testing.T, file, got string) {
	t.Helper()
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("got:\n%s\nwant (rewrite with -update if intended):\n%s", got, want)
	}
}
