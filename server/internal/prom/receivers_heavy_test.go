package prom

import (
	"bytes"
	"net/http"
	"strings"
	"testing"

	"github.com/golang/snappy"
	"github.com/metertree/metertree/server/internal/apitest"
)

// A small push that would take much memory when it is decoded is not.
func TestHeavyPushes(t *testing.T) {
	_, client := startNode(t, testOptions(t), emptyConfig())
	series := bytes.Repeat([]byte{0x0a, 0}, 1<<19-8)
	v2 := append([]byte{0x22, 0}, bytes.Repeat([]byte{0x2a, 0}, 1<<19-8)...)
	resources := []byte(`{"resourceMetrics":[` + strings.Repeat("{},", 300_000) + "{}]}")
	deep := bytes.Repeat([]byte(`{"a":[`), 1000)
	for name, test := range map[string]struct {
		path, kind, coding string
		body               []byte
		status             int
		says               string
	}{
		"v1":          {"write", apitest.TypeV1, "snappy", snappy.Encode(nil, series), http.StatusRequestEntityTooLarge, "too much memory"},
		"v2":          {"write", apitest.TypeV2, "snappy", snappy.Encode(nil, v2), http.StatusRequestEntityTooLarge, "too much memory"},
		"OTLP":        {"otlp/v1/metrics", "application/x-protobuf", "", series, http.StatusRequestEntityTooLarge, "too much memory"},
		"OTLP, gzip":  {"otlp/v1/metrics", "application/x-protobuf", "gzip", gzipped(series), http.StatusRequestEntityTooLarge, "too much memory"},
		"JSON":        {"otlp/v1/metrics", "application/json", "", resources, http.StatusRequestEntityTooLarge, "too much memory"},
		"deep JSON":   {"otlp/v1/metrics", "application/json", "", deep, http.StatusBadRequest, "too deeply"},
		"remote read": {"read", "application/x-protobuf", "snappy", snappy.Encode(nil, series[:2*remoteReadQueries+2]), http.StatusRequestEntityTooLarge, "too many queries"},
	} {
		status, answer, err := client.Send(test.path, test.body, map[string]string{"Content-Type": test.kind, "Content-Encoding": test.coding})
		if err != nil || status != test.status || !strings.Contains(answer, test.says) {
			t.Errorf("%s: status %d, %.200q, %v", name, status, answer, err)
		}
	}
	if status, answer, err := client.Send("read", snappy.Encode(nil, series[:2]), map[string]string{"Content-Type": "application/x-protobuf", "Content-Encoding": "snappy"}); err != nil || status != http.StatusOK {
		t.Errorf("a small remote read: status %d, %q, %v", status, answer, err)
	}
}
