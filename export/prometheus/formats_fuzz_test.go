package prometheus

import (
	"math"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/metertree/metertree/metric"
)

func addSeeds(f *testing.F) {
	f.Add("Help.", "v", "w", int64(1), 1.5, uint64(3))
	f.Add("a\nb\\c \"d\"", "quote\" slash\\ line\n", "ü€😀", int64(-1), math.Inf(1), uint64(0))
	f.Add("\xff", "caf\xe9", "caf\uFFFDe9", int64(math.MinInt64), math.NaN(), uint64(1)<<40)
	f.Add("", "\uFFFD\xff\uFFFD\uFFFDab", "\xef\xbf\uFFFDbd", int64(0), math.Copysign(0, -1), uint64(9))
	f.Add(" # ", "} # {", "{,=", int64(7), 5e-324, uint64(math.MaxUint64))
	f.Add("x", "\\", "\\\"", int64(math.MaxInt64), -3.25, uint64(1)<<63)
}

// fuzzed are families of every shape that hold the given text and values.
func fuzzed(help, a, b string, whole int64, real float64, count uint64) []*metric.Family {
	keys := []string{"a", "b"}
	h := histogramPoint([]float64{1, 1e300}, []uint64{count >> 2, count >> 3, count >> 4}, real, a, b)
	h.Exemplars = []*metric.Exemplar{{TraceID: a, SpanID: b, Value: .5, Time: time.Unix(1, 0)}, nil, nil}
	return []*metric.Family{
		family(metric.Descriptor{Name: "c_total", Kind: metric.Counter, Help: help}, keys, intPoint(whole, a, b)),
		family(metric.Descriptor{Name: "g", Kind: metric.Gauge, Help: help}, keys, floatPoint(real, a, b)),
		family(metric.Descriptor{Name: "h", Kind: metric.Histogram, Help: help}, keys, h),
		family(metric.Descriptor{Name: "s", Kind: metric.Histogram, Aggregation: metric.MinMaxSumCount, Help: help}, keys,
			point{[]string{a, b}, metric.Point{Summary: metric.SummaryPoint{Min: real, Max: real, Sum: real, Count: count | 1}}}),
	}
}

func sameFloat(a, b float64) bool {
	return math.Float64bits(a) == math.Float64bits(b) || math.IsNaN(a) && math.IsNaN(b)
}

func FuzzOpenMetricsReadsBack(f *testing.F) {
	addSeeds(f)
	f.Fuzz(func(t *testing.T, help, a, b string, whole int64, real float64, count uint64) {
		text := string(writeAs(t, Exposition{Format: OpenMetrics}, fuzzed(help, a, b, whole, real, count)...))
		content, ended := strings.CutSuffix(text, "# EOF\n")
		if !ended || !utf8.ValidString(text) {
			t.Fatalf("%q", text)
		}
		samples, err := readText(content)
		if err != nil {
			t.Fatal(err)
		}
		type want struct {
			name, le string
			value    float64
			left     bool
		}
		first, second := count>>2, count>>2+count>>3
		all := second + count>>4
		for _, w := range []want{
			{"c_total", "", float64(whole), whole < 0},
			{"g", "", real, false},
			{"h_bucket", "1.0", float64(first), false}, {"h_bucket", "1e+300", float64(second), false}, {"h_bucket", "+Inf", float64(all), false},
			{"h_count", "", float64(all), !(real >= 0)}, {"h_sum", "", real, !(real >= 0)},
			{"s_count", "", float64(count | 1), false}, {"s_sum", "", real, false},
			{"s_min", "", real, false}, {"s_max", "", real, false},
		} {
			if w.left {
				continue
			}
			if len(samples) == 0 {
				t.Fatalf("%s is missing", w.name)
			}
			got := samples[0]
			samples = samples[1:]
			if got.name != w.name || got.labels["le"] != w.le || !sameFloat(got.value, w.value) {
				t.Fatalf("sample %v, want %v", got, w)
			}
			if originalBytes(got.labels["a"]) != a || originalBytes(got.labels["b"]) != b {
				t.Errorf("labels %q, want %q and %q", got.labels, a, b)
			}
			if (got.exemplar != "") != (w.le == "1.0" && shownExemplar(a)) {
				t.Errorf("%s has the exemplar %q", w.name, got.exemplar)
			}
		}
		if len(samples) > 0 {
			t.Errorf("more samples: %v", samples)
		}
	})
}

// shownExemplar says whether an exemplar of a trace is within the limit.
func shownExemplar(trace string) bool {
	_, _, ok := exemplarLabels(&metric.Exemplar{TraceID: trace})
	return ok
}

func FuzzProtobufReadsBack(f *testing.F) {
	addSeeds(f)
	f.Fuzz(func(t *testing.T, help, a, b string, whole int64, real float64, count uint64) {
		all := readDelimited(t, writeAs(t, Exposition{Format: Protobuf}, fuzzed(help, a, b, whole, real, count)...))
		if len(all) != 5+1 {
			t.Fatalf("%d families", len(all))
		}
		values := make([]message, len(all))
		for i, field := range []uint64{3, 2, 7, 4, 2, 2} {
			m := all[i].one(t, 4)
			labels := m.labels(t, 1)
			if len(labels) != 2 || originalBytes(labels["a"]) != a || originalBytes(labels["b"]) != b {
				t.Errorf("labels %q, want %q and %q", labels, a, b)
			}
			values[i] = m.one(t, field)
			if help != "" && !strings.HasSuffix(all[i].text(t, 2), strings.ToValidUTF8(help, "\uFFFD")) {
				t.Errorf("help %q, want %q", all[i].text(t, 2), help)
			}
		}
		if v := values[0].double(t, 1); v != float64(whole) {
			t.Errorf("counter %v, want %v", v, whole)
		}
		for _, i := range []int{1, 4, 5} {
			if v := values[i].double(t, 1); !sameFloat(v, real) {
				t.Errorf("gauge %v, want %v", v, real)
			}
		}
		h, total := values[2], count>>2+count>>3+count>>4
		if h.number(t, 1) != total || !sameFloat(h.double(t, 2), real) || len(h.all(t, 3)) != 3 || h.all(t, 3)[2].number(t, 1) != total {
			t.Errorf("histogram %v", h)
		}
		if shown := len(h.all(t, 3)[0][3]) == 1; shown != shownExemplar(a) {
			t.Errorf("exemplar of %q: %t", a, shown)
		}
		if s := values[3]; s.number(t, 1) != count|1 || !sameFloat(s.double(t, 2), real) {
			t.Errorf("summary %v", s)
		}
	})
}
