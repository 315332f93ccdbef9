package push

import (
	"bytes"
	"errors"
	"math"
	"net/url"
	"strings"
	"testing"

	"github.com/golang/snappy"
	writev2 "github.com/prometheus/client_golang/exp/api/remote/genproto/v2"
	"go.opentelemetry.io/collector/pdata/pmetric/pmetricotlp"
	"google.golang.org/protobuf/encoding/protowire"

	"github.com/metertree/metertree/metric"
	"github.com/metertree/metertree/server/internal/apitest"
)

func unsnapped(tb testing.TB, body []byte) []byte {
	tb.Helper()
	plain, err := snappy.Decode(nil, body)
	if err != nil {
		tb.Fatal(err)
	}
	return plain
}

// field appends a message as a field of another.
func field(b []byte, n protowire.Number, message []byte) []byte {
	return protowire.AppendBytes(protowire.AppendTag(b, n, protowire.BytesType), message)
}

// nativeV1 is a version 1 request with a native histogram: 2 values in the bucket
// up to 1 and 3 in the one up to 2 at schema 0, and one zero.
func nativeV1() []byte {
	h := &writev2.Histogram{
		Count: &writev2.Histogram_CountInt{CountInt: 6}, ZeroCount: &writev2.Histogram_ZeroCountInt{ZeroCountInt: 1},
		Sum: 7, Timestamp: 5,
		PositiveSpans:  []*writev2.BucketSpan{{Offset: 0, Length: 2}},
		PositiveDeltas: []int64{2, 1},
	}
	encoded, err := h.MarshalVT()
	if err != nil {
		panic(err)
	}
	name := field(field(nil, 1, []byte("__name__")), 2, []byte("size_bytes"))
	return field(nil, 1, field(field(nil, 1, name), 4, encoded))
}

