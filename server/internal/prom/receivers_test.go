package prom

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/metertree/metertree/server/internal/apitest"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/pmetric"
	"go.opentelemetry.io/collector/pdata/pmetric/pmetricotlp"
)

func pushed(now time.Time, name string, value float64) []apitest.Pushed {
	return []apitest.Pushed{{
		Labels:  []string{"__name__", name, "from", "a test"},
		Samples: []apitest.PushedSample{{Millis: now.Add(-time.Second).UnixMilli(), Value: value - 1}, {Millis: now.UnixMilli(), Value: value}},
	}}
}

func TestRemoteWrite(t *testing.T) {
	_, client := startNode(t, testOptions(t), emptyConfig())
	now := time.Now().Truncate(time.Millisecond)
	client.MustWrite(t, apitest.RemoteWriteV1(pushed(now, "v1_total", 3),
		apitest.PushedMetadata{Family: "v1_total", Type: 1, Help: "First.", Unit: "things"}), apitest.TypeV1)
	client.MustWrite(t, apitest.RemoteWriteV2(pushed(now, "v2_total", 5), "Second."), apitest.TypeV2)

	for name, want := range map[string]string{"v1_total": "3", "v2_total": "5"} {
		got := client.Query(t, name, now)
		if len(got) != 1 || got[0].Samples[0].Value != want || got[0].Labels["from"] != "a test" {
			t.Errorf("%s: got %v, want %s", name, got, want)
		}
		if got := client.Query(t, "increase("+name+"[5s]) > 0", now.Add(time.Millisecond)); len(got) != 1 {
			t.Errorf("increase of %s: got %v, want one series", name, got)
		}
	}
	for family, want := range map[string]apitest.Metadata{
		"v1_total": {Type: "counter", Help: "First.", Unit: "things"},
		"v2_total": {Type: "counter", Help: "Second."},
	} {
		if got := client.Metadata(t, family); len(got) != 1 || got[0] != want {
			t.Errorf("metadata of %s: %+v, want %+v", family, got, want)
		}
	}
	if len(client.Targets(t)) != 0 {
		t.Error("pushed metadata shows up as a target")
	}
}

func TestRemoteWriteRefuses(t *testing.T) {
	_, client := startNode(t, testOptions(t), emptyConfig())
	announcedHuge := binary.AppendUvarint(nil, 1<<31)
	old := []apitest.Pushed{{Labels: []string{"__name__", "old"}, Samples: []apitest.PushedSample{{Millis: 1, Value: 1}}}}
	tests := []struct {
		name, kind string
		body       []byte
		status     int
		answer     string
	}{
		{"a snappy bomb", apitest.TypeV1, announcedHuge, http.StatusRequestEntityTooLarge, "--web.max-write-size"},
		{"a huge body", apitest.TypeV1, make([]byte, 2<<20), http.StatusRequestEntityTooLarge, "--web.max-write-size"},
		{"not snappy", apitest.TypeV1, []byte("\xff\xff\xff\xff\xff\xff"), http.StatusBadRequest, "corrupt"},
		{"not protobuf", apitest.TypeV1, []byte("\x03\x08abc"), http.StatusBadRequest, ""},
		{"1970", apitest.TypeV1, apitest.RemoteWriteV1(old), http.StatusBadRequest, "older than the storage retention"},
		{"1970, version 2", apitest.TypeV2, apitest.RemoteWriteV2(old, ""), http.StatusBadRequest, "older than the storage retention"},
		{"another type", "text/plain", apitest.RemoteWriteV1(nil), http.StatusUnsupportedMediaType, "content-type"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			status, answer, err := client.Write(test.body, test.kind)
			if err != nil || status != test.status || !strings.Contains(answer, test.answer) {
				t.Errorf("status %d, answer %q, error %v; want %d and %q", status, answer, err, test.status, test.answer)
			}
		})
	}
	var names []string
	client.Get(t, "label/__name__/values", nil, &names)
	if len(names) != 0 {
		t.Errorf("refused requests left %v", names)
	}
}

