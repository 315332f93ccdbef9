package prom_test

import (
	"bytes"
	"errors"
	"io"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/exemplar"
	"github.com/prometheus/prometheus/model/histogram"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/model/textparse"

	"github.com/metertree/metertree/export/prometheus"
	"github.com/metertree/metertree/metric"
)

func written(t testing.TB, x prometheus.Exposition, families []*metric.Family) []byte {
	t.Helper()
	var page bytes.Buffer
	if _, err := x.Write(t.Context(), &page, slices.Values(families)); err != nil {
		t.Fatal(err)
	}
	return page.Bytes()
}

// page is what Prometheus' own parser makes of an exposition.
type page struct {
	samples   map[string]float64
	types     map[string]model.MetricType
	helps     map[string]string
	units     map[string]string
	native    map[string]*histogram.Histogram
	exemplars map[string][]exemplar.Exemplar
	starts    map[string]int64
}

func parsed(t testing.TB, content []byte, f prometheus.Format) page {
	t.Helper()
	parser, err := textparse.New(content, f.ContentType(), nil, textparse.ParserOptions{
		KeepClassicOnClassicAndNativeHistograms: true, OpenMetricsSkipSTSeries: true})
	if err != nil {
		t.Fatal(err)
	}
	p := page{map[string]float64{}, map[string]model.MetricType{}, map[string]string{}, map[string]string{},
		map[string]*histogram.Histogram{}, map[string][]exemplar.Exemplar{}, map[string]int64{}}
	for {
		entry, err := parser.Next()
		if errors.Is(err, io.EOF) {
			return p
		}
		if err != nil {
			t.Fatalf("%v: %v\n%q", f, err, content)
		}
		switch entry {
		case textparse.EntryType:
			family, kind := parser.Type()
			p.types[string(family)] = kind
		case textparse.EntryHelp:
			family, help := parser.Help()
			p.helps[string(family)] = string(help)
		case textparse.EntryUnit:
			family, unit := parser.Unit()
			p.units[string(family)] = string(unit)
		case textparse.EntrySeries:
			_, _, value := parser.Series()
			p.sample(t, parser, value)
		case textparse.EntryHistogram:
			_, _, h, _ := parser.Histogram()
			if err := h.Validate(); err != nil {
				t.Errorf("invalid native histogram: %v", err)
			}
			key := keyOf(parser)
			p.native[key] = h.Copy()
			p.addExemplars(key, parser)
			p.starts[key] = parser.StartTimestamp()
		}
	}
}

// keyOf returns the key under which the current sample is compared.
func keyOf(parser textparse.Parser) string {
	var l labels.Labels
	parser.Labels(&l)
	l = l.WithoutEmpty()
	if le := l.Get("le"); le != "" {
		bound, err := strconv.ParseFloat(le, 64)
		if err != nil {
			return err.Error()
		}
		l = labels.NewBuilder(l).Set("le", formatted(bound)).Labels()
	}
	return l.String()
}

func (p page) sample(t testing.TB, parser textparse.Parser, value float64) {
	t.Helper()
	key := keyOf(parser)
	if _, twice := p.samples[key]; twice {
		t.Errorf("%s comes twice", key)
	}
	if math.Float64bits(value) == 0x7ff0000000000002 {
		t.Errorf("%s is a mark of the end of a series", key)
	}
	p.samples[key] = value
	p.addExemplars(key, parser)
	// Asked last: to answer, the parser of OpenMetrics looks ahead.
	if at := parser.StartTimestamp(); at != 0 {
		p.starts[key] = at
	}
}

func (p page) addExemplars(key string, parser textparse.Parser) {
	var e exemplar.Exemplar
	for parser.Exemplar(&e) {
		p.exemplars[key] = append(p.exemplars[key], e)
		e = exemplar.Exemplar{}
	}
}

func all() []*metric.Family {
	return slices.Concat(wellNamed(), peculiar(), []*metric.Family{exponentials()})
}

// sameSamples compares with what is expected, save for the samples for which
// forbidden says that the format has no place.
func sameSamples(t *testing.T, got, want map[string]float64, forbidden func(key string) bool) {
	t.Helper()
	for key, w := range want {
		g, found := got[key]
		switch {
		case forbidden(key):
			if found {
				t.Errorf("%s = %v is exposed", key, g)
			}
		case !found:
			t.Errorf("%s is missing, want %v", key, w)
		case g != w && !(math.IsNaN(g) && math.IsNaN(w)):
			t.Errorf("%s = %v, want %v", key, g, w)
		}
		delete(got, key)
	}
	for key, g := range got {
		t.Errorf("%s = %v is not expected", key, g)
	}
}

