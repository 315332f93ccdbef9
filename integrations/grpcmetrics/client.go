package grpcmetrics

import (
	"context"
	"io"
	"sync/atomic"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	"github.com/metertree/metertree/meter"
)

// Client measures the calls that clients make. One may serve any number of
// connections, and is for concurrent use.
type Client struct{ calls *calls }

// NewClient defines a client's metrics in a scope, usually the root scope: their
// names begin with grpc_client_. Calls with the same scope and options share
// their series. It fails if one of the names is in use otherwise; those before
// it then stay defined.
func NewClient(scope meter.Scope, options Options) (*Client, error) {
	calls, err := newCalls(scope, "client", options)
	if err != nil {
		return nil, err
	}
	return &Client{calls}, nil
}

// UnaryInterceptor returns what measures unary calls.
func (c *Client) UnaryInterceptor() grpc.UnaryClientInterceptor {
	if !c.calls.enabled {
		return func(ctx context.Context, method string, request, reply any, cc *grpc.ClientConn,
			invoke grpc.UnaryInvoker, options ...grpc.CallOption) error {
			return invoke(ctx, method, request, reply, cc, options...)
		}
	}
	return c.unary
}

// StreamInterceptor returns what measures streams.
func (c *Client) StreamInterceptor() grpc.StreamClientInterceptor {
	if !c.calls.enabled {
		return func(ctx context.Context, desc *grpc.StreamDesc, cc *grpc.ClientConn, method string,
			open grpc.Streamer, options ...grpc.CallOption) (grpc.ClientStream, error) {
			return open(ctx, desc, cc, method, options...)
		}
	}
	return c.stream
}

func (c *Client) unary(ctx context.Context, method string, request, reply any, cc *grpc.ClientConn,
	invoke grpc.UnaryInvoker, options ...grpc.CallOption) error {
	m := c.calls.learn(methodKey{method, unary})
	start := m.begin()
	// Until the call returns, it counts as one that panicked.
	code := codes.Internal
	defer func() { m.end(start, code) }()
	m.sent.Inc()
	err := invoke(ctx, method, request, reply, cc, options...)
	if code = status.Code(err); code == codes.OK {
		m.received.Inc()
	}
	return err
}

func (c *Client) stream(ctx context.Context, desc *grpc.StreamDesc, cc *grpc.ClientConn, method string,
	open grpc.Streamer, options ...grpc.CallOption) (grpc.ClientStream, error) {
	m := c.calls.learn(methodKey{method, typeOf(desc.ClientStreams, desc.ServerStreams)})
	start, code, opened := m.begin(), codes.Internal, false
	defer func() {
		if !opened {
			m.end(start, code)
		}
	}()
	stream, err := open(ctx, desc, cc, method, options...)
	if err != nil {
		code = status.Code(err)
		return stream, err
	}
	opened = true
	s := &clientSide{ClientStream: stream, method: m, start: start, one: !desc.ServerStreams}
	s.forget = context.AfterFunc(ctx, func() { s.note(status.FromContextError(ctx.Err()).Code()) })
	return s, nil
}

// clientSide counts the messages of a stream, and notes its end once.
type clientSide struct {
	grpc.ClientStream
	method *method
	start  time.Time
	// one says that the first answer is the last.
	one   bool
	ended atomic.Bool
	// forget ends the wait for the end of the context.
	forget func() bool
}

// end notes that the stream ended otherwise than with its context.
func (s *clientSide) end(code codes.Code) {
	s.forget()
	s.note(code)
}

func (s *clientSide) note(code codes.Code) {
	if !s.ended.Swap(true) {
		s.method.end(s.start, code)
	}
}

// RecvMsg receives a message, or the end of the stream.
func (s *clientSide) RecvMsg(message any) error {
	err := s.ClientStream.RecvMsg(message)
	switch {
	case err == nil:
		s.method.received.Inc()
		if s.one {
			s.end(codes.OK)
		}
	case err == io.EOF:
		s.end(codes.OK)
	default:
		s.end(status.Code(err))
	}
	return err
}

// SendMsg sends a message. After io.EOF, RecvMsg tells why the stream ended.
func (s *clientSide) SendMsg(message any) error {
	err := s.ClientStream.SendMsg(message)
	switch err {
	case nil:
		s.method.sent.Inc()
	case io.EOF:
	default:
		s.end(status.Code(err))
	}
	return err
}

// Header waits for the header.
func (s *clientSide) Header() (metadata.MD, error) {
	header, err := s.ClientStream.Header()
	if err != nil {
		s.end(status.Code(err))
	}
	return header, err
}
