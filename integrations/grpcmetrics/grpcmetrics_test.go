package grpcmetrics

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/interop/grpc_testing"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	"github.com/metertree/metertree/meter"
	"github.com/metertree/metertree/registry"
)

// errWait makes a call wait for its end.
var errWait = errors.New("wait")

// handled is the line of a count of calls.
func handled(side, method, kind, code string, n int) string {
	return fmt.Sprintf(`grpc_%s_handled_total{code="%s",method="%s",service="grpc.testing.TestService",type="%s"} %d`, side, code, method, kind, n)
}

// callAll makes one call of each type, with two messages where it can, and reads
// each to its end.
func (b *bench) callAll(t testing.TB) {
	t.Helper()
	ctx := t.Context()
	_, _ = b.client.UnaryCall(ctx, &grpc_testing.SimpleRequest{})

	output, err := b.client.StreamingOutputCall(ctx, &grpc_testing.StreamingOutputCallRequest{})
	if err != nil {
		t.Fatal(err)
	}
	for err == nil {
		_, err = output.Recv()
	}
	input, err := b.client.StreamingInputCall(ctx)
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := input.Send(&grpc_testing.StreamingInputCallRequest{}); err != nil {
			t.Fatal(err)
		}
	}
	_, _ = input.CloseAndRecv()

	duplex, err := b.client.FullDuplexCall(ctx)
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := duplex.Send(&grpc_testing.StreamingOutputCallRequest{}); err != nil {
			t.Fatal(err)
		}
		if _, err := duplex.Recv(); err != nil {
			t.Fatal(err)
		}
	}
	if err := duplex.CloseSend(); err != nil {
		t.Fatal(err)
	}
	_, _ = duplex.Recv()
}

func TestGolden(t *testing.T) {
	b := newBench(t, &service{})
	b.callAll(t)
	b.stop(t)
	golden(t, "testdata/golden.txt", exposed(t, b.registry))
}

func TestCodes(t *testing.T) {
	for want, err := range map[string]error{
		"NotFound":         status.Error(codes.NotFound, "none"),
		"Unknown":          errors.New("no status"),
		"DeadlineExceeded": fmt.Errorf("asking: %w", context.DeadlineExceeded),
		Unknown:            status.Error(99, "of its own"),
	} {
		t.Run(want, func(t *testing.T) {
			b := newBench(t, &service{err: err})
			b.callAll(t)
			b.stop(t)
			for _, side := range []string{"server", "client"} {
				expect(t, b.registry,
					handled(side, "UnaryCall", "unary", want, 1),
					handled(side, "StreamingOutputCall", "server_stream", want, 1),
					handled(side, "StreamingInputCall", "client_stream", want, 1),
					handled(side, "FullDuplexCall", "bidi_stream", want, 1),
					`grpc_`+side+`_calls_in_flight{method="FullDuplexCall",service="grpc.testing.TestService",type="bidi_stream"} 0`)
			}
		})
	}
}

func TestMethodThatIsNotImplemented(t *testing.T) {
	b := newBench(t, &service{})
	if _, err := b.client.EmptyCall(t.Context(), &grpc_testing.Empty{}); status.Code(err) != codes.Unimplemented {
		t.Errorf("err = %v", err)
	}
	b.stop(t)
	expect(t, b.registry, handled("server", "EmptyCall", "unary", "Unimplemented", 1), handled("client", "EmptyCall", "unary", "Unimplemented", 1))
}

