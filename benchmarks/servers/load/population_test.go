package load

import (
	"bytes"
	"slices"
	"testing"

	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"
)

func TestExposition(t *testing.T) {
	const paths = 3
	p := NewPopulation(2, paths)
	if got := p.PerInstance(); got != paths*SeriesPerPath || p.Series() != 2*got {
		t.Errorf("%d series of %d in each instance, want %d in each", p.Series(), got, paths*SeriesPerPath)
	}
	families := parse(t, p.AppendText(nil, 1, 5))
	for name, kind := range map[string]dto.MetricType{
		Latency: dto.MetricType_HISTOGRAM, Requests: dto.MetricType_COUNTER, InFlight: dto.MetricType_GAUGE,
	} {
		if f := families[name]; f.GetType() != kind {
			t.Errorf("family %s is a %v, want a %v", name, f.GetType(), kind)
		}
	}
	if got := len(families[Requests].GetMetric()); got != paths*statuses {
		t.Errorf("%d counters, want %d", got, paths*statuses)
	}
	for _, m := range families[Latency].GetMetric() {
		buckets := m.GetHistogram().GetBucket()
		if len(buckets) != Buckets || buckets[Buckets-1].GetCumulativeCount() != m.GetHistogram().GetSampleCount() {
			t.Errorf("buckets %v, want %d, the last one the count", buckets, Buckets)
		}
		if !slices.IsSortedFunc(buckets, func(a, b *dto.Bucket) int {
			return int(a.GetCumulativeCount()) - int(b.GetCumulativeCount())
		}) {
			t.Errorf("buckets %v fall", buckets)
		}
	}
}

func parse(t *testing.T, text []byte) map[string]*dto.MetricFamily {
	t.Helper()
	parser := expfmt.NewTextParser(model.UTF8Validation)
	families, err := parser.TextToMetricFamilies(bytes.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	return families
}

func TestCountersRiseAtEveryTick(t *testing.T) {
	p := NewPopulation(2, 2)
	for _, s := range p.each {
		for tick := range 200 {
			before, after := s.value(1, tick), s.value(1, tick+1)
			if s.weight > 0 && after <= before {
				t.Fatalf("%s goes from %d to %d at tick %d", s.text, before, after, tick)
			}
		}
	}
}

func TestGaugesChangeAndInstancesDiffer(t *testing.T) {
	p := NewPopulation(2, 1)
	gauge := p.each[len(p.each)-1]
	seen := map[int64]bool{}
	for tick := range 50 {
		seen[gauge.value(0, tick)] = true
	}
	if len(seen) < 25 {
		t.Errorf("a gauge has %d values in 50 ticks", len(seen))
	}
	if bytes.Equal(p.AppendText(nil, 0, 1), p.AppendText(nil, 1, 1)) {
		t.Error("two instances are the same")
	}
}

func TestEveryNameIsThere(t *testing.T) {
	p := NewPopulation(1, 1)
	var names []string
	for _, s := range p.each {
		names = append(names, s.name)
	}
	slices.Sort(names)
	if got, want := slices.Compact(names), slices.Sorted(slices.Values(Names())); !slices.Equal(got, want) {
		t.Errorf("names %v, want %v", got, want)
	}
}
