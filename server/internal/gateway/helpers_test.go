package gateway

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/pmetric"
	"go.opentelemetry.io/collector/pdata/pmetric/pmetricotlp"

	"github.com/metertree/metertree/server/internal/gateway/push"
)

func stampOf(t time.Time) pcommon.Timestamp { return pcommon.NewTimestampFromTime(t) }

// running is a gateway behind a real listener, for HTTP/1 and HTTP/2.
type running struct {
	*Gateway
	server *httptest.Server
}

// start opens a gateway on a directory; options may be changed before.
func start(t *testing.T, path string, change ...func(*Options)) *running {
	t.Helper()
	return startAt(t, "127.0.0.1:0", path, change...)
}

// startAt has it listen on an address.
func startAt(t *testing.T, address, path string, change ...func(*Options)) *running {
	t.Helper()
	options := Defaults(path)
	for _, c := range change {
		c(&options)
	}
	g, err := Open(options)
	if err != nil {
		t.Fatal(err)
	}
	listener, err := net.Listen("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	r := &running{Gateway: g, server: httptest.NewUnstartedServer(newHandler(g))}
	if err := r.server.Listener.Close(); err != nil {
		t.Fatal(err)
	}
	r.server.Listener = listener
	protocols := &http.Protocols{}
	protocols.SetHTTP1(true)
	protocols.SetUnencryptedHTTP2(true)
	r.server.Config.Protocols = protocols
	r.server.Start()
	t.Cleanup(func() { r.stop(t) })
	return r
}

// stop ends it in order; doing it again does nothing.
func (r *running) stop(t *testing.T) {
	t.Helper()
	if r.server == nil {
		return
	}
	r.server.Close()
	r.server = nil
	if err := r.Close(); err != nil {
		t.Error(err)
	}
}

// crash ends it as a kill would: nothing is saved that was not before.
func (r *running) crash(t *testing.T) {
	t.Helper()
	r.server.Close()
	r.server = nil
	r.dir.Fail(errors.New("killed"))
	if err := r.Close(); err == nil {
		t.Error("a snapshot was written by a gateway that was killed")
	}
}

// send makes a request, whose headers are names and values in turn.
func (r *running) send(t *testing.T, method, path string, body []byte, headers ...string) (status int, answer string, header http.Header) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), method, r.server.URL+path, bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i < len(headers); i += 2 {
		request.Header.Set(headers[i], headers[i+1])
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	said, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return response.StatusCode, string(said), response.Header
}

// want sends and checks the status and that the answer has the words.
func (r *running) want(t *testing.T, status int, words, method, path, body string, headers ...string) http.Header {
	t.Helper()
	got, answer, header := r.send(t, method, path, []byte(body), headers...)
	if got != status || !strings.Contains(answer, words) {
		t.Errorf("%s %s: status %d, answer %q, want %d with %q", method, path, got, answer, status, words)
	}
	return header
}

// exposed is the merged stream without the gateway's own metrics and comments.
func (r *running) exposed(t *testing.T) map[string]string {
	t.Helper()
	status, text, _ := r.send(t, http.MethodGet, "/metrics", nil)
	if status != http.StatusOK {
		t.Fatalf("scrape: %d %s", status, text)
	}
	samples := map[string]string{}
	for line := range strings.Lines(text) {
		line = strings.TrimSuffix(line, "\n")
		if at := strings.LastIndexByte(line, ' '); at > 0 && line[0] != '#' && !strings.HasPrefix(line, "metertree_gateway_") {
			samples[line[:at]] = line[at+1:]
		}
	}
	return samples
}

// self is one of the gateway's own metrics.
func (r *running) self(t *testing.T, sample string) string {
	t.Helper()
	_, text, _ := r.send(t, http.MethodGet, "/-/metrics", nil)
	for line := range strings.Lines(text) {
		if value, found := strings.CutPrefix(line, sample+" "); found {
			return strings.TrimSpace(value)
		}
	}
	return "missing"
}

func (r *running) wantExposed(t *testing.T, want map[string]string) {
	t.Helper()
	got := r.exposed(t)
	for sample, value := range want {
		if got[sample] != value {
			t.Errorf("%s is %q, want %q", sample, got[sample], value)
		}
	}
	if len(got) != len(want) {
		t.Errorf("%d samples exposed, want %d: %v", len(got), len(want), got)
	}
}

// counterPush is a push of one process with one counter.
func counterPush(instance string, start, at time.Time, value int64, attributes ...string) pmetric.Metrics {
	md := pmetric.NewMetrics()
	resource := md.ResourceMetrics().AppendEmpty()
	resource.Resource().Attributes().PutStr("service.name", "shop")
	resource.Resource().Attributes().PutStr("service.instance.id", instance)
	m := resource.ScopeMetrics().AppendEmpty().Metrics().AppendEmpty()
	m.SetName("calls")
	m.SetEmptySum().SetIsMonotonic(true)
	m.Sum().SetAggregationTemporality(pmetric.AggregationTemporalityCumulative)
	p := m.Sum().DataPoints().AppendEmpty()
	p.SetStartTimestamp(stampOf(start))
	p.SetTimestamp(stampOf(at))
	p.SetIntValue(value)
	for i := 0; i < len(attributes); i += 2 {
		p.Attributes().PutStr(attributes[i], attributes[i+1])
	}
	return md
}

func inProto(t *testing.T, md pmetric.Metrics) []byte {
	t.Helper()
	body, err := pmetricotlp.NewExportRequestFromMetrics(md).MarshalProto()
	if err != nil {
		t.Fatal(err)
	}
	return body
}

// mustPush pushes OTLP and fails the test unless every point is taken.
func (r *running) mustPush(t *testing.T, md pmetric.Metrics) {
	t.Helper()
	o, err := r.Push(push.Request{Protocol: push.OTLP, Body: inProto(t, md)})
	if err != nil || o.Refused.Total() > 0 {
		t.Fatalf("push: %v, refused %v", err, &o.Refused)
	}
}

// eventually waits until a condition holds.
func eventually(t *testing.T, condition func() error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for {
		err := condition()
		if err == nil {
			return
		}
		select {
		case <-ctx.Done():
			t.Fatal(err)
		case <-tick.C:
		}
	}
}
