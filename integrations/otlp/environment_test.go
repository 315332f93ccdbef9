package otlp_test

import (
	"context"
	"crypto/tls"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/sdk/instrumentation"
	collector "go.opentelemetry.io/proto/otlp/collector/metrics/v1"
	common "go.opentelemetry.io/proto/otlp/common/v1"
	"google.golang.org/grpc/metadata"

	"github.com/metertree/metertree/integrations/otlp"
	"github.com/metertree/metertree/metric"
)

func TestEnvironmentConfiguresTheExporter(t *testing.T) {
	eachProtocol(t, func(t *testing.T, p otlp.Protocol) {
		f := newReceiver(t, p)
		for _, variable := range [][2]string{
			{"OTEL_EXPORTER_OTLP_PROTOCOL", p.String()},
			{"OTEL_EXPORTER_OTLP_ENDPOINT", f.url},
			{"OTEL_EXPORTER_OTLP_HEADERS", "authorization=Bearer%20secret,tenant=a"},
			{"OTEL_EXPORTER_OTLP_COMPRESSION", "gzip"},
			{"OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE", "delta"},
			{"OTEL_SERVICE_NAME", "checkout"},
			{"OTEL_RESOURCE_ATTRIBUTES", "region=north%20sea,service.name=overridden"},
		} {
			t.Setenv(variable[0], variable[1])
		}
		e := newExporter(t, otlp.FromEnvironment, &receiver{})
		if e.Temporality() != metric.Delta {
			t.Errorf("temporality %s, want delta", e.Temporality())
		}
		w := newWorkload(1)
		pipe := newPipeline(t, w.registry, e.Temporality(), e)
		w.update(50)
		pipe.mustPush(t)
		w.mustBeIn(t, f.taken(), metric.Delta)
		resource := attributesOf(f.taken()[0].GetResourceMetrics()[0].GetResource().GetAttributes())
		if resource["service.name"] != "checkout" || resource["region"] != "north sea" || len(resource["service.instance.id"]) != 36 {
			t.Errorf("resource %v", resource)
		}
		if p == otlp.HTTP {
			h := f.headers[0]
			if h.Get("Authorization") != "Bearer secret" || h.Get("Tenant") != "a" || h.Get("Content-Encoding") != "gzip" {
				t.Errorf("headers %v", h)
			}
		}
	})
}

