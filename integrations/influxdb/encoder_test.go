package influxdb

import (
	"bytes"
	"math"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/metertree/metertree/export/exporttest"
	"github.com/metertree/metertree/metric"
)

func TestLayout(t *testing.T) {
	bounds := []float64{0.1, 1e6}
	latency := family(
		metric.Descriptor{Name: "latency_seconds", Kind: metric.Histogram, Number: metric.Float64, Bounds: bounds},
		metric.Point{Labels: labelled("a"), Histogram: metric.HistogramPoint{Bounds: bounds, Counts: []uint64{1, 0, 2}, Sum: 7.5}})
	for name, test := range map[string]struct {
		options Options
		family  *metric.Family
		want    string
	}{
		"counter": {Options{}, family(metric.Descriptor{Name: "calls_total", Kind: metric.Counter},
			metric.Point{Labels: labelled("a b,c=d"), Int: math.MaxInt64}),
			`calls_total,l=a\ b\,c\=d value=9223372036854775807i 1772366400123456789`},
		"negative integer": {Options{}, family(metric.Descriptor{Name: "open", Kind: metric.UpDownCounter},
			metric.Point{Labels: labelled("日本"), Int: math.MinInt64}),
			`open,l=日本 value=-9223372036854775808i 1772366400123456789`},
		"gauge": {Options{Precision: Seconds}, family(metric.Descriptor{Name: "level", Kind: metric.Gauge, Number: metric.Int64},
			metric.Point{Labels: labelled("a"), Float: -1.5e300}),
			`level,l=a value=-1.5e+300 1772366400`},
		"without a label": {Options{Precision: Milliseconds}, family(metric.Descriptor{Name: "level", Kind: metric.Gauge},
			metric.Point{Labels: labelled("")}), `level value=0 1772366400123`},
		"tags of all points": {Options{Tags: map[string]string{"host": "h 1", "l": "loses", "zone": "z", "empty": ""}},
			family(metric.Descriptor{Name: "level", Kind: metric.Gauge}, metric.Point{Labels: labelled("wins")}),
			`level,host=h\ 1,l=wins,zone=z value=0 1772366400123456789`},
		"histogram": {Options{}, latency,
			`latency_seconds,l=a count=3i,sum=7.5,le_0.1=1i,le_1e+06=1i 1772366400123456789`},
		"buckets as points": {Options{Buckets: BucketTags}, latency, strings.Join([]string{
			`latency_seconds,l=a count=3i,sum=7.5 1772366400123456789`,
			`latency_seconds,l=a,le=0.1 bucket=1i 1772366400123456789`,
			`latency_seconds,l=a,le=1e+06 bucket=1i 1772366400123456789`,
			`latency_seconds,l=a,le=+Inf bucket=3i 1772366400123456789`}, "\n")},
		"one measurement": {Options{Measurement: "checkout"}, latency,
			`checkout,l=a latency_seconds_count=3i,latency_seconds_sum=7.5,latency_seconds_le_0.1=1i,latency_seconds_le_1e+06=1i 1772366400123456789`},
		"a value in one measurement": {Options{Measurement: "checkout"}, family(metric.Descriptor{Name: "time", Kind: metric.Gauge},
			metric.Point{Labels: labelled("a")}), `checkout,l=a time_=0 1772366400123456789`},
		"extremes": {Options{}, family(metric.Descriptor{Name: "h", Kind: metric.Histogram, Aggregation: metric.MinMaxSumCount},
			metric.Point{Labels: labelled("a"), Summary: metric.SummaryPoint{Min: 1, Max: 5, Sum: 9, Count: 3}},
			metric.Point{Labels: labelled("b")}),
			"h,l=a count=3i,sum=9,min=1,max=5 1772366400123456789\nh,l=b count=0i,sum=0 1772366400123456789"},
		"exact": {Options{}, family(metric.Descriptor{Name: "h", Kind: metric.Histogram, Aggregation: metric.Exact},
			metric.Point{Labels: labelled("a"), Exact: &metric.ExactPoint{Values: []float64{1, 2}, Missed: 1, MissedSum: 4}}),
			"h,l=a count=3i,sum=7 1772366400123456789"},
		"sum and count": {Options{}, family(metric.Descriptor{Name: "h", Kind: metric.Histogram, Aggregation: metric.SumAggregation},
			metric.Point{Labels: labelled("a"), Histogram: metric.HistogramPoint{Counts: []uint64{3}, Sum: 9}}),
			"h,l=a count=3i,sum=9 1772366400123456789"},
		"exponential": {Options{}, family(metric.Descriptor{Name: "h", Kind: metric.Histogram, Exponential: metric.ExponentialLayout{Size: 4}},
			metric.Point{Labels: labelled("a"), Exponential: &metric.ExponentialPoint{Sum: 9, PositiveFirst: 1, Positive: []uint64{1, 2}}}),
			"h,l=a count=3i,sum=9,le_4=1i,le_8=3i 1772366400123456789"},
		"no number": {Options{}, family(metric.Descriptor{Name: "level", Kind: metric.Gauge},
			metric.Point{Labels: labelled("a"), Float: math.NaN()}, metric.Point{Labels: labelled("b"), Float: math.Inf(-1)},
			metric.Point{Labels: labelled("c"), Float: 1}),
			`level,l=c value=1 1772366400123456789`},
		"a sum that is no number": {Options{}, family(metric.Descriptor{Name: "h", Kind: metric.Histogram, Aggregation: metric.SumAggregation},
			metric.Point{Labels: labelled("a"), Histogram: metric.HistogramPoint{Counts: []uint64{3}, Sum: math.NaN()}}),
			"h,l=a count=3i 1772366400123456789"},
	} {
		t.Run(name, func(t *testing.T) {
			got := encode(t, test.options, totals(test.family))
			if got != test.want+"\n" {
				t.Errorf("got\n%swant\n%s", got, test.want)
			}
			mustDecode(t, got)
		})
	}
}