func TestPrometheusParsesEveryFormat(t *testing.T) {
	quantiles := []float64{0, .5, .99, 1}
	for _, f := range []prometheus.Format{prometheus.Text, prometheus.OpenMetrics, prometheus.Protobuf} {
		t.Run(f.String(), func(t *testing.T) {
			got := parsed(t, written(t, prometheus.Exposition{Format: f, Quantiles: quantiles}, all()), f)
			sameSamples(t, got.samples, expected(slices.Values(all()), quantiles...), func(key string) bool {
				return f == prometheus.OpenMetrics && noSum(key)
			})
			if help := got.helps["spread_seconds_min"]; help != "Least value of: Spread." {
				t.Errorf("HELP of a minimum is %q", help)
			}
		})
	}
}

// noSum says which sums OpenMetrics does not allow, and no counts without them.
func noSum(key string) bool {
	if !strings.Contains(key, `_sum"`) && !strings.Contains(key, `_count"`) {
		return false
	}
	return strings.Contains(key, `"nan_sum_`) || strings.Contains(key, `case="both sides"`) || strings.Contains(key, `case="finer"`)
}

// never forbids nothing.
func never(string) bool { return false }

func TestMetadata(t *testing.T) {
	for f, total := range map[prometheus.Format]string{prometheus.Text: "_total", prometheus.OpenMetrics: "", prometheus.Protobuf: "_total"} {
		t.Run(f.String(), func(t *testing.T) {
			got := parsed(t, written(t, prometheus.Exposition{Format: f}, all()), f)
			for family, want := range map[string]model.MetricType{
				"calls" + total: model.MetricTypeCounter, "in_flight": model.MetricTypeGauge,
				"wait_seconds":   model.MetricTypeHistogram,
				"spread_seconds": model.MetricTypeSummary, "spread_seconds_max": model.MetricTypeGauge,
				"batch_bytes": model.MetricTypeSummary, "sent_bytes": model.MetricTypeSummary,
			} {
				if got.types[family] != want {
					t.Errorf("%s is a %s, want %s", family, got.types[family], want)
				}
			}
			if help, want := got.helps["calls"+total], "Calls \\ of\nall \"kinds\"."; help != want {
				t.Errorf("HELP is %q, want %q", help, want)
			}
			if f != prometheus.OpenMetrics {
				return
			}
			want := map[string]string{"busy_seconds": "seconds", "size_bytes": "bytes", "wait_seconds": "seconds", "spread_seconds": "seconds"}
			if !maps.Equal(got.units, want) {
				t.Errorf("units %v, want %v", got.units, want)
			}
			for _, family := range []string{"plain", "_total", "twice_total", "below_zero_bucket"} {
				if got.types[family] != model.MetricTypeUnknown {
					t.Errorf("%s is a %s, want unknown", family, got.types[family])
				}
			}
		})
	}
}

func TestNativeHistograms(t *testing.T) {
	got := parsed(t, written(t, prometheus.Exposition{Format: prometheus.Protobuf}, all()), prometheus.Protobuf)
	seen := 0
	for p := range exponentials().Points {
		values := p.Labels.Values(nil, []string{"case"})
		key := name("adaptive_seconds", []string{"case"}, values)
		h, found := got.native[key]
		if tooCoarse := p.Exponential.Scale < -4; tooCoarse == found {
			t.Errorf("%s: native %t", key, found)
		}
		if !found {
			continue
		}
		seen++
		e := p.Exponential
		shift := max(e.Scale-8, 0)
		if h.Count != e.Count() || h.Sum != e.Sum || h.ZeroCount != e.Zero || h.ZeroThreshold != e.ZeroThreshold || int(h.Schema) != e.Scale-shift {
			t.Errorf("%s = %v", key, h)
		}
		sameBuckets(t, key, h.PositiveBucketIterator(), e.PositiveFirst, e.Positive, shift, h.Schema)
		sameBuckets(t, key, h.NegativeBucketIterator(), e.NegativeFirst, e.Negative, shift, h.Schema)
		if at := got.starts[key]; at != started.UnixMilli() {
			t.Errorf("%s starts at %d", key, at)
		}
	}
	if seen != 8 || len(got.native) != seen {
		t.Errorf("%d native histograms, %d of them ours; want 8", len(got.native), seen)
	}
}

