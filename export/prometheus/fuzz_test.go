package prometheus

import (
	"math"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/metertree/metertree/metric"
)

func FuzzWriteReadsBack(f *testing.F) {
	f.Add("Help.", "v", "w", int64(1), 1.5, uint64(3))
	f.Add("a\nb\\c", "quote\" slash\\ line\n", "ü€😀", int64(-1), math.Inf(1), uint64(0))
	f.Add("\xff", "caf\xe9", "caf\uFFFDe9", int64(math.MinInt64), math.NaN(), uint64(1)<<40)
	f.Add("", "\uFFFD\xff\uFFFD\uFFFDab", "\xef\xbf\uFFFDbd", int64(0), math.Copysign(0, -1), uint64(9))
	f.Add(" ", "}", "{,=", int64(7), 5e-324, uint64(1))
	f.Fuzz(func(t *testing.T, help, a, b string, whole int64, real float64, count uint64) {
		keys := []string{"a", "b"}
		text := write(t,
			family(metric.Descriptor{Name: "c_total", Kind: metric.Counter, Help: help}, keys, intPoint(whole, a, b)),
			family(metric.Descriptor{Name: "g", Kind: metric.Gauge, Help: help}, keys, floatPoint(real, a, b)),
			family(metric.Descriptor{Name: "h", Kind: metric.Histogram, Help: help}, keys,
				histogramPoint([]float64{1}, []uint64{count >> 1, count >> 2}, real, a, b)),
		)
		if !utf8.ValidString(text) {
			t.Fatalf("not UTF-8: %q", text)
		}
		samples, err := readText(text)
		if err != nil {
			t.Fatal(err)
		}
		want := []struct {
			name, le string
			value    float64
		}{
			{"c_total", "", float64(whole)},
			{"g", "", real},
			{"h_bucket", "1", float64(count >> 1)},
			{"h_bucket", "+Inf", float64(count>>1 + count>>2)},
			{"h_sum", "", real},
			{"h_count", "", float64(count>>1 + count>>2)},
		}
		if len(samples) != len(want) {
			t.Fatalf("%d samples, want %d:\n%s", len(samples), len(want), text)
		}
		for i, w := range want {
			got := samples[i]
			if got.name != w.name || got.labels["le"] != w.le {
				t.Errorf("sample %d is %v, want %v", i, got, w)
			}
			if math.Float64bits(got.value) != math.Float64bits(w.value) && !(math.IsNaN(got.value) && math.IsNaN(w.value)) {
				t.Errorf("%s = %v, want %v", w.name, got.value, w.value)
			}
			if originalBytes(got.labels["a"]) != a || originalBytes(got.labels["b"]) != b {
				t.Errorf("labels %q, want %q and %q", got.labels, a, b)
			}
		}
	})
}

// Two values that differ must differ in the exposition, whatever their bytes.
func FuzzDifferentValuesStayDifferent(f *testing.F) {
	f.Add("a\xe8", "a\xe9")
	f.Add("\uFFFD", "\xff")
	f.Add("\uFFFDff", "\xff")
	f.Add("\uFFFDefbfbd", "\uFFFD")
	f.Add("\uFFFDef\uFFFDbf\uFFFDbd00", "\uFFFD00")
	f.Fuzz(func(t *testing.T, a, b string) {
		d := metric.Descriptor{Name: "g", Kind: metric.Gauge}
		one := write(t, family(d, []string{"l"}, floatPoint(1, a)))
		other := write(t, family(d, []string{"l"}, floatPoint(1, b)))
		if (one == other) != (a == b) {
			t.Errorf("%q and %q are written %q and %q", a, b, one, other)
		}
	})
}

func TestInvalidUTF8(t *testing.T) {
	tests := []struct{ value, want string }{
		{"plain", "plain"},
		{"genuine \uFFFD stays", "genuine \uFFFD stays"},
		{"caf\xe9", "caf\uFFFDe9"},
		{"\xff\xfe", "\uFFFDff\uFFFDfe"},
		{"\uFFFDe9", "\uFFFDef\uFFFDbf\uFFFDbde9"},
		{"\uFFFDE9", "\uFFFDE9"},
		{"\xe2\x82", "\uFFFDe2\uFFFD82"},
	}
	for _, tt := range tests {
		text := write(t, family(metric.Descriptor{Name: "g", Kind: metric.Gauge}, []string{"l"}, floatPoint(1, tt.value)))
		if want := "# TYPE g gauge\ng{l=\"" + tt.want + "\"} 1\n"; text != want {
			t.Errorf("%q is written %q, want %q", tt.value, text, want)
		}
	}
}

func write(t *testing.T, all ...*metric.Family) string {
	t.Helper()
	var text strings.Builder
	if _, err := Write(t.Context(), &text, families(all...)); err != nil {
		t.Fatal(err)
	}
	return text.String()
}
