package gateway

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/golang/snappy"
	"go.opentelemetry.io/collector/pdata/pmetric/pmetricotlp"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/status"

	"github.com/metertree/metertree/server/internal/apitest"
)

const (
	protobuf = "application/x-protobuf"
	asJSON   = "application/json"
)

func zipped(t *testing.T, body []byte) []byte {
	t.Helper()
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	if _, err := w.Write(body); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestOTLPOverHTTP(t *testing.T) {
	g := start(t, t.TempDir())
	began := time.Now().Add(-time.Minute)
	body := inProto(t, counterPush("a", began, began.Add(time.Second), 5, "op", "put"))
	for range 2 { // the second is a repetition
		if header := g.want(t, 200, "", "POST", "/v1/metrics", string(body), "Content-Type", protobuf); header.Get("Content-Type") != protobuf {
			t.Errorf("answer of type %q", header.Get("Content-Type"))
		}
	}
	g.want(t, 200, "", "POST", "/v1/metrics", string(zipped(t, inProto(t, counterPush("b", began, began.Add(time.Second), 7, "op", "put")))),
		"Content-Type", protobuf, "Content-Encoding", "gzip")
	inJSON, err := pmetricotlp.NewExportRequestFromMetrics(counterPush("c", began, began.Add(time.Second), 30, "op", "put")).MarshalJSON()
	if err != nil {
		t.Fatal(err)
	}
	g.want(t, 200, "{}", "POST", "/v1/metrics", string(inJSON), "Content-Type", asJSON+"; charset=utf-8")
	g.wantExposed(t, map[string]string{`calls_total{job="shop",op="put"}`: "42"})
	if got := g.self(t, `metertree_gateway_points_total{outcome="repeated",protocol="otlp"}`); got != "1" {
		t.Errorf("%s points repeated, want 1", got)
	}
}

func dial(t *testing.T, g *running) pmetricotlp.GRPCClient {
	t.Helper()
	connection, err := grpc.NewClient(g.server.Listener.Addr().String(), grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = connection.Close() })
	return pmetricotlp.NewGRPCClient(connection)
}

func TestOTLPOverGRPC(t *testing.T) {
	g := start(t, t.TempDir(), func(o *Options) { o.MaxPushBytes = 100_000 })
	client := dial(t, g)
	began := time.Now().Add(-time.Minute)
	for i, options := range [][]grpc.CallOption{nil, {grpc.UseCompressor("gzip")}} {
		request := pmetricotlp.NewExportRequestFromMetrics(counterPush(fmt.Sprint(i), began, began.Add(time.Second), 21))
		if _, err := client.Export(t.Context(), request, options...); err != nil {
			t.Fatal(err)
		}
	}
	g.wantExposed(t, map[string]string{`calls_total{job="shop"}`: "42"})
	// One point too new, one fine: a partial success.
	md := counterPush("a", began, time.Now().Add(time.Hour), 1)
	counterPush("b", began, began.Add(time.Second), 8).ResourceMetrics().At(0).CopyTo(md.ResourceMetrics().AppendEmpty())
	answer, err := client.Export(t.Context(), pmetricotlp.NewExportRequestFromMetrics(md))
	if err != nil || answer.PartialSuccess().RejectedDataPoints() != 1 || !strings.Contains(answer.PartialSuccess().ErrorMessage(), "--gateway.max-ahead") {
		t.Errorf("%v, %d rejected: %s", err, answer.PartialSuccess().RejectedDataPoints(), answer.PartialSuccess().ErrorMessage())
	}
	// Small when compressed, large in truth.
	bomb := pmetricotlp.NewExportRequestFromMetrics(counterPush("c", began, began.Add(time.Second), 1, "op", strings.Repeat("x", 200_000)))
	if _, err := client.Export(t.Context(), bomb, grpc.UseCompressor("gzip")); status.Code(err) != codes.ResourceExhausted {
		t.Errorf("bomb: %v", err)
	}
	g.wantExposed(t, map[string]string{`calls_total{job="shop"}`: "50"})
}