func otlpRequest(now time.Time) pmetricotlp.ExportRequest {
	metrics := pmetric.NewMetrics()
	resource := metrics.ResourceMetrics().AppendEmpty()
	resource.Resource().Attributes().PutStr("service.name", "shop")
	metric := resource.ScopeMetrics().AppendEmpty().Metrics().AppendEmpty()
	metric.SetName("orders")
	metric.SetDescription("Orders taken.")
	sum := metric.SetEmptySum()
	sum.SetIsMonotonic(true)
	sum.SetAggregationTemporality(pmetric.AggregationTemporalityCumulative)
	point := sum.DataPoints().AppendEmpty()
	point.SetTimestamp(pcommon.NewTimestampFromTime(now))
	point.SetIntValue(42)
	point.Attributes().PutStr("status", "paid")
	return pmetricotlp.NewExportRequestFromMetrics(metrics)
}

func gzipped(body []byte) []byte {
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	// A bytes.Buffer does not fail.
	_, _ = w.Write(body)
	_ = w.Close()
	return b.Bytes()
}

func TestOTLP(t *testing.T) {
	now := time.Now().Truncate(time.Millisecond)
	asProto, err := otlpRequest(now).MarshalProto()
	if err != nil {
		t.Fatal(err)
	}
	asJSON, err := otlpRequest(now).MarshalJSON()
	if err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		name    string
		body    []byte
		headers map[string]string
	}{
		{"protobuf", asProto, map[string]string{"Content-Type": "application/x-protobuf"}},
		{"protobuf, gzip", gzipped(asProto), map[string]string{"Content-Type": "application/x-protobuf", "Content-Encoding": "gzip"}},
		{"JSON", asJSON, map[string]string{"Content-Type": "application/json"}},
		{"JSON with a charset", asJSON, map[string]string{"Content-Type": "application/json; charset=utf-8"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			_, client := startNode(t, testOptions(t), emptyConfig())
			status, answer, err := client.Send("otlp/v1/metrics", test.body, test.headers)
			if err != nil || status != http.StatusOK {
				t.Fatalf("status %d, answer %q, error %v", status, answer, err)
			}
			got := client.Query(t, `orders_total{job="shop",status="paid"}`, now)
			if len(got) != 1 || got[0].Samples[0].Value != "42" {
				t.Errorf("got %v, want 42", got)
			}
			want := apitest.Metadata{Type: "counter", Help: "Orders taken."}
			if got := client.Metadata(t, "orders_total"); len(got) != 1 || got[0] != want {
				t.Errorf("metadata %+v, want %+v", got, want)
			}
		})
	}
}

// A small request that unpacks to 256 MiB is refused without unpacking it.
func TestOTLPGzipBomb(t *testing.T) {
	_, client := startNode(t, testOptions(t), emptyConfig())
	reader, writer := io.Pipe()
	go func() {
		bomb := gzip.NewWriter(writer)
		zeros := make([]byte, 1<<20)
		for range 1 << 8 {
			if _, err := bomb.Write(zeros); err != nil {
				break
			}
		}
		writer.CloseWithError(bomb.Close())
	}()
	body, err := io.ReadAll(reader)
	if err != nil {
		t.Fatal(err)
	}
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	// The limit of a test node is 1 MiB; the packed bomb is below it.
	body = body[:min(len(body), 1<<20-1)]
	status, answer, err := client.Send("otlp/v1/metrics", body, map[string]string{
		"Content-Type": "application/x-protobuf", "Content-Encoding": "gzip",
	})
	runtime.ReadMemStats(&after)
	if err != nil || status != http.StatusRequestEntityTooLarge {
		t.Fatalf("status %d, answer %q, error %v", status, answer, err)
	}
	if allocated := after.TotalAlloc - before.TotalAlloc; allocated > 64<<20 {
		t.Errorf("%d MiB were allocated for a body limit of 1 MiB", allocated>>20)
	}
}

