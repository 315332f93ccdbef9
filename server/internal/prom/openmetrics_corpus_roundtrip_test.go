package prom_test

import (
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/exemplar"
	"github.com/prometheus/prometheus/model/labels"

	"github.com/metertree/metertree/export/prometheus"
	"github.com/metertree/metertree/metric"
	"github.com/metertree/metertree/server/internal/prom"
)

// ours returns the family in our model.
func (f *foreign) ours(t *testing.T) *metric.Family {
	d := metric.Descriptor{Name: f.name, Help: f.help, Unit: f.unit, Number: metric.Float64}
	switch f.shape {
	case model.MetricTypeCounter:
		d.Name, d.Kind = f.name+"_total", metric.Counter
		if f.whole() {
			d.Number = metric.Int64
		}
	case model.MetricTypeUnknown:
		d.Kind = metric.Counter
	case model.MetricTypeGauge:
		d.Kind = metric.Gauge
	case model.MetricTypeHistogram:
		// Bounds are left to the points: a family that declares some below zero
		// is exposed in parts.
		d.Kind = metric.Histogram
	case model.MetricTypeSummary:
		d.Kind, d.Aggregation = metric.Histogram, metric.SumAggregation
	default:
		t.Fatalf("%s is a %s", f.name, f.shape)
	}
	keys := f.keys()
	var all []series
	at := map[metric.LabelSet]int{}
	for _, s := range f.samples {
		values := make([]string, len(keys))
		for i, key := range keys {
			values[i] = s.labels.Get(key)
		}
		set := metric.EncodeLabels(keys, values)
		if _, found := at[set]; !found {
			at[set] = len(all)
			// Without a number for a sum, neither sum nor count is exposed.
			all = append(all, series{values, metric.Point{Histogram: metric.HistogramPoint{Sum: math.NaN()}}})
		}
		s.addTo(t, &all[at[set]].Point, strings.TrimPrefix(s.name, f.name))
	}
	return familyOf(d, keys, all...)
}

// whole reports whether every value is an integer that a float64 tells exactly.
func (f *foreign) whole() bool {
	return !slices.ContainsFunc(f.samples, func(s foreignSample) bool {
		return s.value != math.Trunc(s.value) || math.Abs(s.value) >= 1<<53
	})
}

// keys are the names of all labels of series, sorted.
func (f *foreign) keys() []string {
	names := map[string]bool{}
	for _, s := range f.samples {
		s.labels.Range(func(l labels.Label) { names[l.Name] = true })
	}
	if f.shape == model.MetricTypeHistogram {
		delete(names, model.BucketLabel)
	}
	return slices.Sorted(maps.Keys(names))
}

// addTo adds what the sample tells to its point.
func (s foreignSample) addTo(t *testing.T, p *metric.Point, suffix string) {
	t.Helper()
	if s.start != 0 {
		p.Start = time.UnixMilli(s.start)
	}
	switch h := &p.Histogram; suffix {
	case "_bucket":
		bound, err := strconv.ParseFloat(s.labels.Get(model.BucketLabel), 64)
		if err != nil {
			t.Fatal(err)
		}
		if !math.IsInf(bound, 1) {
			h.Bounds = append(h.Bounds, bound)
		}
		h.Counts = append(h.Counts, uint64(s.value)-h.Count())
		p.Exemplars = append(p.Exemplars, s.exemplarOurs())
	case "_sum":
		h.Sum = s.value
	case "_count":
		if len(h.Counts) == 0 {
			h.Counts = []uint64{uint64(s.value)}
		}
	default:
		p.Float, p.Int = s.value, int64(s.value)
	}
}

func (s foreignSample) exemplarOurs() *metric.Exemplar {
	if len(s.exemplars) == 0 {
		return nil
	}
	e := s.exemplars[0]
	ours := metric.Exemplar{TraceID: e.Labels.Get("trace_id"), SpanID: e.Labels.Get("span_id"), Value: e.Value}
	if e.HasTs {
		ours.Time = time.UnixMilli(e.Ts)
	}
	return &ours
}

