package gateway

import (
	"context"
	"encoding/base64"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc"
	_ "google.golang.org/grpc/encoding/gzip" // so that compressed pushes are understood
	"google.golang.org/grpc/mem"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/durationpb"

	"github.com/metertree/metertree/server/internal/gateway/push"
)

// raw is a message as it came: it is decoded where all protocols are.
type raw struct{ body []byte }

// rawCodec passes messages on without decoding them.
type rawCodec struct{}

// Name implements encoding.CodecV2.
func (rawCodec) Name() string { return "proto" }

// Marshal implements encoding.CodecV2.
func (rawCodec) Marshal(v any) (mem.BufferSlice, error) {
	message, ok := v.(*raw)
	if !ok {
		return nil, fmt.Errorf("a message of type %T, want raw bytes", v)
	}
	return mem.BufferSlice{mem.SliceBuffer(message.body)}, nil
}

// Unmarshal implements encoding.CodecV2.
func (rawCodec) Unmarshal(data mem.BufferSlice, v any) error {
	message, ok := v.(*raw)
	if !ok {
		return fmt.Errorf("a message of type %T, want raw bytes", v)
	}
	message.body = data.Materialize()
	return nil
}

// exporter is what the service's methods need.
type exporter interface {
	export(ctx context.Context, request *raw) (*raw, error)
}

// metricsService is OTLP's service for metrics.
var metricsService = grpc.ServiceDesc{
	ServiceName: "opentelemetry.proto.collector.metrics.v1.MetricsService",
	HandlerType: (*exporter)(nil),
	Methods: []grpc.MethodDesc{{
		MethodName: "Export",
		Handler: func(srv any, ctx context.Context, decode func(any) error, _ grpc.UnaryServerInterceptor) (any, error) {
			request := &raw{}
			if err := decode(request); err != nil {
				return nil, err
			}
			return srv.(exporter).export(ctx, request)
		},
	}},
}

func (h *handler) newGRPC() *grpc.Server {
	server := grpc.NewServer(grpc.ForceServerCodecV2(rawCodec{}), grpc.MaxRecvMsgSize(int(h.gateway.options.MaxPushBytes)))
	server.RegisterService(&metricsService, h)
	return server
}

// grpcHeader is how many bytes stand before a message.
const grpcHeader = 5

// serveGRPC gives a call one of the places when all of it is there.
func (h *handler) serveGRPC(w http.ResponseWriter, r *http.Request) {
	if err := h.arrive(w, r, h.gateway.options.MaxPushBytes+grpcHeader); err != nil {
		h.failureOf(err).inTrailers(w)
		return
	}
	select {
	case h.slots <- struct{}{}:
		defer func() { <-h.slots }()
		h.grpc.ServeHTTP(w, r)
	default:
		h.failureOf(errBusy).inTrailers(w)
	}
}

// inTrailers answers a call by the failure alone.
func (f failure) inTrailers(w http.ResponseWriter) {
	said := f.inGRPC()
	details, err := proto.Marshal(said.Proto())
	if err == nil {
		w.Header().Set("Grpc-Status-Details-Bin", base64.RawStdEncoding.EncodeToString(details))
	}
	w.Header().Set("Content-Type", "application/grpc")
	w.Header().Set("Grpc-Status", strconv.Itoa(int(said.Code())))
	w.Header().Set("Grpc-Message", said.Message())
}

// inGRPC is the failure as gRPC tells it, with when to come again.
func (f failure) inGRPC() *status.Status {
	said := status.New(codeOf[f.status], oneLine(f.err))
	if f.retry == 0 {
		return said
	}
	detailed, err := said.WithDetails(&errdetails.RetryInfo{RetryDelay: durationpb.New(time.Duration(f.retry) * time.Second)})
	if err != nil {
		return said
	}
	return detailed
}

// export implements exporter.
func (h *handler) export(_ context.Context, request *raw) (*raw, error) {
	o, err := h.gateway.Push(push.Request{Protocol: push.OTLP, Body: request.body})
	if err != nil {
		return nil, h.failureOf(err).inGRPC().Err()
	}
	if full(&o) {
		return nil, refused(&o).inGRPC().Err()
	}
	body, err := encoding{protocol: push.OTLP}.answer(&o)
	return &raw{body}, err
}
