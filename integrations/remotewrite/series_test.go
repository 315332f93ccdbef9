package remotewrite

import (
	"fmt"
	"math"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/metertree/metertree/export"
	"github.com/metertree/metertree/export/exporttest"
	"github.com/metertree/metertree/metric"
)

// wire returns what arrives of a batch.
func wire(t *testing.T, o Options, b *export.Batch) []sample {
	t.Helper()
	d := newDouble(t)
	mustExport(t, d.exporter(t, o), b)
	return d.samples()
}

// lines are samples as text, in their order.
func lines(samples []sample) (all []string) {
	for _, s := range samples {
		all = append(all, fmt.Sprint(s.series(), " ", s.value))
	}
	return all
}

func TestSeries(t *testing.T) {
	bounds := []float64{0.1, 1e6}
	explicit := metric.Descriptor{Name: "latency_seconds", Kind: metric.Histogram, Number: metric.Float64, Bounds: bounds}
	histogram := func(a metric.Aggregation) metric.Descriptor {
		return metric.Descriptor{Name: "h", Kind: metric.Histogram, Number: metric.Float64, Aggregation: a}
	}
	for name, test := range map[string]struct {
		options Options
		family  *metric.Family
		want    []string
	}{
		"counter": {Options{}, newFamily(metric.Descriptor{Name: "calls_total", Kind: metric.Counter},
			metric.Point{Labels: labelled(`a "b" \ c`), Int: 7}, metric.Point{Labels: labelled("")}),
			[]string{`calls_total{l="a \"b\" \\ c"} 7`, "calls_total 0"}},
		"float": {Options{}, newFamily(metric.Descriptor{Name: "open", Kind: metric.UpDownCounter, Number: metric.Float64},
			metric.Point{Labels: labelled("a"), Float: -1.5}), []string{`open{l="a"} -1.5`}},
		"external labels": {Options{ExternalLabels: map[string]string{"A": "first", "l": "loses", "z": "last", "empty": ""}},
			level("wins"), []string{`level{A="first",l="wins",z="last"} 0`}},
		"histogram": {Options{ExternalLabels: map[string]string{"lf": "x"}}, newFamily(explicit, metric.Point{Labels: labelled("a"),
			Histogram: metric.HistogramPoint{Bounds: bounds, Counts: []uint64{1, 0, 2}, Sum: 7.5}}),
			[]string{`latency_seconds_bucket{l="a",le="0.1",lf="x"} 1`, `latency_seconds_bucket{l="a",le="1e+06",lf="x"} 1`,
				`latency_seconds_bucket{l="a",le="+Inf",lf="x"} 3`, `latency_seconds_sum{l="a",lf="x"} 7.5`, `latency_seconds_count{l="a",lf="x"} 3`}},
		"no distribution": {Options{}, newFamily(explicit, metric.Point{Labels: labelled("a")}), nil},
		"extremes": {Options{}, newFamily(histogram(metric.MinMaxSumCount),
			metric.Point{Labels: labelled("a"), Summary: metric.SummaryPoint{Min: 1, Max: 5, Sum: 9, Count: 3}}, metric.Point{Labels: labelled("b")}),
			[]string{`h_sum{l="a"} 9`, `h_count{l="a"} 3`, `h_min{l="a"} 1`, `h_max{l="a"} 5`, `h_sum{l="b"} 0`, `h_count{l="b"} 0`}},
		"exact": {Options{}, newFamily(histogram(metric.Exact),
			metric.Point{Labels: labelled("a"), Exact: &metric.ExactPoint{Values: []float64{1, 2}, Missed: 1, MissedSum: 4}}, metric.Point{Labels: labelled("b")}),
			[]string{`h_sum{l="a"} 7`, `h_count{l="a"} 3`}},
		"sum and count": {Options{}, newFamily(histogram(metric.SumAggregation),
			metric.Point{Labels: labelled("a"), Histogram: metric.HistogramPoint{Counts: []uint64{3}, Sum: 9}}),
			[]string{`h_sum{l="a"} 9`, `h_count{l="a"} 3`}},
		"not UTF-8": {Options{}, level("caf\xe9", "\uFFFD", "\uFFFDe9", "日本"),
			[]string{"level{l=\"caf\uFFFDe9\"} 0", "level{l=\"\uFFFD\"} 1", "level{l=\"\uFFFDef\uFFFDbf\uFFFDbde9\"} 2", `level{l="日本"} 3`}},
		"not finite": {Options{}, newFamily(metric.Descriptor{Name: "level", Kind: metric.Gauge},
			metric.Point{Labels: labelled("a"), Float: math.Inf(-1)}, metric.Point{Labels: labelled("b"), Float: staleNaN}),
			[]string{`level{l="a"} -Inf`, `level{l="b"} NaN`}},
	} {
		for _, version := range []Version{Version1, Version2} {
			t.Run(fmt.Sprint(name, " ", version), func(t *testing.T) {
				test.options.Version, test.options.Shards = version, 1
				samples := wire(t, test.options, totals(test.family))
				if got := lines(samples); !slices.Equal(got, test.want) {
					t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(test.want, "\n"))
				}
				for _, s := range samples {
					if s.stale() || s.time != noon.UnixMilli() {
						t.Errorf("%s at %d, ended %t", s.series(), s.time, s.stale())
					}
				}
			})
		}
	}
}