// Over gRPC an endpoint may have no scheme.
func TestEndpointOfGRPCWithoutScheme(t *testing.T) {
	f := newReceiver(t, otlp.GRPC)
	_, port, err := net.SplitHostPort(strings.TrimPrefix(f.url, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	t.Setenv("OTEL_EXPORTER_OTLP_METRICS_ENDPOINT", "localhost:"+port)
	t.Setenv("OTEL_EXPORTER_OTLP_INSECURE", "true")
	w := newWorkload(1)
	pipe := newPipeline(t, w.registry, metric.Cumulative, newExporter(t, otlp.GRPC, &receiver{}))
	w.update(20)
	pipe.mustPush(t)
	w.mustBeIn(t, f.taken(), metric.Cumulative)
}

func attributesOf(all []*common.KeyValue) map[string]string {
	m := map[string]string{}
	for _, a := range all {
		m[a.GetKey()] = a.GetValue().GetStringValue()
	}
	return m
}

func TestOptionsWinOverTheEnvironment(t *testing.T) {
	f := newReceiver(t, otlp.HTTP)
	t.Setenv("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc")
	t.Setenv("OTEL_EXPORTER_OTLP_ENDPOINT", "http://elsewhere.invalid:1")
	t.Setenv("OTEL_EXPORTER_OTLP_COMPRESSION", "gzip")
	t.Setenv("OTEL_RESOURCE_ATTRIBUTES", "region=south,zone=a")
	e := newExporter(t, otlp.HTTP, f, func(o *otlp.Options) {
		o.Headers = map[string]string{"X-Key": "k"}
		o.Compression = otlp.NoCompression
		o.Resource = []attribute.KeyValue{attribute.String("region", "north"), attribute.Int("shard", 3)}
		o.Scope = instrumentation.Scope{
			Name: "shop", Version: "1.2.3", SchemaURL: "https://example.org/schema",
			Attributes: attribute.NewSet(attribute.String("team", "a")),
		}
	})
	w := newWorkload(1)
	pipe := newPipeline(t, w.registry, metric.Cumulative, e)
	w.update(20)
	pipe.mustPush(t)
	if h := f.headers[0]; h.Get("X-Key") != "k" || h.Get("Content-Encoding") != "" {
		t.Errorf("headers %v", h)
	}
	rm := f.taken()[0].GetResourceMetrics()[0]
	if r := attributesOf(rm.GetResource().GetAttributes()); r["region"] != "north" || r["zone"] != "a" || r["telemetry.sdk.name"] != "metertree" {
		t.Errorf("resource %v", r)
	}
	scope := rm.GetScopeMetrics()[0]
	if s := scope.GetScope(); s.GetName() != "shop" || s.GetVersion() != "1.2.3" || attributesOf(s.GetAttributes())["team"] != "a" ||
		scope.GetSchemaUrl() != "https://example.org/schema" {
		t.Errorf("scope %v", scope.GetScope())
	}
}

func TestDefaults(t *testing.T) {
	f := newReceiver(t, otlp.HTTP)
	t.Setenv("OTEL_EXPORTER_OTLP_METRICS_ENDPOINT", f.url+"/v1/metrics")
	e := newExporter(t, otlp.FromEnvironment, &receiver{})
	if e.Temporality() != metric.Cumulative {
		t.Errorf("temporality %s, want cumulative", e.Temporality())
	}
	w := newWorkload(1)
	pipe := newPipeline(t, w.registry, metric.Cumulative, e)
	w.update(20)
	pipe.mustPush(t)
	rm := f.taken()[0].GetResourceMetrics()[0]
	resource := attributesOf(rm.GetResource().GetAttributes())
	if name := resource["service.name"]; !strings.HasPrefix(name, "unknown_service:") {
		t.Errorf("service.name %q", name)
	}
	if name := rm.GetScopeMetrics()[0].GetScope().GetName(); name != otlp.DefaultScope {
		t.Errorf("scope %q, want %q", name, otlp.DefaultScope)
	}
}

// The timeout of the environment ends an attempt, and the error says so.
func TestTimeoutOfTheEnvironment(t *testing.T) {
	eachProtocol(t, func(t *testing.T, p otlp.Protocol) {
		t.Setenv("OTEL_EXPORTER_OTLP_METRICS_TIMEOUT", "50")
		f := newReceiver(t, p)
		f.stall()
		w := newWorkload(1)
		pipe := newPipeline(t, w.registry, metric.Delta, newExporter(t, p, f, once))
		w.update(20)
		mustSay(t, pipe.push(t.Context()), f.url, "OTEL_EXPORTER_OTLP_TIMEOUT")
	})
}

func TestWrongOptionsAreErrors(t *testing.T) {
	file := filepath.Join(t.TempDir(), "empty.pem")
	if err := os.WriteFile(file, nil, 0o666); err != nil {
		t.Fatal(err)
	}
	for name, tt := range map[string]struct {
		options  otlp.Options
		variable [2]string
		says     []string
	}{
		"protocol":              {options: otlp.Options{Protocol: 9}, says: []string{"9", "use HTTP or GRPC"}},
		"compression":           {options: otlp.Options{Compression: 9}, says: []string{"9", "Gzip"}},
		"timeout":               {options: otlp.Options{Timeout: -time.Second}, says: []string{"-1s"}},
		"size":                  {options: otlp.Options{RequestBytes: -1}, says: []string{"-1"}},
		"retry":                 {options: otlp.Options{Retry: otlp.Retry{Max: -1}}, says: []string{"-1ns"}},
		"endpoint":              {options: otlp.Options{Endpoint: "collector:4318"}, says: []string{"collector:4318", "http://collector:4318"}},
		"endpoint with a user":  {options: otlp.Options{Endpoint: "https://me:secret@collector"}, says: []string{"https://collector:", "header"}},
		"endpoint with a query": {options: otlp.Options{Endpoint: "https://collector?key=a"}, says: []string{"query", "header"}},
		"query elsewhere":       {variable: [2]string{"OTEL_EXPORTER_OTLP_ENDPOINT", "https://collector?key=a"}, says: []string{"OTEL_EXPORTER_OTLP_ENDPOINT", "header"}},
		"gRPC endpoint":         {options: otlp.Options{Protocol: otlp.GRPC, Endpoint: "collector"}, says: []string{"http://collector:4317"}},
		"TLS without https":     {options: otlp.Options{Endpoint: "http://a", TLS: &tls.Config{MinVersion: tls.VersionTLS12}}, says: []string{"https"}},
		"unknown protocol":      {variable: [2]string{"OTEL_EXPORTER_OTLP_PROTOCOL", "http/json"}, says: []string{"http/json", "http/protobuf"}},
		"endpoint elsewhere":    {variable: [2]string{"OTEL_EXPORTER_OTLP_ENDPOINT", "collector:4318"}, says: []string{"OTEL_EXPORTER_OTLP_ENDPOINT", "collector:4318"}},
		"no endpoint of gRPC":   {otlp.Options{Protocol: otlp.GRPC}, [2]string{"OTEL_EXPORTER_OTLP_ENDPOINT", "127.0.0.1:4317"}, []string{"no URL"}},
		"compression elsewhere": {variable: [2]string{"OTEL_EXPORTER_OTLP_COMPRESSION", "zstd"}, says: []string{"zstd", "gzip or none"}},
		"temporality elsewhere": {
			variable: [2]string{"OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE", "deltas"}, says: []string{"deltas", "cumulative or delta"},
		},
		"timeout elsewhere":   {variable: [2]string{"OTEL_EXPORTER_OTLP_TIMEOUT", "10s"}, says: []string{"10s", "milliseconds"}},
		"resource":            {variable: [2]string{"OTEL_RESOURCE_ATTRIBUTES", "nonsense"}, says: []string{"OTEL_RESOURCE_ATTRIBUTES", "nonsense"}},
		"missing certificate": {variable: [2]string{"OTEL_EXPORTER_OTLP_CERTIFICATE", file + ".none"}, says: []string{"OTEL_EXPORTER_OTLP_CERTIFICATE"}},
		"empty certificate":   {variable: [2]string{"OTEL_EXPORTER_OTLP_METRICS_CERTIFICATE", file}, says: []string{"no certificate", file}},
	} {
		t.Run(name, func(t *testing.T) {
			if tt.variable[0] != "" {
				t.Setenv(tt.variable[0], tt.variable[1])
			}
			_, err := otlp.New(t.Context(), tt.options)
			mustSay(t, err, tt.says...)
			if end := tt.variable[0]; strings.HasSuffix(end, "CERTIFICATE") || strings.HasSuffix(end, "TIMEOUT") {
				_, err = otlp.New(t.Context(), otlp.Options{Protocol: otlp.GRPC})
				mustSay(t, err, tt.says...)
			}
		})
	}
}

// Headers and the timeout of the options go over gRPC, too, and no compression
// wins over that of the environment.
func TestOptionsOfGRPC(t *testing.T) {
	f := newReceiver(t, otlp.GRPC)
	var header metadata.MD
	var deadline time.Time
	f.answer = func(_ int, ctx context.Context, _ *collector.ExportMetricsServiceRequest) error {
		header, _ = metadata.FromIncomingContext(ctx)
		deadline, _ = ctx.Deadline()
		return nil
	}
	t.Setenv("OTEL_EXPORTER_OTLP_COMPRESSION", "gzip")
	for compression, want := range map[otlp.Compression]bool{otlp.NoCompression: false, otlp.Gzip: true} {
		f.compressed = false
		e := newExporter(t, otlp.GRPC, f, func(o *otlp.Options) {
			o.Headers = map[string]string{"x-key": "k"}
			o.Compression = compression
			o.Timeout = time.Hour
		})
		w := newWorkload(1)
		pipe := newPipeline(t, w.registry, metric.Cumulative, e)
		w.update(20)
		pipe.mustPush(t)
		if got := header.Get("x-key"); len(got) != 1 || got[0] != "k" {
			t.Errorf("header x-key is %q", got)
		}
		if f.compressed != want {
			t.Errorf("compressed: %v, want %v", f.compressed, want)
		}
		if left := time.Until(deadline); left > time.Hour || left < 30*time.Minute {
			t.Errorf("%v are left, want an hour", left)
		}
	}
}

// A path of the endpoint is used as it is; without one it is the usual one.
func TestPathOfTheEndpoint(t *testing.T) {
	for path, want := range map[string]string{"": "/v1/metrics", "/": "/v1/metrics", "/in/otlp": "/in/otlp"} {
		f := newReceiver(t, otlp.HTTP)
		var got string
		f.serve = func(_ int, _ http.ResponseWriter, r *http.Request, _ *collector.ExportMetricsServiceRequest) bool {
			got = r.URL.Path
			return false
		}
		w := newWorkload(1)
		pipe := newPipeline(t, w.registry, metric.Cumulative, newExporter(t, otlp.HTTP, &receiver{url: f.url + path}))
		w.update(20)
		pipe.mustPush(t)
		if got != want {
			t.Errorf("endpoint with the path %q: request to %q, want %q", path, got, want)
		}
	}
}