func TestPanicCountsAsInternal(t *testing.T) {
	recovering := func(ctx context.Context, request any, _ *grpc.UnaryServerInfo, handler grpc.UnaryHandler) (reply any, err error) {
		defer func() {
			if recover() != nil {
				err = status.Error(codes.Unavailable, "recovered")
			}
		}()
		return handler(ctx, request)
	}
	panicking := func(context.Context, any, *grpc.UnaryServerInfo, grpc.UnaryHandler) (any, error) { panic("fault") }
	metrics, r := newServer(t)
	info := &grpc.UnaryServerInfo{FullMethod: "/grpc.testing.TestService/UnaryCall"}
	_, err := recovering(t.Context(), nil, info, func(ctx context.Context, request any) (any, error) {
		return metrics.UnaryInterceptor()(ctx, request, info, func(ctx context.Context, request any) (any, error) {
			return panicking(ctx, request, info, nil)
		})
	})
	if status.Code(err) != codes.Unavailable {
		t.Errorf("err = %v, want that of the recovery", err)
	}
	expect(t, r, handled("server", "UnaryCall", "unary", "Internal", 1),
		`grpc_server_calls_in_flight{method="UnaryCall",service="grpc.testing.TestService",type="unary"} 0`)
}

func newServer(t testing.TB) (*Server, *registry.Registry) {
	t.Helper()
	r := registry.New(registry.Options{})
	s, err := NewServer(meter.New(r), Options{})
	if err != nil {
		t.Fatal(err)
	}
	return s, r
}

// Clients make methods up; the server's labels stay those of its services.
func TestMethodsThatClientsMakeUpAreOne(t *testing.T) {
	b := newBench(t, &service{}, grpc.UnknownServiceHandler(func(_ any, stream grpc.ServerStream) error {
		return stream.SendMsg(&grpc_testing.Empty{})
	}))
	for i := range 50 {
		for _, method := range []string{"/made.Up%d/Method", "/grpc.testing.TestService/Method%d", "//%d/"} {
			if err := b.conn.Invoke(t.Context(), fmt.Sprintf(method, i), &grpc_testing.Empty{}, &grpc_testing.Empty{}); err != nil {
				t.Fatal(err)
			}
		}
	}
	b.stop(t)
	expect(t, b.registry, `grpc_server_handled_total{code="OK",method="__unknown__",service="__unknown__",type="bidi_stream"} 150`)
	if n := strings.Count(exposed(t, b.registry), "\ngrpc_server_handled_total{"); n != 1 {
		t.Errorf("%d series, want 1", n)
	}
}

func TestMethodsOfAClientAreBounded(t *testing.T) {
	r := registry.New(registry.Options{})
	c, err := NewClient(meter.New(r), Options{})
	if err != nil {
		t.Fatal(err)
	}
	done := func(context.Context, string, any, any, *grpc.ClientConn, ...grpc.CallOption) error { return nil }
	const more = 10
	for i := range maxMethods + more {
		if err := c.UnaryInterceptor()(t.Context(), "/s/m"+strconv.Itoa(i), nil, nil, nil, done); err != nil {
			t.Fatal(err)
		}
	}
	if n := strings.Count(exposed(t, r), "\ngrpc_client_handled_total{"); n != maxMethods+1 {
		t.Errorf("%d series, want %d", n, maxMethods+1)
	}
	expect(t, r, fmt.Sprintf(`grpc_client_handled_total{code="OK",method="__unknown__",service="__unknown__",type="unary"} %d`, more))
}

func TestAnnouncedMethodsShowAtZero(t *testing.T) {
	b := newBench(t, &service{})
	b.metrics.Announce(b.server)
	b.metrics.Announce(b.server)
	expect(t, b.registry,
		handled("server", "UnaryCall", "unary", "OK", 0), handled("server", "FullDuplexCall", "bidi_stream", "OK", 0),
		handled("server", "StreamingInputCall", "client_stream", "OK", 0), handled("server", "StreamingOutputCall", "server_stream", "OK", 0))
	b.callAll(t)
	b.stop(t)
	expect(t, b.registry, handled("server", "UnaryCall", "unary", "OK", 1), handled("server", "FullDuplexCall", "bidi_stream", "OK", 1))
}