func TestRemoteWrite(t *testing.T) {
	g := start(t, t.TempDir())
	now := time.Now().UnixMilli()
	series := func(instance string, value float64) []apitest.Pushed {
		return []apitest.Pushed{{
			Labels:  []string{"__name__", "calls_total", "instance", instance, "op", "put"},
			Samples: []apitest.PushedSample{{Millis: now - 2000, Value: value / 2}, {Millis: now - 1000, Value: value}},
		}}
	}
	headers := []string{"Content-Encoding", "snappy", "Content-Type"}
	for range 2 {
		g.want(t, 204, "", "POST", "/api/v1/write", string(apitest.RemoteWriteV1(series("a", 10))), append(headers, apitest.TypeV1)...)
	}
	header := g.want(t, 204, "", "POST", "/api/v1/write", string(apitest.RemoteWriteV2(series("b", 32), "Calls.")), append(headers, apitest.TypeV2)...)
	if n := header.Get(writtenSamples); n != "2" {
		t.Errorf("%s samples written, want 2", n)
	}
	g.wantExposed(t, map[string]string{`calls_total{op="put"}`: "42"})
	conflicting := series("a", 10)
	conflicting[0].Samples = []apitest.PushedSample{{Millis: now - 1000, Value: 11}, {Millis: now, Value: 12}}
	g.want(t, 400, "1 of 2 points taken; 1 refused (conflict)", "POST", "/api/v1/write", string(apitest.RemoteWriteV1(conflicting)), append(headers, apitest.TypeV1)...)
	g.wantExposed(t, map[string]string{`calls_total{op="put"}`: "44"})
}

func TestTextPush(t *testing.T) {
	g := start(t, t.TempDir())
	text := "# TYPE rows_total counter\nrows_total{table=\"t\"} 40\n# TYPE depth gauge\ndepth 3\n"
	g.want(t, 200, "", "POST", "/metrics/job/import/instance/a", text)
	g.want(t, 200, "", "PUT", "/metrics/job/import/instance/b", "# TYPE rows_total counter\nrows_total{table=\"t\"} 2\n# TYPE depth gauge\ndepth 9\n", "Content-Type", "text/plain; version=0.0.4")
	g.wantExposed(t, map[string]string{`rows_total{job="import",table="t"}`: "42", `depth{job="import"}`: "9"})
	// PUT without the gauge ends it; the counter goes on.
	g.want(t, 200, "", "PUT", "/metrics/job/import/instance/b", "# TYPE rows_total counter\nrows_total{table=\"t\"} 5\n")
	g.wantExposed(t, map[string]string{`rows_total{job="import",table="t"}`: "45", `depth{job="import"}`: "3"})
	g.want(t, 202, "", "DELETE", "/metrics/job/import/instance/a", "")
	g.wantExposed(t, map[string]string{`rows_total{job="import",table="t"}`: "45"})
	// A new start is a new process, even where the value did not fall.
	g.want(t, 200, "", "POST", "/metrics/job/nightly?start=1700000000", "runs_total 1\n")
	g.want(t, 200, "", "POST", "/metrics/job/nightly?start=1700086400", "runs_total 1\n")
	g.wantExposed(t, map[string]string{`rows_total{job="import",table="t"}`: "45", `runs_total{job="nightly"}`: "2"})
}

