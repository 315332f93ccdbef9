package load

import (
	"math"
	"slices"
	"testing"
	"time"

	"github.com/golang/snappy"
	collector "go.opentelemetry.io/proto/otlp/collector/metrics/v1"
	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"
)

var noon = time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC)

func TestSpan(t *testing.T) {
	s := Span{Begin: noon, Step: time.Minute, Ticks: 3}
	if got, want := s.End(), noon.Add(2*time.Minute); !got.Equal(want) {
		t.Errorf("ends at %v, want %v", got, want)
	}
}

func TestRemoteWrite(t *testing.T) {
	p := NewPopulation(3, 1)
	push := p.RemoteWrite(Span{Begin: noon, Step: time.Minute, Ticks: 4}, 2)
	if push.Samples() != p.Series()*4 || push.Points() != push.Samples() || push.Requests() != 8 {
		t.Errorf("%d samples, %d points, %d requests", push.Samples(), push.Points(), push.Requests())
	}
	// The second sender has the instances from the second on.
	request := push[1][2]
	message, err := snappy.Decode(nil, request.Body)
	if err != nil {
		t.Fatal(err)
	}
	all := messages(t, message, fieldSeries)
	if len(all) != request.Samples {
		t.Fatalf("%d series, want %d", len(all), request.Samples)
	}
	for i, one := range all {
		s := p.each[i%len(p.each)]
		var names []string
		texts := map[string]string{}
		for _, l := range messages(t, one, fieldLabel) {
			name := string(messages(t, l, fieldName)[0])
			names = append(names, name)
			texts[name] = string(messages(t, l, fieldText)[0])
		}
		instance := 1 + i/len(p.each)
		if !slices.IsSorted(names) || texts["__name__"] != s.name || texts["instance"] != Instance(instance) || texts["job"] != Job {
			t.Errorf("series %d has labels %v", i, texts)
		}
		value, at := sample(t, messages(t, one, fieldSample)[0])
		if value != float64(s.value(instance, 2)) || at != noon.Add(2*time.Minute).UnixMilli() {
			t.Errorf("series %d has %v at %d", i, value, at)
		}
	}
}

// messages are the values of a field that has a length.
func messages(t *testing.T, b []byte, field protowire.Number) (all [][]byte) {
	t.Helper()
	for len(b) > 0 {
		number, kind, n := protowire.ConsumeTag(b)
		size := protowire.ConsumeFieldValue(number, kind, b[max(n, 0):])
		if n < 0 || size < 0 {
			t.Fatal("not a message")
		}
		if number == field && kind == protowire.BytesType {
			value, _ := protowire.ConsumeBytes(b[n:])
			all = append(all, value)
		}
		b = b[n+size:]
	}
	return all
}

func sample(t *testing.T, b []byte) (value float64, at int64) {
	t.Helper()
	number, kind, n := protowire.ConsumeTag(b)
	bits, size := protowire.ConsumeFixed64(b[max(n, 0):])
	if number != fieldValue || kind != protowire.Fixed64Type || size < 0 {
		t.Fatal("no value first")
	}
	b = b[n+size:]
	number, _, n = protowire.ConsumeTag(b)
	millis, size := protowire.ConsumeVarint(b[max(n, 0):])
	if number != fieldTime || size < 0 {
		t.Fatal("no time second")
	}
	return math.Float64frombits(bits), int64(millis)
}

func TestOTLP(t *testing.T) {
	span := Span{Begin: noon, Step: 15 * time.Second, Ticks: 3}
	push, err := OTLP(span, 2, 10, 4)
	if err != nil {
		t.Fatal(err)
	}
	if push.Points() != 2*3*14 || push.Samples() != 2*3*(10+4*SamplesPerHistogram) {
		t.Errorf("%d points, %d samples", push.Points(), push.Samples())
	}
	var sums []int64
	for tick, r := range push[1] {
		var request collector.ExportMetricsServiceRequest
		if err := proto.Unmarshal(r.Body, &request); err != nil {
			t.Fatal(err)
		}
		metrics := request.GetResourceMetrics()[0].GetScopeMetrics()[0].GetMetrics()
		points, histograms := metrics[0].GetSum().GetDataPoints(), metrics[1].GetHistogram().GetDataPoints()
		if len(points) != 10 || len(histograms) != 4 {
			t.Fatalf("%d sums and %d histograms", len(points), len(histograms))
		}
		if got, want := points[0].GetTimeUnixNano(), uint64(span.At(tick).UnixNano()); got != want || points[0].GetStartTimeUnixNano() >= got {
			t.Errorf("a point from %d to %d, want to %d", points[0].GetStartTimeUnixNano(), got, want)
		}
		sums = append(sums, points[0].GetAsInt())
		var all uint64
		for _, n := range histograms[0].GetBucketCounts() {
			all += n
		}
		if all != histograms[0].GetCount() || len(histograms[0].GetExplicitBounds()) != Buckets-1 {
			t.Errorf("a histogram of %d in buckets and %d in all", all, histograms[0].GetCount())
		}
	}
	if !slices.IsSorted(sums) || sums[0] == sums[2] {
		t.Errorf("a sum goes %v, want it to rise", sums)
	}
}