func TestCanceledCalls(t *testing.T) {
	b := newBench(t, &service{err: errWait})
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
	defer cancel()
	if _, err := b.client.UnaryCall(ctx, &grpc_testing.SimpleRequest{}); status.Code(err) != codes.DeadlineExceeded {
		t.Errorf("err = %v", err)
	}
	b.stop(t)
	expect(t, b.registry, handled("client", "UnaryCall", "unary", "DeadlineExceeded", 1))
}

// fakeStream is a stream that says what it is told to.
type fakeStream struct {
	grpc.ClientStream
	send, receive, header error
}

func (f *fakeStream) SendMsg(any) error            { return f.send }
func (f *fakeStream) RecvMsg(any) error            { return f.receive }
func (f *fakeStream) Header() (metadata.MD, error) { return nil, f.header }

func TestEndsOfAClientsStream(t *testing.T) {
	gone := status.Error(codes.Unavailable, "gone")
	for name, tt := range map[string]struct {
		stream fakeStream
		use    func(s grpc.ClientStream, cancel func())
		code   string
	}{
		"end":              {fakeStream{receive: io.EOF}, func(s grpc.ClientStream, _ func()) { _, _ = s.RecvMsg(nil), s.RecvMsg(nil) }, "OK"},
		"error":            {fakeStream{receive: gone}, func(s grpc.ClientStream, _ func()) { _ = s.RecvMsg(nil) }, "Unavailable"},
		"header":           {fakeStream{header: gone}, func(s grpc.ClientStream, _ func()) { _, _ = s.Header() }, "Unavailable"},
		"sending":          {fakeStream{send: gone}, func(s grpc.ClientStream, _ func()) { _ = s.SendMsg(nil) }, "Unavailable"},
		"sending at end":   {fakeStream{send: io.EOF, receive: gone}, func(s grpc.ClientStream, _ func()) { _, _ = s.SendMsg(nil), s.RecvMsg(nil) }, "Unavailable"},
		"context":          {fakeStream{}, func(_ grpc.ClientStream, cancel func()) { cancel() }, "Canceled"},
		"end, then cancel": {fakeStream{receive: io.EOF}, func(s grpc.ClientStream, cancel func()) { _ = s.RecvMsg(nil); cancel() }, "OK"},
		"left open":        {fakeStream{}, func(s grpc.ClientStream, _ func()) { _, _ = s.Header(); _, _ = s.SendMsg(nil), s.RecvMsg(nil) }, ""},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { testEnd(t, &tt.stream, tt.use, tt.code) })
		})
	}
}

func testEnd(t *testing.T, base grpc.ClientStream, use func(grpc.ClientStream, func()), code string) {
	r := registry.New(registry.Options{})
	c, err := NewClient(meter.New(r), Options{})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	stream, err := c.StreamInterceptor()(ctx, &grpc.StreamDesc{ServerStreams: true}, nil, "/s/m",
		func(context.Context, *grpc.StreamDesc, *grpc.ClientConn, string, ...grpc.CallOption) (grpc.ClientStream, error) {
			return base, nil
		})
	if err != nil {
		t.Fatal(err)
	}
	use(stream, cancel)
	synctest.Wait()
	inFlight := 1
	if code != "" {
		inFlight = 0
		expect(t, r, fmt.Sprintf(`grpc_client_handled_total{code="%s",method="m",service="s",type="server_stream"} 1`, code))
	}
	expect(t, r, fmt.Sprintf(`grpc_client_calls_in_flight{method="m",service="s",type="server_stream"} %d`, inFlight))
}

func TestStreamThatDoesNotOpen(t *testing.T) {
	r := registry.New(registry.Options{})
	c, err := NewClient(meter.New(r), Options{})
	if err != nil {
		t.Fatal(err)
	}
	refused := status.Error(codes.Unavailable, "refused")
	_, err = c.StreamInterceptor()(t.Context(), &grpc.StreamDesc{ClientStreams: true}, nil, "/s/m",
		func(context.Context, *grpc.StreamDesc, *grpc.ClientConn, string, ...grpc.CallOption) (grpc.ClientStream, error) {
			return nil, refused
		})
	if err != refused {
		t.Errorf("err = %v", err)
	}
	expect(t, r, `grpc_client_handled_total{code="Unavailable",method="m",service="s",type="client_stream"} 1`,
		`grpc_client_calls_in_flight{method="m",service="s",type="client_stream"} 0`)
}