// pageOf is what a parser is to make of families.
func pageOf(all []*foreign) page {
	p := page{map[string]float64{}, map[string]model.MetricType{}, map[string]string{}, map[string]string{},
		nil, map[string][]exemplar.Exemplar{}, map[string]int64{}}
	for _, f := range all {
		p.types[f.name] = f.shape
		if f.help != "" {
			p.helps[f.name] = f.help
		}
		if f.unit != "" {
			p.units[f.name] = f.unit
		}
		for _, s := range f.samples {
			p.samples[s.key] = s.value
			if len(s.exemplars) > 0 {
				p.exemplars[s.key] = s.exemplars
			}
			if s.start != 0 {
				p.starts[s.key] = s.start
			}
		}
	}
	return p
}

func samePage(t *testing.T, got, want page) {
	t.Helper()
	sameExemplars := func(a, b []exemplar.Exemplar) bool {
		return slices.EqualFunc(a, b, func(a, b exemplar.Exemplar) bool { return a.Equals(b) })
	}
	if !maps.Equal(got.types, want.types) {
		t.Errorf("types %v, want %v", got.types, want.types)
	}
	if !maps.Equal(got.helps, want.helps) {
		t.Errorf("help %q, want %q", got.helps, want.helps)
	}
	if !maps.Equal(got.units, want.units) {
		t.Errorf("units %v, want %v", got.units, want.units)
	}
	if !maps.Equal(got.starts, want.starts) {
		t.Errorf("starts %v, want %v", got.starts, want.starts)
	}
	if !maps.EqualFunc(got.exemplars, want.exemplars, sameExemplars) {
		t.Errorf("exemplars %v, want %v", got.exemplars, want.exemplars)
	}
	sameSamples(t, got.samples, want.samples, never)
}

// What is valid and fits our model comes back from our encoder as it was.
func TestOpenMetricsCorpusRoundTrip(t *testing.T) {
	left, done := map[string]int{}, map[string]int{}
	valid := slices.DeleteFunc(corpus(t), func(c corpusCase) bool { return !c.ShouldParse })
	for _, c := range valid {
		t.Run(c.Case, func(t *testing.T) {
			kept := held(foreignFamilies(t, c.Metrics), left)
			if len(kept) == 0 {
				done["cases of which nothing is held"]++
				return
			}
			var families []*metric.Family
			for _, f := range kept {
				families = append(families, f.ours(t))
				done["families, "+string(f.shape)]++
			}
			content := written(t, prometheus.Exposition{Format: prometheus.OpenMetrics, Created: prometheus.WithCreated}, families)
			want := pageOf(kept)
			done["cases"]++
			done["samples"] += len(want.samples)
			done["samples with an exemplar"] += len(want.exemplars)
			done["samples with a start"] += len(want.starts)
			done["units"] += len(want.units)
			samePage(t, parsed(t, content, prometheus.OpenMetrics), want)
			if _, err := samplesOfOurs(t, string(content), prom.FormatOpenMetrics); err != nil {
				t.Errorf("our reader refuses our own: %v\n%s", err, content)
			}
		})
	}
	if done["cases"]+done["cases of which nothing is held"] < len(valid) {
		return // only some were asked for
	}
	sameTally(t, "round trip", done, map[string]int{
		"cases":                          37,
		"cases of which nothing is held": 7,
		"families, counter":              36,
		"families, gauge":                13,
		"families, histogram":            8,
		"families, summary":              4,
		"families, unknown":              3,
		"samples":                        123,
		"samples with a start":           14,
		"samples with an exemplar":       7,
		"units":                          2,
	})
	sameTally(t, "left out or held otherwise", left, map[string]int{
		"exemplars outside of histograms":                                 2,
		"exemplars cut to 128 characters, which these names exceed":       2,
		"families of the type gaugehistogram":                             3,
		"families of the type info":                                       1,
		"families of the type stateset":                                   1,
		"families of the type unknown, held as counters without _total":   3,
		"families without a sample":                                       2,
		"names of exemplars' labels, values held as trace_id and span_id": 10,
		"points of a series before its last":                              6,
		"quantiles of summaries":                                          10,
		"timestamps of samples":                                           18,
	})
}

// sameTally logs counts, and holds them to those known, so that nothing more is
// left out unseen.
func sameTally(t *testing.T, title string, got, want map[string]int) {
	t.Helper()
	for _, what := range slices.Sorted(maps.Keys(got)) {
		t.Logf("%s: %d %s", title, got[what], what)
	}
	if !maps.Equal(got, want) {
		t.Errorf("%s: %v, want %v", title, got, want)
	}
}