// guardedBy are receivers with a limit of 1 MiB, and a way to ask what next serves
// behind them.
func guardedBy(t *testing.T, places int, next http.HandlerFunc) (*receivers, apitest.Client) {
	t.Helper()
	registry := prometheus.NewRegistry()
	node, _ := startNode(t, testOptions(t), emptyConfig())
	r := newReceivers(ReceiverOptions{MaxRequestBytes: 1 << 20, MaxConcurrency: places}, newPushedMetadata(registry), node.refusals, registry)
	mux := http.NewServeMux()
	mux.Handle("/api/v1/write", r.guard(r.unpackRemoteWrite, next))
	mux.Handle("/api/v1/otlp/v1/metrics", r.guard(unpackOTLP, next))
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	return r, apitest.Client{URL: server.URL}
}

// One request more than may be in work at once is told to come again.
func TestWriteConcurrency(t *testing.T) {
	entered, leave := make(chan struct{}), make(chan struct{})
	r, client := guardedBy(t, 1, func(http.ResponseWriter, *http.Request) {
		entered <- struct{}{}
		<-leave
	})
	first := make(chan error, 1)
	go func() {
		_, _, err := client.Write(nil, apitest.TypeV1)
		first <- err
	}()
	<-entered
	if status, answer, err := client.Write(nil, apitest.TypeV1); err != nil || status != http.StatusServiceUnavailable {
		t.Errorf("remote write: status %d, %q, %v", status, answer, err)
	}
	if status, answer, err := client.Send("otlp/v1/metrics", nil, nil); err != nil || status != http.StatusTooManyRequests {
		t.Errorf("OTLP: status %d, %q, %v", status, answer, err)
	}
	if got := testutil.ToFloat64(r.refused.WithLabelValues(refusedBusy)); got != 2 {
		t.Errorf("%v requests counted as refused, want 2", got)
	}
	close(leave)
	if err := <-first; err != nil {
		t.Error(err)
	}
}

// Bodies that do not arrive take none of the places, however many they are.
func TestSlowBodiesTakeNoPlace(t *testing.T) {
	_, client := guardedBy(t, 1, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) })
	for range 20 {
		conn, err := net.Dial("tcp", strings.TrimPrefix(client.URL, "http://"))
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = conn.Close() })
		_, err = fmt.Fprintf(conn, "POST /api/v1/write HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1048576\r\nExpect: 100-continue\r\n\r\n")
		if err != nil {
			t.Fatal(err)
		}
		// That it may go on is what the server says when the body is read.
		if line, err := bufio.NewReader(conn).ReadString('\n'); err != nil || !strings.Contains(line, "100") {
			t.Fatalf("answered %q, %v", line, err)
		}
	}
	client.MustWrite(t, apitest.RemoteWriteV1(nil), apitest.TypeV1)
}

// What was refused is counted by the reason.
func TestRefusedRequestsAreCounted(t *testing.T) {
	r, client := guardedBy(t, 1, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) })
	for _, test := range []struct {
		reason string
		status int
		send   func() (int, string, error)
	}{
		{refusedLarge, http.StatusRequestEntityTooLarge, func() (int, string, error) { return client.Write(make([]byte, 2<<20), apitest.TypeV1) }},
		{refusedUnreadable, http.StatusBadRequest, func() (int, string, error) {
			return client.Send("otlp/v1/metrics", []byte("no gzip"), map[string]string{"Content-Encoding": "gzip"})
		}},
	} {
		status, answer, err := test.send()
		if err != nil || status != test.status {
			t.Errorf("%s: status %d, %q, %v", test.reason, status, answer, err)
		}
		if got := testutil.ToFloat64(r.refused.WithLabelValues(test.reason)); got != 1 {
			t.Errorf("%s: %v counted, want 1", test.reason, got)
		}
	}
}

func TestRefusedForWantOfRoomAreCounted(t *testing.T) {
	node, client := startNode(t, testOptions(t), emptyConfig())
	node.db.ledger.torn.Store(true)
	for range 3 {
		if status, answer, err := client.Write(apitest.RemoteWriteV1(pushed(time.Now(), "x", 1)), apitest.TypeV1); err != nil || status != http.StatusServiceUnavailable {
			t.Errorf("status %d, %q, %v", status, answer, err)
		}
	}
	if got := ownMetric(t, node, "metertree_ingest_refused_requests_total", refusedNoRoom); got != 3 {
		t.Errorf("%v counted, want 3", got)
	}
}