func TestExponentialHistogram(t *testing.T) {
	descriptor := metric.Descriptor{Name: "h", Kind: metric.Histogram, Number: metric.Float64, Exponential: metric.ExponentialLayout{Size: 160}}
	points := []metric.Point{
		{Labels: labelled("a"), Start: noon.Add(-time.Hour), Exponential: &metric.ExponentialPoint{Scale: 1, ZeroThreshold: 0.5, Zero: 1, Sum: 9,
			PositiveFirst: 2, Positive: []uint64{0, 1, 0, 0, 0, 2, 0}, NegativeFirst: -3, Negative: []uint64{4}}},
		{Labels: labelled("fine"), Exponential: &metric.ExponentialPoint{Scale: 10, PositiveFirst: 4, Positive: []uint64{1, 2, 4, 8}}},
		{Labels: labelled("small"), Exponential: &metric.ExponentialPoint{Scale: 10, PositiveFirst: -5, Positive: []uint64{1, 2, 4}}},
		{Labels: labelled("empty"), Exponential: &metric.ExponentialPoint{Scale: 3}},
		{Labels: labelled("coarse"), Exponential: &metric.ExponentialPoint{Scale: -5, Sum: 3, Positive: []uint64{1}}},
	}
	want := map[string]*histogram{
		`h{l="a"}`: {schema: 1, count: 8, zero: 1, sum: 9, threshold: 0.5, positive: map[int32]int64{4: 1, 8: 2}, negative: map[int32]int64{-2: 4}},
		// Buckets 4 to 7 at scale 10 are bucket 1 at scale 8, whose upper bound has
		// the number 2.
		`h{l="fine"}`: {schema: 8, count: 15, positive: map[int32]int64{2: 15}, negative: map[int32]int64{}},
		// Bucket -5 is in bucket -2, -4 and -3 are in bucket -1.
		`h{l="small"}`: {schema: 8, count: 7, positive: map[int32]int64{-1: 1, 0: 6}, negative: map[int32]int64{}},
		`h{l="empty"}`: {schema: 3, positive: map[int32]int64{}, negative: map[int32]int64{}},
	}
	for _, version := range []Version{Version1, Version2} {
		coarse := 0
		for _, s := range wire(t, Options{Version: version, Histograms: Native}, totals(newFamily(descriptor, points...))) {
			if s.native == nil {
				coarse++
				continue
			}
			if w := want[s.series()]; !reflect.DeepEqual(s.native, w) {
				t.Errorf("version %v: %s is %+v, want %+v", version, s.series(), s.native, w)
			}
			if starts := s.start != 0; starts != (version == Version2 && s.labels["l"] == "a") {
				t.Errorf("version %v: %s starts at %d", version, s.series(), s.start)
			}
		}
		if coarse != 4 { // two buckets, the sum, the count
			t.Errorf("version %v: %d series of buckets are written", version, coarse)
		}
	}
	got := lines(wire(t, Options{Shards: 1}, totals(newFamily(descriptor, points[4]))))
	if want := []string{`h_bucket{l="coarse",le="4.294967296e+09"} 1`, `h_bucket{l="coarse",le="+Inf"} 1`, `h_sum{l="coarse"} 3`, `h_count{l="coarse"} 1`}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestTypesAndStarts(t *testing.T) {
	start := noon.Add(-time.Hour)
	began := map[metric.Temporality]int64{metric.Cumulative: start.UnixMilli(), metric.Delta: noon.Add(-time.Minute).UnixMilli()}
	histogram := metric.HistogramPoint{Counts: []uint64{1}, Sum: 1}
	for _, temporality := range []metric.Temporality{metric.Cumulative, metric.Delta} {
		for name, test := range map[string]struct {
			descriptor metric.Descriptor
			point      metric.Point
			// kinds are the types by suffix, of totals and of deltas.
			kinds  map[string][2]metricType
			starts bool
		}{
			"counter": {metric.Descriptor{Kind: metric.Counter}, metric.Point{}, map[string][2]metricType{"": {typeCounter, typeGauge}}, true},
			"updown":  {metric.Descriptor{Kind: metric.UpDownCounter}, metric.Point{}, map[string][2]metricType{"": {typeGauge, typeGauge}}, false},
			"gauge":   {metric.Descriptor{Kind: metric.Gauge}, metric.Point{}, map[string][2]metricType{"": {typeGauge, typeGauge}}, false},
			"histogram": {metric.Descriptor{Kind: metric.Histogram}, metric.Point{Histogram: histogram}, map[string][2]metricType{
				"_bucket": {typeHistogram, typeGaugeHistogram}, "_sum": {typeHistogram, typeGaugeHistogram}, "_count": {typeHistogram, typeGaugeHistogram}}, true},
			"sum": {metric.Descriptor{Kind: metric.Histogram, Aggregation: metric.SumAggregation}, metric.Point{Histogram: histogram},
				map[string][2]metricType{"_sum": {typeSummary, typeGauge}, "_count": {typeSummary, typeGauge}}, true},
			"native": {metric.Descriptor{Kind: metric.Histogram, Exponential: metric.ExponentialLayout{Size: 1}},
				metric.Point{Exponential: &metric.ExponentialPoint{}}, map[string][2]metricType{"": {typeHistogram, typeGaugeHistogram}}, true},
		} {
			d := test.descriptor
			d.Name, d.Help, d.Unit = "seconds", "What it\nis.", "seconds"
			test.point.Start, test.point.Labels = start, labelled("a")
			b := batchOf(temporality, totals(newFamily(d, test.point)).Families)
			samples := wire(t, Options{Version: Version2, Histograms: Native}, b)
			if len(samples) == 0 {
				t.Errorf("%s: nothing arrives", name)
			}
			for _, s := range samples {
				suffix := strings.TrimPrefix(s.labels[nameLabel], "seconds")
				if s.kind != test.kinds[suffix][temporality] || s.help != d.Help || s.unit != d.Unit {
					t.Errorf("%s%s, %v: type %d, help %q, unit %q", name, suffix, temporality, s.kind, s.help, s.unit)
				}
				if want := began[temporality]; test.starts && s.start != want || !test.starts && s.start != 0 {
					t.Errorf("%s%s, %v starts at %d, want %d", name, suffix, temporality, s.start, want)
				}
				if s.native != nil && s.native.gauge != (temporality == metric.Delta) {
					t.Errorf("%s, %v: gauge histogram is %t", name, temporality, s.native.gauge)
				}
			}
		}
	}
}

// A start in the millisecond of the first sample, or in the future, is before it,
// and stays so; before 1970 it is none.
func TestOddStarts(t *testing.T) {
	before := noon.UnixMilli() - 1
	for start, want := range map[time.Time]int64{{}: 0, noon: before, noon.Add(time.Hour): before, time.Unix(-1, 0): 0, noon.Add(-time.Hour): noon.Add(-time.Hour).UnixMilli()} {
		d := newDouble(t)
		e := d.exporter(t, Options{Version: Version2})
		point := metric.Point{Labels: labelled("a"), Start: start}
		for _, at := range []time.Duration{0, time.Second, 2 * time.Hour} {
			mustExport(t, e, after(at, newFamily(metric.Descriptor{Name: "calls_total", Kind: metric.Counter}, point)))
		}
		for i, s := range d.samples() {
			if s.start != want {
				t.Errorf("sample %d of a series that began at %v starts at %d, want %d", i, start, s.start, want)
			}
		}
		// A series that comes back has a start of its own.
		if point.Start = noon.Add(3 * time.Hour); want != 0 {
			mustExport(t, e, after(4*time.Hour, newFamily(metric.Descriptor{Name: "calls_total", Kind: metric.Counter}, point)))
			if s := d.samples(); len(s) != 4 || s[3].start != point.Start.UnixMilli() {
				t.Errorf("a series that came back has samples %+v", s)
			}
		}
	}
}

func TestExemplars(t *testing.T) {
	at := func(ms int, trace, span string, v float64) *metric.Exemplar {
		x := &metric.Exemplar{TraceID: trace, SpanID: span, Value: v}
		if ms != 0 {
			x.Time = noon.Truncate(time.Second).Add(time.Duration(ms) * time.Millisecond)
		}
		return x
	}
	bounds := []float64{1, 2}
	long := strings.Repeat("x", 110)
	explicit := newFamily(metric.Descriptor{Name: "h", Kind: metric.Histogram, Bounds: bounds}, metric.Point{
		Labels: labelled("a"), Histogram: metric.HistogramPoint{Bounds: bounds, Counts: []uint64{1, 1, 1}},
		Exemplars: []*metric.Exemplar{at(1, "t1", "s1", 1), nil, at(2, long, "too long", 3)}})
	exponential := newFamily(metric.Descriptor{Name: "h", Kind: metric.Histogram, Exponential: metric.ExponentialLayout{Size: 9}}, metric.Point{
		Labels: labelled("a"), Exponential: &metric.ExponentialPoint{Positive: []uint64{2, 1}},
		Exemplars: []*metric.Exemplar{at(5, "t1", "", 1.5), at(3, "t2", "", 2), at(4, "t3", "", 4), at(0, "no time", "", 3), at(9, "", "no trace", 3)}})
	millis := noon.Truncate(time.Second).UnixMilli()
	for name, test := range map[string]struct {
		options Options
		family  *metric.Family
		want    map[string][]string
	}{
		"explicit": {Options{}, explicit, map[string][]string{
			`h_bucket{l="a",le="1"}`:    {fmt.Sprint([]string{"span_id", "s1", "trace_id", "t1"}, 1.0, millis+1)},
			`h_bucket{l="a",le="+Inf"}`: {fmt.Sprint([]string{"trace_id", long}, 3.0, millis+2)}}},
		"exponential": {Options{}, exponential, map[string][]string{
			`h_bucket{l="a",le="2"}`: {fmt.Sprint([]string{"trace_id", "t1"}, 1.5, millis+5)},
			`h_bucket{l="a",le="4"}`: {fmt.Sprint([]string{"trace_id", "t3"}, 4.0, millis+4)}}},
		"native": {Options{Histograms: Native}, exponential, map[string][]string{
			`h{l="a"}`: {fmt.Sprint([]string{"trace_id", "t2"}, 2.0, millis+3), fmt.Sprint([]string{"trace_id", "t3"}, 4.0, millis+4),
				fmt.Sprint([]string{"trace_id", "t1"}, 1.5, millis+5)}}},
	} {
		for _, version := range []Version{Version1, Version2} {
			test.options.Version = version
			d := newDouble(t)
			e := d.exporter(t, test.options)
			mustExport(t, e, totals(test.family))
			got := map[string][]string{}
			for _, s := range d.samples() {
				if len(s.exemplars) > 0 {
					got[s.series()] = s.exemplars
				}
			}
			if !reflect.DeepEqual(got, test.want) {
				t.Errorf("%s, version %v: got %q, want %q", name, version, got, test.want)
			}
			// They are delivered, and not told again.
			mustExport(t, e, after(time.Second, test.family))
			for _, s := range d.Requests()[1].samples {
				if len(s.exemplars) > 0 {
					t.Errorf("%s, version %v: %s has %q again", name, version, s.series(), s.exemplars)
				}
			}
		}
	}
}

// Receivers of version 1 are told of families apart from series: each once, every
// minute.
func TestMetadataOfVersion1(t *testing.T) {
	d := newDouble(t)
	e := d.exporter(t, Options{Version: Version1, MaxSamples: 7})
	for i, at := range []time.Duration{0, time.Second, time.Minute, time.Minute + time.Second} {
		b := batchOf(metric.Cumulative, exporttest.Families(noon))
		b.Time = noon.Add(at)
		before := len(d.Requests())
		mustExport(t, e, b)
		got := map[string]described{}
		for _, r := range d.Requests()[before:] {
			for _, m := range r.described {
				if _, twice := got[m.name]; twice {
					t.Errorf("batch %d describes %s twice", i, m.name)
				}
				got[m.name] = m
			}
		}
		if want := (i%2 == 0); want != (len(got) == 10) || !want && len(got) > 0 {
			t.Errorf("batch %d describes %d families", i, len(got))
		}
		if i == 0 {
			const help = "A metric with a \\ and a\nline end in its help."
			if want := (described{"histogram_explicit_seconds", help, "seconds", typeHistogram}); got[want.name] != want {
				t.Errorf("got %+v, want %+v", got[want.name], want)
			}
			if want := (described{"histogram_sum", help, "", typeSummary}); got[want.name] != want {
				t.Errorf("got %+v, want %+v", got[want.name], want)
			}
		}
	}
}

// Both versions say the same, of every kind and odd value.
func TestVersionsAgree(t *testing.T) {
	for _, families := range []*export.Batch{batchOf(metric.Cumulative, exporttest.Families(noon)), batchOf(metric.Delta, exporttest.OddFamilies(noon))} {
		var texts [2]string
		for i, version := range []Version{Version1, Version2} {
			samples := wire(t, Options{Version: version, Histograms: Native}, families)
			seen := map[string]bool{}
			var all []string
			for _, s := range samples {
				if seen[s.series()] {
					t.Errorf("version %v: %s comes twice", version, s.series())
				}
				seen[s.series()] = true
				native := ""
				if s.native != nil {
					native = fmt.Sprintf("%+v", *s.native)
				}
				all = append(all, fmt.Sprint(s.series(), s.value, s.time, native, s.exemplars))
			}
			slices.Sort(all)
			texts[i] = strings.Join(all, "\n")
		}
		if texts[0] != texts[1] || texts[0] == "" {
			t.Errorf("version 1 says\n%s\nand version 2\n%s", texts[0], texts[1])
		}
	}
}

func TestNothingIsAllocatedForAPoint(t *testing.T) {
	e, err := New("http://host", Options{ExternalLabels: map[string]string{"job": "a"}})
	if err != nil {
		t.Fatal(err)
	}
	bounds := metric.DefaultLatencyBounds()
	d := &delivery{Exporter: e, outer: t.Context(), ctx: t.Context(), lanes: e.lanes[:1], time: noon.UnixMilli(), batch: totals()}
	d.lanes[0].delivery, d.described = d, true
	f := newFamily(metric.Descriptor{Name: "latency_seconds", Kind: metric.Histogram, Bounds: bounds})
	points := make([]metric.Point, 50)
	for i := range points {
		points[i] = metric.Point{Labels: labelled(fmt.Sprint("value ", i)), Start: noon.Add(-time.Hour),
			Histogram: metric.HistogramPoint{Bounds: bounds, Counts: make([]uint64, len(bounds)+1), Sum: 7.5}}
	}
	d.family = e.known.family(f, metric.Cumulative, e.external)
	l := d.lanes[0]
	for _, version := range []Version{Version1, Version2} {
		run := func() {
			l.pending.reset(d.time)
			for i := range points {
				d.point(&points[i])
			}
			l.encoder.encode(l.pending.whole(), version)
		}
		run()
		if n := testing.AllocsPerRun(20, run); n != 0 {
			t.Errorf("version %v: %v allocations for %d points", version, n, len(points))
		}
	}
	if n := len(l.pending.entries); n != 50*(len(bounds)+3) {
		t.Errorf("%d series were made", n)
	}
}