func TestBadPushes(t *testing.T) {
	g := start(t, t.TempDir(), func(o *Options) { o.MaxPushBytes = 10_000 })
	large := strings.Repeat("x", 20_000)
	lying := snappy.Encode(nil, []byte("abc"))
	lying[0] = 0x7f
	huge := append([]byte{0xff, 0xff, 0xff, 0xff, 0x0f}, "abc"...)
	write := []string{"Content-Type", protobuf, "Content-Encoding", "snappy"}
	for _, tt := range []struct {
		status            int
		words, path, body string
		headers           []string
	}{
		{413, "--gateway.max-push-size", "/v1/metrics", large, []string{"Content-Type", protobuf}},
		{413, "--gateway.max-push-size", "/v1/metrics", string(zipped(t, []byte(large))), []string{"Content-Type", protobuf, "Content-Encoding", "gzip"}},
		{413, "--gateway.max-push-size", "/api/v1/write", string(huge), write},
		{400, "not snappy", "/api/v1/write", string(lying), write},
		{400, "not gzip", "/v1/metrics", "plain", []string{"Content-Type", protobuf, "Content-Encoding", "gzip"}},
		{400, "not OTLP in protobuf", "/v1/metrics", "\x0a\x7f", []string{"Content-Type", protobuf}},
		{400, "not OTLP in JSON", "/v1/metrics", "{", []string{"Content-Type", asJSON}},
		{415, "application/x-protobuf or application/json", "/v1/metrics", "", []string{"Content-Type", "text/xml"}},
		{415, "gzip, snappy or none", "/v1/metrics", "", []string{"Content-Type", protobuf, "Content-Encoding", "br"}},
		{415, "io.prometheus.write.v2.Request", "/api/v1/write", "", []string{"Content-Type", protobuf + ";proto=other", "Content-Encoding", "snappy"}},
		{415, "remote write uses snappy", "/api/v1/write", "", []string{"Content-Type", protobuf}},
		{400, "push to /metrics/job/NAME", "/metrics/instance/a", "a 1\n", nil},
		{400, "not the Prometheus text format", "/metrics/job/a", "what is this\n", nil},
		{400, "label name", "/metrics/job/a/b-c/d", "a 1\n", nil},
		{415, "text/plain", "/metrics/job/a", "a 1\n", []string{"Content-Type", "application/json"}},
		{405, "", "/v1/metrics", "", []string{"method", "GET"}},
	} {
		method := http.MethodPost
		if tt.status == 405 {
			method = http.MethodGet
		}
		g.want(t, tt.status, tt.words, method, tt.path, tt.body, tt.headers...)
	}
	if got := g.self(t, `metertree_gateway_refused_pushes_total{reason="too_large"}`); got != "3" {
		t.Errorf("%s pushes too large, want 3", got)
	}
	g.want(t, 200, "", "POST", "/metrics/job/a", "still_alive 1\n")
}

// An error over OTLP has the form that the protocol demands.
func TestOTLPErrorsAreStatuses(t *testing.T) {
	g := start(t, t.TempDir())
	code, answer, header := g.send(t, "POST", "/v1/metrics", []byte("{"), "Content-Type", asJSON)
	var said struct {
		Code    int
		Message string
	}
	if err := json.Unmarshal([]byte(answer), &said); err != nil || code != 400 || said.Code != int(codes.InvalidArgument) || header.Get("Content-Type") != asJSON {
		t.Errorf("%d %s: %v", code, answer, err)
	}
}

func TestLimitsAskToComeAgain(t *testing.T) {
	g := start(t, t.TempDir(), func(o *Options) { o.Settings.Streams = 1 })
	began := time.Now().Add(-time.Minute)
	g.mustPush(t, counterPush("a", began, began.Add(time.Second), 5))
	body := inProto(t, counterPush("b", began, began.Add(time.Second), 5))
	if header := g.want(t, 429, "--gateway.max-streams", "POST", "/v1/metrics", string(body), "Content-Type", protobuf); header.Get("Retry-After") == "" {
		t.Error("no Retry-After")
	}
	if header := g.want(t, 429, "--gateway.max-streams", "POST", "/metrics/job/x", "a 1\n"); header.Get("Retry-After") == "" {
		t.Error("no Retry-After")
	}
	if _, err := dial(t, g).Export(t.Context(), pmetricotlp.NewExportRequestFromMetrics(counterPush("b", began, began.Add(time.Second), 5))); status.Code(err) != codes.ResourceExhausted || len(status.Convert(err).Details()) != 1 {
		t.Errorf("%v, details %v", err, status.Convert(err).Details())
	}
	g.wantExposed(t, map[string]string{`calls_total{job="shop"}`: "5"})
}