// ownMetric is the value of a metric of the node's that has this value of a label,
// or no label.
func ownMetric(t *testing.T, node *Node, name, label string) float64 {
	t.Helper()
	families, err := node.registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	for _, family := range families {
		for _, m := range family.Metric {
			if family.GetName() == name && (label == "" || m.Label[0].GetValue() == label) {
				return m.GetCounter().GetValue() + m.GetGauge().GetValue()
			}
		}
	}
	t.Fatalf("there is no %s of %q", name, label)
	return 0
}

// Samples too far in the future are counted whatever they come by, and nothing else
// that is refused is.
func TestSamplesAheadAreCounted(t *testing.T) {
	node, client := startNode(t, testOptions(t), emptyConfig())
	now := time.Now()
	ahead, behind := now.Add(time.Hour), now.AddDate(0, 0, -30)
	count := func() float64 { return ownMetric(t, node, "metertree_ingest_refused_samples_total", "too_new") }
	otlp := func(at time.Time, asJSON bool) (int, string, error) {
		body, err := otlpRequest(at).MarshalProto()
		kind := "application/x-protobuf"
		if asJSON {
			body, err = otlpRequest(at).MarshalJSON()
			kind = "application/json; charset=utf-8"
		}
		if err != nil {
			t.Fatal(err)
		}
		return client.Send("otlp/v1/metrics", gzipped(body), map[string]string{"Content-Type": kind, "Content-Encoding": "gzip"})
	}
	for _, test := range []struct {
		name string
		send func(at time.Time) (int, string, error)
		want float64
	}{
		{"v1", func(at time.Time) (int, string, error) {
			return client.Write(apitest.RemoteWriteV1(pushed(at, "x", 1)), apitest.TypeV1)
		}, 2},
		{"v2", func(at time.Time) (int, string, error) {
			return client.Write(apitest.RemoteWriteV2(pushed(at, "y", 1), ""), apitest.TypeV2)
		}, 2},
		{"OTLP", func(at time.Time) (int, string, error) { return otlp(at, false) }, 1},
		{"OTLP in JSON", func(at time.Time) (int, string, error) { return otlp(at, true) }, 1},
	} {
		before := count()
		for at, want := range map[time.Time]float64{behind: 0, now: 0, ahead: test.want} {
			status, answer, err := test.send(at)
			if refused := status == http.StatusBadRequest; err != nil || refused == at.Equal(now) {
				t.Errorf("%s at %v: status %d, %q, %v", test.name, at, status, answer, err)
			}
			if got := count() - before; got != want {
				t.Errorf("%s at %v: %v counted, want %v", test.name, at, got, want)
			}
			before = count()
		}
	}
}

// Points of every kind that OTLP has are counted.
func TestPointsAhead(t *testing.T) {
	now := time.Now()
	metrics := pmetric.NewMetrics()
	all := metrics.ResourceMetrics().AppendEmpty().ScopeMetrics().AppendEmpty().Metrics()
	for i, at := range []time.Time{now, now.Add(time.Hour)} {
		stamp := pcommon.NewTimestampFromTime(at)
		all.AppendEmpty().SetEmptyGauge().DataPoints().AppendEmpty().SetTimestamp(stamp)
		all.AppendEmpty().SetEmptySum().DataPoints().AppendEmpty().SetTimestamp(stamp)
		all.AppendEmpty().SetEmptyHistogram().DataPoints().AppendEmpty().SetTimestamp(stamp)
		all.AppendEmpty().SetEmptyExponentialHistogram().DataPoints().AppendEmpty().SetTimestamp(stamp)
		all.AppendEmpty().SetEmptySummary().DataPoints().AppendEmpty().SetTimestamp(stamp)
		all.AppendEmpty() // without any
		body, err := pmetricotlp.NewExportRequestFromMetrics(metrics).MarshalProto()
		if err != nil {
			t.Fatal(err)
		}
		req := httptest.NewRequest(http.MethodPost, "/api/v1/otlp/v1/metrics", nil)
		if got := samplesAhead(req, body, now.Add(maxAhead)); got != 5*i {
			t.Errorf("%d points ahead, want %d", got, 5*i)
		}
	}
}