func decode(t *testing.T, p Protocol, body []byte) *Batch {
	t.Helper()
	b, err := Decode(Request{Protocol: p, Group: Group{Labels: metric.Labels{{Name: "job", Value: "j"}}}, Body: body}, DefaultLimits, 9e9)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func find(t *testing.T, b *Batch, name string) *Metric {
	t.Helper()
	for _, s := range b.Sources {
		for i := range s.Metrics {
			if s.Metrics[i].Name == name {
				return &s.Metrics[i]
			}
		}
	}
	t.Fatalf("no metric %s among %+v, refused %v", name, b.Sources, &b.Refused)
	return nil
}

func TestOTLPBothEncodings(t *testing.T) {
	request := pmetricotlp.NewExportRequestFromMetrics(sampleOTLP())
	inProto, err := request.MarshalProto()
	if err != nil {
		t.Fatal(err)
	}
	inJSON, err := request.MarshalJSON()
	if err != nil {
		t.Fatal(err)
	}
	for _, b := range []*Batch{decode(t, OTLP, inProto), decode(t, OTLPJSON, inJSON)} {
		if b.Points != 5 || b.Refused.Total() != 0 {
			t.Errorf("%d points, refused %v", b.Points, &b.Refused)
		}
		calls := find(t, b, "calls_total")
		if p := calls.Points[0]; !calls.Delta || calls.Kind != metric.Counter || p.Float != 1.5 || p.Start != 1 || p.Time != 2 {
			t.Errorf("%+v", calls)
		}
		if labels := DecodeLabels(nil, string(calls.Points[0].Labels)); len(labels) != 1 || labels[0].Name != "http_method" {
			t.Errorf("labels %v", labels)
		}
		if g := find(t, b, "queue_length"); g.Kind != metric.Gauge || !g.Points[0].Whole || g.Points[0].Int != 3 {
			t.Errorf("%+v", g)
		}
		if h := find(t, b, "wait_seconds"); h.Unit != "seconds" || h.Points[0].Distribution.Count() != 3 {
			t.Errorf("%+v", h)
		}
		if e := find(t, b, "size"); e.Shape != Exponential || e.Points[0].Distribution.Exponential.Positive.First != -4 {
			t.Errorf("%+v", e)
		}
		if s := find(t, b, "old"); s.Shape != Summary || s.Points[0].Distribution.Count() != 4 {
			t.Errorf("%+v", s)
		}
		if labels := b.Sources[0].Labels; len(labels) != 1 || labels[0] != (metric.Label{Name: "job", Value: "shop"}) {
			t.Errorf("labels of the source %v", labels)
		}
	}
}

func TestRemoteWriteNativeHistogram(t *testing.T) {
	m := find(t, decode(t, RemoteWrite1, nativeV1()), "size_bytes")
	e := m.Points[0].Distribution.Exponential
	if m.Shape != Exponential || e.Zero != 1 || e.Positive.First != -1 || len(e.Positive.Counts) != 2 || e.Positive.Counts[1] != 3 {
		t.Errorf("%+v", e)
	}
}

func TestRemoteWriteTypes(t *testing.T) {
	one := decode(t, RemoteWrite1, unsnapped(t, apitest.RemoteWriteV1(fuzzSeries, apitest.PushedMetadata{Family: "wait_seconds", Type: 3})))
	if len(one.Declared) != 1 || one.Declared[0].Kind != metric.Histogram {
		t.Errorf("declared %+v", one.Declared)
	}
	if m := find(t, one, "calls_total"); m.Kind != 0 || len(m.Points) != 2 || !m.Points[1].Ended {
		t.Errorf("%+v", m)
	}
	if one.Refused.Counts[Unmerged] != 1 {
		t.Errorf("refused %v, want the quantile", &one.Refused)
	}
	two := decode(t, RemoteWrite2, unsnapped(t, apitest.RemoteWriteV2(fuzzSeries, "Help.")))
	if m := find(t, two, "calls_total"); m.Kind != metric.Counter || m.Help != "Help." || m.Points[0].Time != 5e6 {
		t.Errorf("%+v", m)
	}
}

func TestValuesThatAreNotUTF8(t *testing.T) {
	b := decode(t, RemoteWrite1, unsnapped(t, apitest.RemoteWriteV1([]apitest.Pushed{
		{Labels: []string{"__name__", "calls_total", "op", "caf\xe9"}, Samples: []apitest.PushedSample{{Millis: 5, Value: 3}}},
	})))
	if b.Refused.Counts[BadName] != 1 || !strings.Contains(b.Refused.String(), "not UTF-8") {
		t.Errorf("refused %v", &b.Refused)
	}
}

func TestText(t *testing.T) {
	b := decode(t, Text, []byte(sampleText))
	if m := find(t, b, "rows_total"); m.Kind != metric.Counter || m.Points[0].Float != 12 || m.Points[0].Start != 1 || m.Points[0].Time != 9e9 {
		t.Errorf("%+v", m)
	}
	if m := find(t, b, "wait_seconds"); m.Points[0].Distribution.Explicit.Counts[1] != 2 {
		t.Errorf("%+v", m.Points[0].Distribution)
	}
	if m := find(t, b, "old"); m.Shape != Summary || m.Points[0].Distribution.Count() != 2 {
		t.Errorf("%+v", m)
	}
}

func TestParseGroup(t *testing.T) {
	for path, want := range map[string]string{
		"job/import":                        "job=import",
		"job/import/region/eu/":             "job=import region=eu",
		"job@base64/aS9v/a/b":               "a=b job=i/o",
		"job/x%2Fy":                         "job=x/y",
		"job":                               "!push to /metrics/job/NAME",
		"instance/a":                        "!push to /metrics/job/NAME",
		"job/":                              "!push to /metrics/job/NAME",
		"job@base64/=":                      "!the job has no name",
		"job@base64/%25%25":                 "!base64",
		"job/a/b":                           "!push to /metrics/job/NAME",
		"job/a/b@base64/" + "\x00":          "!base64",
		"job/import?":                       "job=import?",
		"job/" + strings.Repeat("x", 10000): "job=" + strings.Repeat("x", 10000),
	} {
		g, err := ParseGroup(path, nil)
		if message, bad := strings.CutPrefix(want, "!"); bad {
			if !errors.Is(err, ErrMalformed) || !strings.Contains(err.Error(), message) {
				t.Errorf("%.40q: error %v, want %q", path, err, message)
			}
			continue
		}
		var got []string
		for _, l := range g.Labels {
			got = append(got, l.Name+"="+l.Value)
		}
		if err != nil || strings.Join(got, " ") != want {
			t.Errorf("%.40q: %v, %v, want %.40q", path, got, err, want)
		}
	}
	for _, start := range []string{"soon", "-1", "1e300", "NaN"} {
		if _, err := ParseGroup("job/a", url.Values{"start": {start}}); !errors.Is(err, ErrMalformed) {
			t.Errorf("start=%s: error %v", start, err)
		}
	}
	if g, err := ParseGroup("job/a", url.Values{"start": {"12.5"}}); err != nil || g.Start != 12.5e9 {
		t.Errorf("%+v, %v", g, err)
	}
}

// nested is an attribute whose value is a list in a list, so often.
func nested(depth int) []byte {
	var value []byte
	for range depth {
		value = field(nil, 5, field(nil, 1, value))
	}
	pair := field(field(nil, 1, []byte("deep")), 2, value)
	return field(nil, 1, field(nil, 1, field(nil, 1, pair)))
}

// inScope wraps a metric into a request.
func inScope(metrics []byte) []byte { return field(nil, 1, field(nil, 2, metrics)) }

// A few bytes that would become many, or much, are found out before they do.
func TestBodiesThatInflate(t *testing.T) {
	points := bytes.Repeat([]byte{0x0a, 0}, 200_000)
	attributes := bytes.Repeat([]byte{0x3a, 0}, 3_000_000)
	packed := field(nil, 6, make([]byte, 20_000))
	for name, tt := range map[string]struct {
		protocol Protocol
		body     []byte
		want     string
	}{
		"points":             {OTLP, inScope(field(nil, 2, field(nil, 5, points))), "more than 100000 points"},
		"attributes":         {OTLP, inScope(field(nil, 2, field(nil, 5, field(nil, 1, attributes)))), "attributes and exemplars"},
		"buckets":            {OTLP, inScope(field(nil, 2, field(nil, 9, field(nil, 1, packed)))), "more than 1024 buckets"},
		"depth":              {OTLP, nested(1000), "nested more than 24 deep"},
		"JSON objects":       {OTLPJSON, []byte(`{"resourceMetrics":[` + strings.Repeat("{},", 3_000_000) + `{}]}`), "JSON objects"},
		"JSON depth":         {OTLPJSON, []byte(strings.Repeat(`[`, 1_000_000)), "nested more than"},
		"remote write":       {RemoteWrite1, bytes.Repeat(field(nil, 1, field(field(nil, 2, nil), 2, nil)), 60_000), "more than 100000 points"},
		"labels":             {RemoteWrite1, field(nil, 1, bytes.Repeat([]byte{0x0a, 0}, 100_000)), "labels"},
		"references":         {RemoteWrite2, field(nil, 5, field(nil, 1, make([]byte, 100_000))), "labels"},
		"symbols":            {RemoteWrite2, bytes.Repeat([]byte{0x22, 0}, 3_000_000), "points"},
		"text":               {Text, bytes.Repeat([]byte("a 1\n"), 300_000), "lines"},
		"length that lies":   {OTLP, []byte("\x0a\xff\xff\xff\xff\x07abc"), "malformed"},
		"length that lies 2": {RemoteWrite1, []byte("\x0a\xff\xff\xff\xff\x07abc"), "malformed"},
	} {
		_, err := Decode(Request{Protocol: tt.protocol, Body: tt.body}, DefaultLimits, 9e9)
		if err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: error %v, want %q", name, err, tt.want)
		}
	}
}

