package otlp_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"io"
	"log"
	"net"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	collector "go.opentelemetry.io/proto/otlp/collector/metrics/v1"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"

	"github.com/metertree/metertree/export"
	"github.com/metertree/metertree/integrations/otlp"
	"github.com/metertree/metertree/internal/realserver"
	"github.com/metertree/metertree/metric"
)

// secure starts a receiver that speaks TLS, and returns its certificate too.
func secure(t *testing.T, p otlp.Protocol) (*receiver, *x509.Certificate) {
	t.Helper()
	f := &receiver{}
	server := httptest.NewUnstartedServer(f)
	server.EnableHTTP2 = true
	server.Config.ErrorLog = log.New(io.Discard, "", 0) // of handshakes that are to fail
	server.StartTLS()
	t.Cleanup(server.Close)
	f.url = server.URL
	if p == otlp.HTTP {
		return f, server.Certificate()
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := grpc.NewServer(grpc.Creds(credentials.NewTLS(&tls.Config{Certificates: server.TLS.Certificates})))
	collector.RegisterMetricsServiceServer(s, f)
	served := make(chan error, 1)
	go func() { served <- s.Serve(listener) }()
	t.Cleanup(func() {
		s.Stop()
		if err := <-served; err != nil {
			t.Errorf("serving: %v", err)
		}
	})
	f.url = "https://" + listener.Addr().String()
	return f, server.Certificate()
}

func pool(c *x509.Certificate) *x509.CertPool {
	p := x509.NewCertPool()
	p.AddCert(c)
	return p
}

// once is a policy that repeats nothing to speak of.
func once(o *otlp.Options) { o.Retry.Elapsed = 1 }

// What is wrong with a connection is told with the endpoint and a remedy, and
// the batch comes again.
func TestConnectionsThatCannotWork(t *testing.T) {
	other := map[otlp.Protocol]otlp.Protocol{otlp.HTTP: otlp.GRPC, otlp.GRPC: otlp.HTTP}
	eachProtocol(t, func(t *testing.T, p otlp.Protocol) {
		for name, tt := range map[string]struct {
			endpoint func(t *testing.T) string
			says     string
		}{
			"TLS where there is none": {func(t *testing.T) string {
				return strings.Replace(newReceiver(t, p).url, "http://", "https://", 1)
			}, "speaks no TLS"},
			"no TLS where there is": {func(t *testing.T) string {
				f, _ := secure(t, p)
				return strings.Replace(f.url, "https://", "http://", 1)
			}, "https://"},
			"unknown authority": {func(t *testing.T) string {
				f, _ := secure(t, p)
				return f.url
			}, "give the authority of its certificate"},
			"other protocol": {func(t *testing.T) string { return newReceiver(t, other[p]).url }, "choose the protocol"},
			"nobody listens": {func(t *testing.T) string { return "http://" + realserver.FreeAddress(t) }, "start the receiver there"},
			"no such host":   {func(*testing.T) string { return "http://no-such-host.invalid:4317" }, "correct the host name"},
		} {
			t.Run(name, func(t *testing.T) {
				endpoint := tt.endpoint(t)
				w := newWorkload(1)
				pipe := newPipeline(t, w.registry, metric.Delta, newExporter(t, p, &receiver{url: endpoint}, once))
				w.update(20)
				err := pipe.push(t.Context())
				mustSay(t, err, endpoint, tt.says)
				if errors.Is(err, export.ErrRejected) {
					t.Errorf("rejected: %v", err)
				}
			})
		}
	})
}

func TestTLS(t *testing.T) {
	eachProtocol(t, func(t *testing.T, p otlp.Protocol) {
		f, certificate := secure(t, p)
		file := writePEM(t, "CERTIFICATE", certificate.Raw)
		for name, change := range map[string]func(*otlp.Options){
			"options":     func(o *otlp.Options) { o.TLS = &tls.Config{RootCAs: pool(certificate), MinVersion: tls.VersionTLS12} },
			"environment": func(*otlp.Options) { t.Setenv("OTEL_EXPORTER_OTLP_CERTIFICATE", file) },
		} {
			t.Run(name, func(t *testing.T) {
				w := newWorkload(1)
				pipe := newPipeline(t, w.registry, metric.Cumulative, newExporter(t, p, f, change))
				w.update(20)
				pipe.mustPush(t)
				w.mustBeIn(t, f.taken(), metric.Cumulative)
			})
		}
	})
}

// The certificate of the environment is shown to a receiver that wants one.
func TestClientCertificate(t *testing.T) {
	f := &receiver{}
	server := httptest.NewUnstartedServer(f)
	server.TLS = &tls.Config{ClientAuth: tls.RequireAnyClientCert, MinVersion: tls.VersionTLS12}
	server.Config.ErrorLog = log.New(io.Discard, "", 0)
	server.StartTLS()
	defer server.Close()
	f.url = server.URL
	push := func() error {
		w := newWorkload(1)
		pipe := newPipeline(t, w.registry, metric.Cumulative, newExporter(t, otlp.HTTP, f, once))
		w.update(20)
		return pipe.push(t.Context())
	}
	t.Setenv("OTEL_EXPORTER_OTLP_CERTIFICATE", writePEM(t, "CERTIFICATE", server.Certificate().Raw))
	// What is seen of the refusal, an alert or a broken connection, is up to timing.
	mustSay(t, push(), f.url)

	key, err := x509.MarshalPKCS8PrivateKey(server.TLS.Certificates[0].PrivateKey)
	if err != nil {
		t.Fatal(err)
	}
	t.Setenv("OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE", writePEM(t, "CERTIFICATE", server.Certificate().Raw))
	t.Setenv("OTEL_EXPORTER_OTLP_CLIENT_KEY", writePEM(t, "PRIVATE KEY", key))
	if err := push(); err != nil {
		t.Error(err)
	}
	t.Setenv("OTEL_EXPORTER_OTLP_CLIENT_KEY", writePEM(t, "PRIVATE KEY", nil))
	_, err = otlp.New(t.Context(), otlp.Options{Protocol: otlp.HTTP, Endpoint: f.url})
	mustSay(t, err, "OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE", "PEM files")
}

func writePEM(t *testing.T, kind string, der []byte) (file string) {
	t.Helper()
	file = filepath.Join(t.TempDir(), "file.pem")
	if err := os.WriteFile(file, pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}), 0o666); err != nil {
		t.Fatal(err)
	}
	return file
}

func TestExportAfterShutdown(t *testing.T) {
	e := newExporter(t, otlp.HTTP, newReceiver(t, otlp.HTTP))
	if err := e.Shutdown(context.Background()); err != nil {
		t.Fatal(err)
	}
	w := newWorkload(1)
	mustSay(t, newPipeline(t, w.registry, metric.Delta, e).push(t.Context()), "make a new one")
}
