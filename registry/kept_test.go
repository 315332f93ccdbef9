package registry

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/metertree/metertree/metric"
)

func observing(name string, kept metric.Aggregation) Definition {
	d := counter(name, "a")
	d.Kind, d.Number, d.Aggregation = metric.Histogram, metric.Float64, kept
	return d
}

// onlyPoint returns a copy of what a checkpoint or a collection has of a metric
// with a single series.
func onlyPoint(t *testing.T, families func(func(*metric.Family) bool), name string) metric.Point {
	t.Helper()
	var found []metric.Point
	for f := range families {
		if f.Descriptor.Name != name {
			continue
		}
		for p := range f.Points {
			copied := *p
			if p.Exact != nil {
				exact := *p.Exact
				exact.Values = slices.Clone(exact.Values)
				copied.Exact = &exact
			}
			copied.Histogram.Counts = slices.Clone(p.Histogram.Counts)
			found = append(found, copied)
		}
	}
	if len(found) != 1 {
		t.Fatalf("%d points of %s, want one", len(found), name)
	}
	return found[0]
}

func TestWhatIsKept(t *testing.T) {
	r := New(Options{})
	exact := observing("exact", metric.Exact)
	exact.ExactLimit = 3
	values := define(t, r, exact)
	extremes := define(t, r, observing("extremes", metric.MinMaxSumCount))
	sums := define(t, r, observing("sums", metric.SumAggregation))
	for _, v := range []float64{5, -2, 9, 1} {
		values.Observe(v, "x")
		extremes.Observe(v, "x")
		sums.Observe(v, "x")
	}
	shown := r.Collect(context.Background())
	if p := onlyPoint(t, shown, "exact").Exact; !slices.Equal(p.Values, []float64{5, -2, 9}) || p.Missed != 1 || p.MissedSum != 1 {
		t.Errorf("exact: %+v, want three values in order and one missed", p)
	}
	if got, want := onlyPoint(t, shown, "extremes").Summary, (metric.SummaryPoint{Min: -2, Max: 9, Sum: 13, Count: 4}); got != want {
		t.Errorf("extremes: %+v, want %+v", got, want)
	}
	if p := onlyPoint(t, shown, "sums").Histogram; p.Sum != 13 || p.Count() != 4 || len(p.Bounds) != 0 {
		t.Errorf("sum alone: %+v, want a sum of 13 over 4 values", p)
	}
}

func TestDeltasOfWhatIsKept(t *testing.T) {
	r := New(Options{})
	values := define(t, r, observing("exact", metric.Exact))
	extremes := define(t, r, observing("extremes", metric.MinMaxSumCount))
	reader := r.NewReader()
	defer reader.Close()
	observe := func(list ...float64) *Checkpoint {
		for _, v := range list {
			values.Observe(v, "x")
			extremes.Observe(v, "x")
		}
		c, err := reader.Checkpoint(context.Background())
		if err != nil {
			t.Fatal(err)
		}
		return c
	}
	if err := observe(4, 8).Ack(); err != nil {
		t.Fatal(err)
	}
	c := observe(6, 5)
	for range 2 { // a checkpoint can be read again
		if p := onlyPoint(t, c.Families(), "exact").Exact; !slices.Equal(p.Values, []float64{6, 5}) {
			t.Errorf("delta of exact values: %v, want those since", p.Values)
		}
		if p := onlyPoint(t, c.Families(), "extremes").Summary; p.Count != 2 || p.Sum != 11 || p.Min != 4 || p.Max != 8 {
			t.Errorf("delta of min, max, sum and count: %+v", p)
		}
	}
}

func TestAggregationsThatCannotBeAreErrors(t *testing.T) {
	tests := []struct {
		d    Definition
		want string
	}{
		{func() Definition { d := counter("c"); d.Aggregation = metric.MinMaxSumCount; return d }(), "counter cannot be kept as min-max-sum-count"},
		{func() Definition { d := observing("h", metric.Exact); d.ExactLimit = -1; return d }(), "limit of -1"},
		{func() Definition { d := observing("h", metric.Exact); d.ExactLimit = 1 << 30; return d }(), "choose from 1"},
		{observing("h", metric.LastValue), "histogram cannot be kept as last value"},
		{observing("h", metric.ExponentialBuckets), "cannot be kept as exponential buckets"},
	}
	for _, tt := range tests {
		if _, err := New(Options{}).Define(tt.d); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s kept as %s: error %v, want one with %q", tt.d.Kind, tt.d.Aggregation, err, tt.want)
		}
	}
}

func TestDefineHookChangesRefusesAndDrops(t *testing.T) {
	refused := errors.New("refused")
	r := New(Options{Define: func(d *Definition) error {
		switch d.Name {
		case "bad":
			return refused
		case "gone":
			d.Aggregation = metric.Drop
		case "summary":
			d.Aggregation, d.Bounds = metric.MinMaxSumCount, nil
		}
		return nil
	}})
	if _, err := r.Define(counter("bad")); !errors.Is(err, refused) {
		t.Errorf("error %v, want that of the hook", err)
	}
	if i, err := r.Define(counter("gone")); i != nil || err != nil || i.Enabled() {
		t.Errorf("dropped metric: %v, %v, want nothing to update", i, err)
	}
	for range 2 { // the same definition is changed the same way
		d := observing("summary", metric.AggregationDefault)
		d.Bounds = []float64{1, 2}
		define(t, r, d).Observe(3, "x")
	}
	if p := onlyPoint(t, r.Families(context.Background()), "summary").Summary; p.Count != 2 || p.Max != 3 {
		t.Errorf("changed metric shows %+v, want two values", p)
	}
}

func TestTakeReadsWhatIsWanted(t *testing.T) {
	r := New(Options{})
	a, b := define(t, r, counter("a_total", "k")), define(t, r, counter("b_total", "k"))
	a.AddInt(1, "x")
	b.AddInt(2, "x")
	reader := r.NewReader()
	defer reader.Close()
	take := func(names ...string) *tally {
		c, err := reader.Take(context.Background(), func(d *metric.Descriptor) bool { return slices.Contains(names, d.Name) })
		if err != nil {
			t.Fatal(err)
		}
		told := &tally{}
		told.addCheckpoint(c)
		if err := c.Ack(); err != nil {
			t.Fatal(err)
		}
		return told
	}
	if got := take("b_total"); got.of("a_total") != 0 || got.of("b_total") != 2 {
		t.Errorf("told %v, want b_total alone", got.total)
	}
	b.AddInt(3, "x")
	if got := take("a_total", "b_total"); got.of("a_total") != 1 || got.of("b_total") != 3 {
		t.Errorf("told %v, want all of a_total and what is new of b_total", got.total)
	}
	take("a_total")
	b.AddInt(7, "x")
	if got := take("b_total"); got.of("b_total") != 12 {
		t.Errorf("told %v, want b_total to start from what its series hold", got.total)
	}
}