func TestConcurrentCalls(t *testing.T) {
	b := newBench(t, &service{})
	var all sync.WaitGroup
	for range 4 {
		all.Go(func() {
			for range 20 {
				b.callAll(t)
			}
		})
	}
	all.Wait()
	b.stop(t)
	for _, side := range []string{"server", "client"} {
		expect(t, b.registry, handled(side, "UnaryCall", "unary", "OK", 80), handled(side, "FullDuplexCall", "bidi_stream", "OK", 80))
	}
}

func TestScopeWithoutARegistry(t *testing.T) {
	s, err := NewServer(meter.Scope{}, Options{})
	if err != nil {
		t.Fatal(err)
	}
	reply, err := s.UnaryInterceptor()(t.Context(), 1, &grpc.UnaryServerInfo{FullMethod: "/s/m"},
		func(_ context.Context, request any) (any, error) { return request, nil })
	if reply != 1 || err != nil {
		t.Errorf("reply %v, err %v", reply, err)
	}
	if err := s.StreamInterceptor()(1, nil, &grpc.StreamServerInfo{FullMethod: "/s/m"},
		func(any, grpc.ServerStream) error { return errWait }); err != errWait {
		t.Errorf("err = %v", err)
	}
	s.Announce(grpc.NewServer())
}

func TestConflictIsNamed(t *testing.T) {
	r := registry.New(registry.Options{})
	meter.New(r).Scope("grpc").Scope("server").Gauge("started_total")
	if _, err := NewServer(meter.New(r), Options{}); err == nil || !strings.Contains(err.Error(), "grpc_server_started_total") {
		t.Errorf("err = %v, want one that names the metric", err)
	}
}

// The table in the package comment is where users look names up.
func TestEveryMetricIsDocumented(t *testing.T) {
	doc, err := os.ReadFile("doc.go")
	if err != nil {
		t.Fatal(err)
	}
	table := strings.Join(strings.Fields(string(doc)), " ")
	b := newBench(t, &service{})
	b.callAll(t)
	b.stop(t)
	n := 0
	for f := range b.registry.Collect(t.Context()) {
		if d := f.Descriptor; strings.HasPrefix(d.Name, "grpc_") {
			n++
			if row := d.Name + "{" + strings.Join(d.Keys, ",") + "} " + d.Kind.String() + " "; !strings.Contains(table, row) {
				t.Errorf("%q is not documented", row)
			}
		}
	}
	if rows := strings.Count(string(doc), "//\tgrpc_"); rows != n {
		t.Errorf("%d metrics are documented, %d are collected", rows, n)
	}
}

// call makes one call through a server's interceptor, without a server.
func call(t testing.TB) func() {
	s, _ := newServer(t)
	interceptor := s.UnaryInterceptor()
	info := &grpc.UnaryServerInfo{FullMethod: "/grpc.testing.TestService/UnaryCall"}
	handler := func(_ context.Context, request any) (any, error) { return request, nil }
	ctx := t.Context()
	return func() {
		if _, err := interceptor(ctx, nil, info, handler); err != nil {
			t.Fatal(err)
		}
	}
}

func TestCallsDoNotAllocate(t *testing.T) {
	if n := testing.AllocsPerRun(1000, call(t)); n != 0 {
		t.Errorf("%v allocations per call", n)
	}
}

func BenchmarkServerUnary(b *testing.B) {
	call := call(b)
	b.ReportAllocs()
	for b.Loop() {
		call()
	}
}