func TestBusy(t *testing.T) {
	g := start(t, t.TempDir(), func(o *Options) { o.MaxConcurrency = 1 })
	h := newHandler(g.Gateway)
	other := &running{Gateway: g.Gateway, server: serverOf(t, h)}
	h.slots <- struct{}{} // a push that takes its time
	if header := other.want(t, http.StatusTooManyRequests, "try again", "POST", "/metrics/job/x", "a 1\n"); header.Get("Retry-After") != "1" {
		t.Errorf("Retry-After %q", header.Get("Retry-After"))
	}
	_, err := dial(t, other).Export(t.Context(), pmetricotlp.NewExportRequest())
	if status.Code(err) != codes.ResourceExhausted || len(status.Convert(err).Details()) != 1 {
		t.Errorf("gRPC: %v, details %v", err, status.Convert(err).Details())
	}
	<-h.slots
	other.want(t, http.StatusOK, "", "POST", "/metrics/job/x", "a 1\n")
	if got := other.self(t, `metertree_gateway_refused_pushes_total{reason="busy"}`); got != "2" {
		t.Errorf("%s refused, want 2", got)
	}
}

// serverOf serves HTTP/1 and HTTP/2 on a free port.
func serverOf(t *testing.T, h http.Handler) *httptest.Server {
	t.Helper()
	server := httptest.NewUnstartedServer(h)
	protocols := &http.Protocols{}
	protocols.SetHTTP1(true)
	protocols.SetUnencryptedHTTP2(true)
	server.Config.Protocols = protocols
	server.Start()
	t.Cleanup(server.Close)
	return server
}

// Bodies that do not arrive take none of the places, by HTTP or gRPC.
func TestSlowBodiesTakeNoPlace(t *testing.T) {
	g := start(t, t.TempDir(), func(o *Options) { o.MaxConcurrency = 1 })
	for range 10 {
		conn, err := net.Dial("tcp", g.server.Listener.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = conn.Close() })
		if _, err := io.WriteString(conn, "POST /metrics/job/a HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000\r\nExpect: 100-continue\r\n\r\n"); err != nil {
			t.Fatal(err)
		}
		// That it may go on is what the server says when the body is read.
		if line, err := bufio.NewReader(conn).ReadString('\n'); err != nil || !strings.Contains(line, "100") {
			t.Fatalf("answered %q, %v", line, err)
		}
	}
	g.want(t, http.StatusOK, "", "POST", "/metrics/job/b", "b_total 1\n")
	began := time.Now().Add(-time.Minute)
	if _, err := dial(t, g).Export(t.Context(), pmetricotlp.NewExportRequestFromMetrics(counterPush("a", began, began.Add(time.Second), 42))); err != nil {
		t.Error(err)
	}
}

// A small push that would take much memory when it is decoded is not.
func TestHeavyPushes(t *testing.T) {
	g := start(t, t.TempDir(), func(o *Options) { o.MaxPushBytes = 100_000 })
	empties := strings.Repeat("\x0a\x00", 45_000)
	const proto = "application/x-protobuf"
	g.want(t, http.StatusRequestEntityTooLarge, "too much memory", "POST", "/v1/metrics", empties, "Content-Type", proto)
	g.want(t, http.StatusRequestEntityTooLarge, "too much memory", "POST", "/v1/metrics", `{"resourceMetrics":[`+strings.Repeat("{},", 30_000)+"{}]}", "Content-Type", "application/json")
	g.want(t, http.StatusBadRequest, "too deeply", "POST", "/v1/metrics", strings.Repeat(`{"a":[`, 1000), "Content-Type", "application/json")
	g.want(t, http.StatusRequestEntityTooLarge, "too much memory", "POST", "/api/v1/write", string(snappy.Encode(nil, []byte(empties))), "Content-Type", proto, "Content-Encoding", "snappy")
}