func TestReservedLabels(t *testing.T) {
	keys := []string{"time", "time_"}
	f := &metric.Family{Descriptor: metric.Descriptor{Name: "level", Kind: metric.Gauge}, Keys: keys,
		Points: func(yield func(*metric.Point) bool) {
			yield(&metric.Point{Labels: metric.EncodeLabels(keys, []string{"a", "b"})})
		}}
	if got, want := encode(t, Options{}, totals(f)), "level,time__=a,time_=b value=0 1772366400123456789\n"; got != want {
		t.Errorf("got %swant %s", got, want)
	}
}

// What differs as a label differs as a tag, and what the protocol can hold
// arrives as it is.
func TestEscaping(t *testing.T) {
	seen := map[string]string{}
	for _, test := range []struct{ value, tag string }{
		{"plain", "plain"}, {" lead and trail ", " lead and trail "}, {`a\b`, `a\b`}, {`"quoted"`, `"quoted"`},
		{"a,b=c d", "a,b=c d"}, {"é\u2028日", "é\u2028日"},
		{`trail\`, "trail\uFFFD5c"}, {`a\ b`, "a\uFFFD5c b"}, {`a\,b`, "a\uFFFD5c,b"}, {`\\host`, "\uFFFD5c\\host"},
		{"a\nb", "a\uFFFD0ab"}, {`a\nb`, `a\nb`}, {"a\rb", "a\uFFFD0db"}, {"\x00", "\uFFFD00"}, {"\x7f", "\uFFFD7f"},
		{"caf\xe9", "caf\uFFFDe9"}, {"\uFFFD", "\uFFFD"}, {"\uFFFDe9", "\uFFFDef\uFFFDbf\uFFFDbde9"}, {"\xef\xbf", "\uFFFDef\uFFFDbf"},
	} {
		text := appendEscaped([]byte("m,l="), test.value, special)
		lines := mustDecode(t, string(text)+" value=1 1\n")
		if len(lines) != 1 || lines[0].tags["l"] != test.tag {
			t.Errorf("%q arrives as %v, want %q", test.value, lines, test.tag)
		}
		if other, is := seen[test.tag]; is {
			t.Errorf("%q and %q are both %q", test.value, other, test.tag)
		}
		seen[test.tag] = test.value
	}
}

// FuzzEscaping holds that any measurement, name and value make a line, and that
// different values stay different.
func FuzzEscaping(f *testing.F) {
	f.Add("m", "k", "a", "b")
	f.Add("m,=", " k\\", "\n\\", "\\")
	f.Add("\xff", "time", "\uFFFD0a", "\n")
	f.Fuzz(func(t *testing.T, measurement, name, a, b string) {
		if measurement == "" || measurement[0] == '#' || name == "" || a == "" || b == "" {
			return // none of these is written
		}
		var tags [2]string
		for i, value := range []string{a, b} {
			text := appendEscaped(nil, measurement, specialMeasurement)
			text = appendEscaped(append(text, ','), name, special)
			text = appendEscaped(append(text, '='), value, special)
			text = append(appendEscaped(append(text, ' '), name, special), "=1 1\n"...)
			lines, err := decode(text)
			if err != nil || len(lines) != 1 || len(lines[0].tags) != 1 || len(lines[0].fields) != 1 {
				t.Fatalf("%q is read as %v, %v", text, lines, err)
			}
			for _, tags[i] = range lines[0].tags {
				continue
			}
		}
		if (tags[0] == tags[1]) != (a == b) {
			t.Errorf("%q and %q are read as %q and %q", a, b, tags[0], tags[1])
		}
	})
}

// A batch that is repeated has the same times, so that its points replace those
// that had arrived; periods that were delivered never share one.
func TestDeltasHaveTheTimeOfTheirPeriod(t *testing.T) {
	d := newDouble(t)
	e := d.exporter(t, V1{Database: "db"}, Options{Precision: Seconds})
	calls := family(metric.Descriptor{Name: "calls_total", Kind: metric.Counter}, metric.Point{Labels: labelled("a"), Int: 1})
	level := family(metric.Descriptor{Name: "level", Kind: metric.Gauge}, metric.Point{Labels: labelled("a")})
	began := noon.Truncate(time.Second)
	for _, after := range []time.Duration{0, 0, 100 * time.Millisecond, 200 * time.Millisecond, 3 * time.Second} {
		b := batchOf(metric.Delta, totals(calls, level).Families)
		b.Start = began.Add(after)
		if err := e.Export(t.Context(), b); err != nil {
			t.Fatal(err)
		}
	}
	times := map[string][]int64{}
	for _, l := range mustDecode(t, d.text()) {
		times[l.measurement] = append(times[l.measurement], l.time-began.Unix())
	}
	want := map[string][]int64{"calls_total": {0, 0, 1, 2, 3}, "level": {0, 0, 0, 0, 0}}
	if !reflect.DeepEqual(times, want) {
		t.Errorf("times are %v, want %v", times, want)
	}
}

func TestNothingIsAllocatedForAPoint(t *testing.T) {
	for name, options := range map[string]Options{
		"fields": {Tags: map[string]string{"host": "a"}}, "tags": {Buckets: BucketTags}, "one measurement": {Measurement: "m"},
	} {
		t.Run(name, func(t *testing.T) {
			options, err := options.complete()
			if err != nil {
				t.Fatal(err)
			}
			e := newEncoder(&options)
			e.begin(totals())
			bounds := metric.DefaultLatencyBounds()
			f := family(metric.Descriptor{Name: "latency_seconds", Kind: metric.Histogram, Bounds: bounds})
			e.family(f)
			p := &metric.Point{Labels: labelled("a value, with what needs escaping"), Histogram: metric.HistogramPoint{
				Bounds: bounds, Counts: make([]uint64, len(bounds)+1), Sum: 7.5}}
			lines := e.point(nil, p)
			if n := testing.AllocsPerRun(100, func() { lines = e.point(lines[:0], p) }); n != 0 {
				t.Errorf("%v allocations for a point", n)
			}
		})
	}
}

// TestEveryKind writes what exporters must take, odd values too, and reads it.
func TestEveryKind(t *testing.T) {
	for _, options := range []Options{{}, {Buckets: BucketTags}, {Measurement: "m", MaxBytes: 100}} {
		text := encode(t, options, totals()) +
			encode(t, options, batchOf(metric.Cumulative, exporttest.Families(noon))) +
			encode(t, options, batchOf(metric.Delta, exporttest.OddFamilies(noon)))
		lines := mustDecode(t, text)
		if n := bytes.Count([]byte(text), newline); n != len(lines) {
			t.Errorf("%d lines are read as %d", n, len(lines))
		}
		seen := map[string]bool{}
		for _, l := range lines {
			for field := range l.fields {
				id := l.series() + " " + field
				if seen[id] {
					t.Errorf("%s is written twice", id)
				}
				seen[id] = true
			}
		}
	}
}
