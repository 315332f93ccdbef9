package gateway

import (
	"context"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"go.opentelemetry.io/collector/pdata/pmetric/pmetricotlp"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
)

// serving runs a gateway as the command does, until the end of the test.
func serving(t *testing.T, change ...func(*Options)) *running {
	t.Helper()
	ctx, stop := context.WithCancel(t.Context())
	ready, ended := make(chan string, 1), make(chan error, 1)
	options := Defaults(t.TempDir())
	options.ListenAddress = "127.0.0.1:0"
	options.OnReady = func(url string) { ready <- url }
	for _, c := range change {
		c(&options)
	}
	go func() { ended <- Run(ctx, options) }()
	t.Cleanup(func() {
		stop()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
	select {
	case url := <-ready:
		url = strings.TrimSuffix(url, "/")
		listener := fixedAddress{address: strings.TrimPrefix(url, "http://")}
		return &running{server: &httptest.Server{URL: url, Listener: listener}}
	case err := <-ended:
		ended <- nil
		t.Fatal(err)
		return nil
	}
}

// fixedAddress is a listener of which only the address is known.
type fixedAddress struct {
	net.Listener
	address string
}

// Addr implements net.Listener.
func (f fixedAddress) Addr() net.Addr { return f }

// Network implements net.Addr.
func (fixedAddress) Network() string { return "tcp" }

// String implements net.Addr.
func (f fixedAddress) String() string { return f.address }

func TestRun(t *testing.T) {
	g := serving(t)
	g.want(t, 200, "ready", "GET", "/-/ready", "")
	g.want(t, 200, "healthy", "GET", "/-/healthy", "")
	g.want(t, 200, "merged stream", "GET", "/", "")
	began := time.Now().Add(-time.Minute)
	if _, err := dial(t, g).Export(t.Context(), pmetricotlp.NewExportRequestFromMetrics(counterPush("a", began, began.Add(time.Second), 42))); err != nil {
		t.Error(err)
	}
	// A page that the operator looks at cannot push through the browser.
	g.want(t, 403, "", "POST", "/metrics/job/a", "a 1\n", "Origin", "https://evil.example.org", "Content-Type", "text/plain")
	g.want(t, 413, "--gateway.max-push-size", "POST", "/metrics/job/a", strings.Repeat("a 1\n", 5<<20))
	g.wantExposed(t, map[string]string{`calls_total{job="shop"}`: "42"})
}

func TestPushersNeedTheToken(t *testing.T) {
	file := filepath.Join(t.TempDir(), "tokens")
	if err := os.WriteFile(file, []byte("0123456789abcdef0123456789abcdef\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	g := serving(t, func(o *Options) { o.Web.TokenFile = file })
	const token = "Bearer 0123456789abcdef0123456789abcdef"
	g.want(t, http.StatusUnauthorized, "", "POST", "/metrics/job/a", "a_total 1\n")
	g.want(t, http.StatusOK, "", "POST", "/metrics/job/a", "a_total 1\n", "Authorization", token)
	client := dial(t, g)
	if _, err := client.Export(t.Context(), pmetricotlp.NewExportRequest()); status.Code(err) != codes.Unauthenticated {
		t.Errorf("gRPC without the token: %v", err)
	}
	if _, err := client.Export(metadata.AppendToOutgoingContext(t.Context(), "authorization", token), pmetricotlp.NewExportRequest()); err != nil {
		t.Errorf("gRPC with the token: %v", err)
	}
	g.wantExposed(t, map[string]string{`a_total{job="a"}`: "1"})
}

func TestBeyondLoopbackNeedsCredentials(t *testing.T) {
	options := Defaults(t.TempDir())
	options.ListenAddress = "0.0.0.0:0"
	if err := Run(t.Context(), options); err == nil || !strings.Contains(err.Error(), "--web.push-token-file") {
		t.Errorf("error %v", err)
	}
}

// Until the state is restored, only liveness is answered.
func TestGate(t *testing.T) {
	g := &running{server: httptest.NewServer(&gate{})}
	defer g.server.Close()
	g.want(t, 200, "healthy", "GET", "/-/healthy", "")
	if header := g.want(t, 503, "being restored", "GET", "/-/ready", ""); header.Get("Retry-After") == "" {
		t.Error("no Retry-After")
	}
}
