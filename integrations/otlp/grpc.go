package otlp

import (
	"context"
	"net/http"

	"go.opentelemetry.io/otel/exporters/otlp/otlpmetric/otlpmetricgrpc"
	collector "go.opentelemetry.io/proto/otlp/collector/metrics/v1"
	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/encoding"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	"github.com/metertree/metertree/integrations/internal/push"
)

// newGRPC returns the official exporter over gRPC.
func newGRPC(ctx context.Context, o *Options, w *watch) (client, error) {
	options := []otlpmetricgrpc.Option{
		otlpmetricgrpc.WithDialOption(grpc.WithChainUnaryInterceptor(w.unary)),
		// We repeat.
		otlpmetricgrpc.WithRetry(otlpmetricgrpc.RetryConfig{Enabled: false}),
	}
	if o.Endpoint != "" {
		options = append(options, otlpmetricgrpc.WithEndpointURL(o.Endpoint))
	}
	if o.TLS != nil {
		options = append(options, otlpmetricgrpc.WithTLSCredentials(credentials.NewTLS(o.TLS.Clone())))
	}
	if o.Timeout > 0 {
		options = append(options, otlpmetricgrpc.WithTimeout(o.Timeout))
	}
	if len(o.Headers) > 0 {
		options = append(options, otlpmetricgrpc.WithHeaders(o.Headers))
	}
	switch o.Compression {
	case NoCompression:
		identity := grpc.WithDefaultCallOptions(grpc.UseCompressor(encoding.Identity))
		options = append(options, otlpmetricgrpc.WithDialOption(identity))
	case Gzip:
		options = append(options, otlpmetricgrpc.WithCompressor("gzip"))
	case CompressionFromEnvironment:
	}
	return otlpmetricgrpc.New(ctx, options...)
}

// unary sees each attempt. It implements grpc.UnaryClientInterceptor.
func (w *watch) unary(ctx context.Context, method string, request, reply any, to *grpc.ClientConn, invoke grpc.UnaryInvoker, options ...grpc.CallOption) error {
	w.attempt()
	if sent, ok := metadata.FromOutgoingContext(ctx); ok {
		w.last.secrets = push.SecretsOf(http.Header(sent))
	}
	err := invoke(ctx, method, request, reply, to, options...)
	w.last.grpc, w.last.code = true, status.Code(err)
	for _, detail := range status.Convert(err).Details() {
		if info, is := detail.(*errdetails.RetryInfo); is {
			w.last.after, w.last.delays = info.GetRetryDelay().AsDuration(), true
		}
	}
	if r, ok := reply.(*collector.ExportMetricsServiceResponse); ok && err == nil {
		w.last.partial(r)
	}
	return err
}
