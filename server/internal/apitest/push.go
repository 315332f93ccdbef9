package apitest

import (
	"bytes"
	"fmt"
	"io"
	"math"
	"net/http"
	"testing"

	"github.com/golang/snappy"
	"google.golang.org/protobuf/encoding/protowire"
)

// Pushed is a series to push by remote write.
type Pushed struct {
	// Labels are name and value in turn, sorted by name, __name__ included.
	Labels  []string
	Samples []PushedSample
}

// PushedSample is a value at a time.
type PushedSample struct {
	Millis int64
	Value  float64
}

// PushedMetadata describes a metric family in a remote write 1.0 message.
type PushedMetadata struct {
	Family, Help, Unit string
	// Type is the protocol's number: 1 counter, 2 gauge, 3 histogram.
	Type uint64
}

// RemoteWriteV1 is the body of a remote write 1.0 request.
func RemoteWriteV1(series []Pushed, metadata ...PushedMetadata) []byte {
	var message []byte
	for _, one := range series {
		message = appendMessage(message, 1, one.v1())
	}
	for _, m := range metadata {
		var b []byte
		b = protowire.AppendTag(b, 1, protowire.VarintType)
		b = protowire.AppendVarint(b, m.Type)
		b = appendString(b, 2, m.Family)
		b = appendString(b, 4, m.Help)
		b = appendString(b, 5, m.Unit)
		message = appendMessage(message, 3, b)
	}
	return snappy.Encode(nil, message)
}

func (p Pushed) v1() []byte {
	var b []byte
	for i := 0; i+1 < len(p.Labels); i += 2 {
		var label []byte
		label = appendString(label, 1, p.Labels[i])
		label = appendString(label, 2, p.Labels[i+1])
		b = appendMessage(b, 1, label)
	}
	return appendSamples(b, 2, p.Samples)
}

// RemoteWriteV2 is the body of a remote write 2.0 request; every series gets the
// metadata, a counter with this help.
func RemoteWriteV2(series []Pushed, help string) []byte {
	symbols := []string{""}
	reference := func(symbol string) uint64 {
		symbols = append(symbols, symbol)
		return uint64(len(symbols) - 1)
	}
	helpReference := reference(help)
	var message []byte
	for _, one := range series {
		var references, metadata []byte
		for _, label := range one.Labels {
			references = protowire.AppendVarint(references, reference(label))
		}
		metadata = protowire.AppendTag(metadata, 1, protowire.VarintType)
		metadata = protowire.AppendVarint(metadata, 1)
		metadata = protowire.AppendTag(metadata, 3, protowire.VarintType)
		metadata = protowire.AppendVarint(metadata, helpReference)

		b := appendMessage(nil, 1, references)
		b = appendSamples(b, 2, one.Samples)
		b = appendMessage(b, 5, metadata)
		message = appendMessage(message, 5, b)
	}
	for _, symbol := range symbols {
		message = appendString(message, 4, symbol)
	}
	return snappy.Encode(nil, message)
}

// Content types of the two versions.
const (
	TypeV1 = "application/x-protobuf"
	TypeV2 = "application/x-protobuf;proto=io.prometheus.write.v2.Request"
)

// Write sends a remote write body and gives the status and the answer.
func (c Client) Write(body []byte, contentType string) (status int, answer string, err error) {
	return c.Send("write", body, map[string]string{
		"Content-Type":                      contentType,
		"Content-Encoding":                  "snappy",
		"X-Prometheus-Remote-Write-Version": "0.1.0",
	})
}

// MustWrite sends a remote write body that must be accepted.
func (c Client) MustWrite(t testing.TB, body []byte, contentType string) {
	t.Helper()
	status, answer, err := c.Write(body, contentType)
	if err != nil || status/100 != 2 {
		t.Fatalf("remote write: status %d, answer %q, error %v", status, answer, err)
	}
}

// Send posts a body to an endpoint under /api/v1/.
func (c Client) Send(endpoint string, body []byte, headers map[string]string) (status int, answer string, err error) {
	request, err := http.NewRequest(http.MethodPost, c.URL+"/api/v1/"+endpoint, bytes.NewReader(body))
	if err != nil {
		return 0, "", err
	}
	for name, value := range headers {
		request.Header.Set(name, value)
	}
	response, err := httpClient.Do(request)
	if err != nil {
		return 0, "", fmt.Errorf("%s: %w", endpoint, err)
	}
	defer response.Body.Close()
	content, err := io.ReadAll(response.Body)
	return response.StatusCode, string(content), err
}

func appendSamples(b []byte, field protowire.Number, samples []PushedSample) []byte {
	for _, sample := range samples {
		var s []byte
		s = protowire.AppendTag(s, 1, protowire.Fixed64Type)
		s = protowire.AppendFixed64(s, math.Float64bits(sample.Value))
		s = protowire.AppendTag(s, 2, protowire.VarintType)
		s = protowire.AppendVarint(s, uint64(sample.Millis))
		b = appendMessage(b, field, s)
	}
	return b
}

func appendString(b []byte, field protowire.Number, s string) []byte {
	return protowire.AppendString(protowire.AppendTag(b, field, protowire.BytesType), s)
}

func appendMessage(b []byte, field protowire.Number, message []byte) []byte {
	return protowire.AppendBytes(protowire.AppendTag(b, field, protowire.BytesType), message)
}