// What a point cannot be is refused with a reason, and the others are taken.
func TestPointsThatAreRefused(t *testing.T) {
	long := strings.Repeat("x", 5000)
	for text, reason := range map[string]Reason{
		"# TYPE a_total counter\na_total -1\n": Negative,
		"a NaN\n":                              NotFinite,
		"a{v=\"" + long + "\"} 1\n":            TooLong,
		"a{__b=\"1\"} 1\n":                     BadName,
		"# TYPE h histogram\nh_bucket{le=\"1\"} 5\nh_bucket{le=\"+Inf\"} 3\nh_sum 1\nh_count 3\n": Malformed,
		"a 1 -5\n": Malformed,
	} {
		b := decode(t, Text, []byte(text+"good 1\n"))
		if b.Refused.Counts[reason] != 1 || b.Refused.Total() != 1 || len(find(t, b, "good").Points) != 1 {
			t.Errorf("%.60q: refused %v, want one for %s", text, &b.Refused, reason)
		}
		if said := b.Refused.String(); !strings.Contains(said, string(reason)) {
			t.Errorf("said %q", said)
		}
	}
}

func TestExponentialBucketsOutOfRange(t *testing.T) {
	for name, change := range map[string]func(e *writev2.Histogram){
		"far":    func(e *writev2.Histogram) { e.PositiveSpans[0].Offset = math.MaxInt32 },
		"below":  func(e *writev2.Histogram) { e.PositiveSpans[0].Offset = math.MinInt32 },
		"scale":  func(e *writev2.Histogram) { e.Schema = 77 },
		"count":  func(e *writev2.Histogram) { e.Count = &writev2.Histogram_CountInt{CountInt: 5} },
		"fall":   func(e *writev2.Histogram) { e.PositiveDeltas[1] = -9 },
		"sum":    func(e *writev2.Histogram) { e.Sum = math.Inf(1) },
		"floats": func(e *writev2.Histogram) { e.Count = &writev2.Histogram_CountFloat{CountFloat: 6} },
		"wide":   func(e *writev2.Histogram) { e.PositiveSpans[0].Length = math.MaxUint32 },
		"zeros":  func(e *writev2.Histogram) { e.ZeroThreshold = -1 },
		"spans":  func(e *writev2.Histogram) { e.PositiveSpans = nil },
		"custom": func(e *writev2.Histogram) { e.Schema = customBuckets },
	} {
		h := &writev2.Histogram{
			Count: &writev2.Histogram_CountInt{CountInt: 5}, Sum: 7, Timestamp: 5,
			PositiveSpans: []*writev2.BucketSpan{{Offset: 0, Length: 2}}, PositiveDeltas: []int64{2, 1},
		}
		if name == "count" {
			h.PositiveDeltas[0] = 3
		}
		change(h)
		encoded, err := h.MarshalVT()
		if err != nil {
			t.Fatal(err)
		}
		label := field(field(nil, 1, []byte("__name__")), 2, []byte("size_bytes"))
		b := decode(t, RemoteWrite1, field(nil, 1, field(field(nil, 1, label), 4, encoded)))
		if b.Refused.Total() != 1 {
			t.Errorf("%s: nothing is refused: %+v", name, b.Sources)
		}
	}
}