// sameBuckets compares buckets by their greater magnitude: base^n of the
// resolution that is exposed.
func sameBuckets(t *testing.T, key string, got histogram.BucketIterator[uint64], first int, counts []uint64, shift int, schema int32) {
	t.Helper()
	want := map[int32]uint64{}
	for i, n := range counts {
		if n > 0 {
			want[int32((first+i)>>shift)+1] += n
		}
	}
	for got.Next() {
		b := got.At()
		if b.Count == 0 {
			continue
		}
		if b.Count != want[b.Index] {
			t.Errorf("%s: bucket %v, want %d", key, b, want[b.Index])
		}
		delete(want, b.Index)
		bound := math.Exp2(math.Ldexp(float64(b.Index), -int(schema)))
		if upper := max(math.Abs(b.Upper), math.Abs(b.Lower)); math.Abs(upper-bound) > 1e-9*bound {
			t.Errorf("%s: bucket %v ends at %v, want %v", key, b, upper, bound)
		}
	}
	if len(want) > 0 {
		t.Errorf("%s: missing buckets %v", key, want)
	}
}

func TestExemplars(t *testing.T) {
	for _, f := range []prometheus.Format{prometheus.OpenMetrics, prometheus.Protobuf} {
		t.Run(f.String(), func(t *testing.T) {
			got := parsed(t, written(t, prometheus.Exposition{Format: f}, all()), f).exemplars
			first := got[name("wait_seconds_bucket", []string{"op"}, []string{"get"}, "le", "0.005")]
			want := exemplar.Exemplar{Labels: labels.FromStrings("span_id", "00f067aa0ba902b7", "trace_id", strings.Repeat("4b", 16)),
				Value: .004, Ts: started.UnixMilli(), HasTs: true}
			if len(first) != 1 || !first[0].Equals(want) {
				t.Errorf("exemplars %v, want %v", first, want)
			}
			second := got[name("wait_seconds_bucket", []string{"op"}, []string{"get"}, "le", "1")]
			if len(second) != 1 || !labels.Equal(second[0].Labels, labels.FromStrings("trace_id", strings.Repeat("x", 120))) {
				t.Errorf("the span was to go first: %v", second)
			}
			if third := got[name("wait_seconds_bucket", []string{"op"}, []string{"get"}, "le", "2.5")]; len(third) != 0 {
				t.Errorf("129 characters are exposed: %v", third)
			}
			if f == prometheus.Protobuf {
				native := got[name("adaptive_seconds", []string{"case"}, []string{"one side"})]
				if len(native) != 2 || !native[0].Equals(want) {
					t.Errorf("of a native histogram: %v", native)
				}
			}
		})
	}
}

func TestStarts(t *testing.T) {
	for _, tt := range []struct {
		exposition prometheus.Exposition
		told       bool
	}{
		{prometheus.Exposition{Format: prometheus.OpenMetrics}, false},
		{prometheus.Exposition{Format: prometheus.OpenMetrics, Created: prometheus.WithCreated}, true},
		{prometheus.Exposition{Format: prometheus.Protobuf}, true},
	} {
		got := parsed(t, written(t, tt.exposition, all()), tt.exposition.Format)
		for _, key := range []string{
			name("calls_total", []string{"op", "zone"}, []string{"ünï😀", "x"}),
			name("wait_seconds_count", []string{"op"}, []string{"get"}),
			name("spread_seconds_count", []string{"op"}, []string{"get"}),
		} {
			want := int64(0)
			if tt.told {
				want = started.UnixMilli()
			}
			if got.starts[key] != want {
				t.Errorf("%+v: %s starts at %d, want %d", tt.exposition, key, got.starts[key], want)
			}
		}
		if at := got.starts[name("busy_seconds_total", nil, nil)]; at != 0 {
			t.Errorf("an unknown start is told: %d", at)
		}
	}
}

// A family of more than one message is one family to Prometheus.
func TestLargeProtobufFamily(t *testing.T) {
	var many []series
	for i := range 60_000 {
		many = append(many, series{[]string{"some longer text for a label", strconv.Itoa(i)}, metric.Point{Int: int64(i)}})
	}
	families := []*metric.Family{familyOf(metric.Descriptor{Name: "many_total", Kind: metric.Counter, Help: "Many."}, []string{"a", "b"}, many...)}
	content := written(t, prometheus.Exposition{Format: prometheus.Protobuf}, families)
	if len(content) < 3<<20 {
		t.Fatalf("%d bytes are not many", len(content))
	}
	got := parsed(t, content, prometheus.Protobuf)
	sameSamples(t, got.samples, expected(slices.Values(families)), never)
}
