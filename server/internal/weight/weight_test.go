package weight

import (
	"bytes"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"testing"

	"github.com/prometheus/prometheus/prompb"
	writev2 "github.com/prometheus/prometheus/prompb/io/prometheus/write/v2"
	"go.opentelemetry.io/collector/pdata/pmetric"
	"go.opentelemetry.io/collector/pdata/pmetric/pmetricotlp"
	"google.golang.org/protobuf/encoding/protowire"
)

// within wraps a message in fields of these numbers, the innermost first.
func within(message []byte, numbers ...protowire.Number) []byte {
	for _, n := range numbers {
		message = protowire.AppendBytes(protowire.AppendTag(nil, n, protowire.BytesType), message)
	}
	return message
}

// allocated is how many bytes a function takes.
func allocated(decode func() error) (int64, error) {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	err := decode()
	runtime.ReadMemStats(&after)
	return int64(after.TotalAlloc - before.TotalAlloc), err
}

// Whatever a message is full of, the decoders take its weight or less at a time, and
// some times of it in all, since a list that grows leaves garbage behind.
func TestDecodersTakeTheWeight(t *testing.T) {
	const many = 100_000
	empties := func(number protowire.Number) []byte { return bytes.Repeat(within(nil, number), many) }
	decodeV1 := func(message []byte) error { return new(prompb.WriteRequest).Unmarshal(message) }
	decodeV2 := func(message []byte) error { return new(writev2.Request).Unmarshal(message) }
	decodeOTLP := func(message []byte) error {
		request := pmetricotlp.NewExportRequest()
		return request.UnmarshalProto(message)
	}
	type case_ struct {
		name    string
		message []byte
		weigh   func([]byte) (int64, error)
		decode  func([]byte) error
	}
	var cases []case_
	for _, n := range []protowire.Number{1, 3} {
		cases = append(cases, case_{fmt.Sprintf("v1, %d", n), empties(n), WriteV1, decodeV1})
	}
	for _, n := range []protowire.Number{1, 2, 3, 4} {
		cases = append(cases, case_{fmt.Sprintf("v1, 1.%d", n), within(empties(n), 1), WriteV1, decodeV1})
	}
	for _, n := range []protowire.Number{8, 11} {
		cases = append(cases, case_{fmt.Sprintf("v1, 1.4.%d", n), within(empties(n), 4, 1), WriteV1, decodeV1})
	}
	first := within(nil, 4) // the first symbol must be empty
	for _, n := range []protowire.Number{4, 5} {
		cases = append(cases, case_{fmt.Sprintf("v2, %d", n), append(bytes.Clone(first), empties(n)...), WriteV2, decodeV2})
	}
	for _, n := range []protowire.Number{2, 3, 4} {
		cases = append(cases, case_{fmt.Sprintf("v2, 5.%d", n), append(bytes.Clone(first), within(empties(n), 5)...), WriteV2, decodeV2})
	}
	for path, outer := range map[string][]protowire.Number{
		"1": {}, "1.2": {1}, "1.2.2": {2, 1}, "1.2.2.7": {2, 2, 1},
		"1.2.2.7.1": {7, 2, 2, 1}, "1.2.2.9.1": {9, 2, 2, 1}, "1.2.2.10.1": {10, 2, 2, 1}, "1.2.2.11.1": {11, 2, 2, 1},
		"1.2.2.7.1.7": {1, 7, 2, 2, 1}, "1.2.2.7.1.5": {1, 7, 2, 2, 1}, "1.2.2.11.1.6": {1, 11, 2, 2, 1},
	} {
		var last protowire.Number
		if _, err := fmt.Sscan(path[strings.LastIndexByte(path, '.')+1:], &last); err != nil {
			t.Fatal(err)
		}
		cases = append(cases, case_{"OTLP, " + path, within(empties(last), outer...), OTLP, decodeOTLP})
	}
	objects := strings.Repeat("{},", many) + "{}"
	for path, text := range map[string]string{
		"resources": `{"resourceMetrics":[` + objects + `]}`,
		"metrics":   `{"resourceMetrics":[{"scopeMetrics":[{"metrics":[` + objects + `]}]}]}`,
		"points":    `{"resourceMetrics":[{"scopeMetrics":[{"metrics":[{"sum":{"dataPoints":[` + objects + `]}}]}]}]}`,
	} {
		cases = append(cases, case_{"JSON, " + path, []byte(text), OTLPJSON, func(message []byte) error {
			request := pmetricotlp.NewExportRequest()
			return request.UnmarshalJSON(message)
		}})
	}
	for _, c := range cases {
		weight, err := c.weigh(c.message)
		took, decoding := allocated(func() error { return c.decode(c.message) })
		if err != nil || decoding != nil {
			t.Errorf("%s: %v, %v", c.name, err, decoding)
		}
		if took > 6*weight+1<<20 {
			t.Errorf("%s: decoding took %d bytes, and the weight is %d", c.name, took, weight)
		}
	}
}

func TestDepth(t *testing.T) {
	value := []byte(nil)
	for range 1000 {
		value = within(value, 1, 5) // an array in a value
	}
	deep := within(value, 2, 1, 1, 1)
	if _, err := OTLP(deep); !errors.Is(err, ErrDepth) {
		t.Errorf("OTLP: %v", err)
	}
	if _, err := OTLPJSON(bytes.Repeat([]byte(`{"a":[`), 1000)); !errors.Is(err, ErrDepth) {
		t.Errorf("JSON: %v", err)
	}
	if _, err := OTLPJSON([]byte(`{"a":"` + strings.Repeat(`[{\"`, 1000) + `"}`)); err != nil {
		t.Errorf("JSON, quoted: %v", err)
	}
}

// What is meant weighs less than a small multiple of its size.
func TestUsualMessagesAreLight(t *testing.T) {
	metrics := pmetric.NewMetrics()
	all := metrics.ResourceMetrics().AppendEmpty().ScopeMetrics().AppendEmpty().Metrics()
	request := prompb.WriteRequest{}
	for i := range 1000 {
		point := all.AppendEmpty()
		point.SetName("http_server_requests")
		at := point.SetEmptySum().DataPoints().AppendEmpty()
		at.SetTimestamp(1)
		at.SetIntValue(7)
		at.Attributes().PutStr("http.route", fmt.Sprintf("/api/v1/things/%d", i))
		request.Timeseries = append(request.Timeseries, prompb.TimeSeries{
			Labels:  []prompb.Label{{Name: "__name__", Value: "http_server_requests_total"}, {Name: "route", Value: fmt.Sprint("/api/", i)}, {Name: "instance", Value: "10.0.0.7:9090"}, {Name: "job", Value: "api"}},
			Samples: []prompb.Sample{{Value: 1, Timestamp: 1_700_000_000_000}},
		})
	}
	export := pmetricotlp.NewExportRequestFromMetrics(metrics)
	v1, err1 := request.Marshal()
	otlp, err2 := export.MarshalProto()
	json, err3 := export.MarshalJSON()
	if err := errors.Join(err1, err2, err3); err != nil {
		t.Fatal(err)
	}
	for name, test := range map[string]struct {
		message []byte
		weigh   func([]byte) (int64, error)
	}{"v1": {v1, WriteV1}, "OTLP": {otlp, OTLP}, "JSON": {json, OTLPJSON}} {
		weight, err := test.weigh(test.message)
		if times := float64(weight) / float64(len(test.message)); err != nil || times > 20 {
			t.Errorf("%s: %.1f times its size, %v", name, times, err)
		} else {
			t.Logf("%s: %.1f times its size", name, times)
		}
	}
}
