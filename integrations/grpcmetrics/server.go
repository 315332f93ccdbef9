package grpcmetrics

import (
	"context"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/metertree/metertree/meter"
)

// Server measures the calls that a server handles. One may serve several
// servers, and is for concurrent use.
type Server struct{ calls *calls }

// NewServer defines a server's metrics in a scope, usually the root scope: their
// names begin with grpc_server_. Calls with the same scope and options share
// their series. It fails if one of the names is in use otherwise; those before
// it then stay defined.
func NewServer(scope meter.Scope, options Options) (*Server, error) {
	calls, err := newCalls(scope, "server", options)
	if err != nil {
		return nil, err
	}
	return &Server{calls}, nil
}

// Announce makes the methods of a server known, so that each shows at zero
// before its first call. Call it once the services are registered; it is not
// needed to count them.
func (s *Server) Announce(server interface {
	GetServiceInfo() map[string]grpc.ServiceInfo
}) {
	for service, info := range server.GetServiceInfo() {
		for _, m := range info.Methods {
			kind := unary
			if m.IsClientStream || m.IsServerStream {
				kind = typeOf(m.IsClientStream, m.IsServerStream)
			}
			s.calls.learn(methodKey{"/" + service + "/" + m.Name, kind}).count(codes.OK)
		}
	}
}

// UnaryInterceptor returns what measures unary calls.
func (s *Server) UnaryInterceptor() grpc.UnaryServerInterceptor {
	if !s.calls.enabled {
		return func(ctx context.Context, request any, _ *grpc.UnaryServerInfo, handler grpc.UnaryHandler) (any, error) {
			return handler(ctx, request)
		}
	}
	return s.unary
}

// StreamInterceptor returns what measures streams.
func (s *Server) StreamInterceptor() grpc.StreamServerInterceptor {
	if !s.calls.enabled {
		return func(service any, stream grpc.ServerStream, _ *grpc.StreamServerInfo, handler grpc.StreamHandler) error {
			return handler(service, stream)
		}
	}
	return s.stream
}

func (s *Server) unary(ctx context.Context, request any, info *grpc.UnaryServerInfo, handler grpc.UnaryHandler) (reply any, err error) {
	// gRPC calls unary handlers of registered methods only.
	m := s.calls.learn(methodKey{info.FullMethod, unary})
	start := m.begin()
	m.received.Inc()
	// Until the handler returns, it counts as one that panicked.
	code := codes.Internal
	defer func() { m.end(start, code) }()
	reply, err = handler(ctx, request)
	if code = codeOf(err); code == codes.OK {
		m.sent.Inc()
	}
	return reply, err
}

func (s *Server) stream(service any, stream grpc.ServerStream, info *grpc.StreamServerInfo, handler grpc.StreamHandler) error {
	key := methodKey{info.FullMethod, typeOf(info.IsClientStream, info.IsServerStream)}
	m, known := s.calls.find(key)
	if !known {
		if service == nil {
			// What handles unknown methods belongs to no service.
			key.full = ""
		}
		m = s.calls.learn(key)
	}
	start := m.begin()
	code := codes.Internal
	defer func() { m.end(start, code) }()
	err := handler(service, &serverSide{stream, m})
	code = codeOf(err)
	return err
}

// codeOf is the code that gRPC sends for a handler's error.
func codeOf(err error) codes.Code {
	s, ok := status.FromError(err)
	if !ok {
		s = status.FromContextError(err)
	}
	return s.Code()
}

// serverSide counts the messages of a stream.
type serverSide struct {
	grpc.ServerStream
	method *method
}

// RecvMsg receives a message.
func (s *serverSide) RecvMsg(message any) error {
	err := s.ServerStream.RecvMsg(message)
	if err == nil {
		s.method.received.Inc()
	}
	return err
}

// SendMsg sends a message.
func (s *serverSide) SendMsg(message any) error {
	err := s.ServerStream.SendMsg(message)
	if err == nil {
		s.method.sent.Inc()
	}
	return err
}
