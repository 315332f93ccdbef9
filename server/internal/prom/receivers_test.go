package prom

import (
	"bytes"
	"compress/gzip"
	"encoding/binary"
	"fmt"
	"io"
	"net/http"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/metertree/metertree/server/internal/apitest"
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

// One request more than may be in work at once is told to come again.
func TestWriteConcurrency(t *testing.T) {
	options := testOptions(t)
	options.Receivers.MaxConcurrency = 1
	_, client := startNode(t, options, emptyConfig())
	body, stuck := io.Pipe()
	first := make(chan error, 1)
	go func() {
		response, err := http.Post(client.URL+"/api/v1/write", apitest.TypeV1, body)
		if err == nil {
			err = response.Body.Close()
		}
		first <- err
	}()
	// The server reads the first byte only when the request has its place.
	if _, err := stuck.Write([]byte{0}); err != nil {
		t.Fatal(err)
	}
	apitest.Eventually(t, 10*time.Second, func() (bool, string) {
		status, answer, err := client.Write(apitest.RemoteWriteV1(nil), apitest.TypeV1)
		return status == http.StatusServiceUnavailable, fmt.Sprintf("status %d, %q, %v", status, answer, err)
	})
	if err := stuck.Close(); err != nil {
		t.Fatal(err)
	}
	if err := <-first; err != nil {
		t.Fatal(err)
	}
	client.MustWrite(t, apitest.RemoteWriteV1(pushed(time.Now(), "x", 1)), apitest.TypeV1)
}
