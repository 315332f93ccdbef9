package integrate

import (
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/metertree/metertree/metric"
	"github.com/metertree/metertree/registry"
)

// mustSay fails unless the error holds all of the given texts.
func mustSay(t *testing.T, err error, texts ...string) {
	t.Helper()
	for _, text := range texts {
		if err == nil || !strings.Contains(err.Error(), text) {
			t.Errorf("error %v does not say %q", err, text)
		}
	}
}

func TestViewsThatCannotBeMeant(t *testing.T) {
	for _, test := range []struct {
		name string
		view View
		says string
	}{
		{"nothing", View{Match: Match{Name: "a"}}, "changes nothing"},
		{"pattern", View{Match: Match{Name: "a-*"}, Rename: "b"}, "no metric matches"},
		{"scope", View{Match: Match{Scope: "a..b"}, Rename: "b"}, "empty segment"},
		{"kind", View{Match: Match{Kind: 9}, Rename: "b"}, "unknown kind"},
		{"rename", View{Rename: "9"}, "metric name"},
		{"keep", View{Keep: []string{"__x"}}, "label name"},
		{"drop twice", View{Drop: []string{"a", "a"}}, "twice"},
		{"keep and drop", View{Keep: []string{"a"}, Drop: []string{"a"}}, "both kept and dropped"},
		{"keep and add", View{Keep: []string{"a"}, Add: metric.Labels{{Name: "a"}}}, "both kept and added"},
		{"aggregation", View{Aggregation: 99}, "unknown aggregation(99)"},
		{"fold", View{Fold: 99}, "unknown fold(99)"},
		{"buckets", View{Buckets: []float64{2, 1}}, "increasing"},
		{"bounds", View{Buckets: []float64{math.NaN()}}, "not finite"},
		{"buckets of another", View{Buckets: []float64{1}, Aggregation: metric.Exact}, "go with explicit buckets"},
		{"size", View{Size: 1}, "choose from 4"},
		{"size of another", View{Size: 20, Aggregation: metric.Exact}, "goes with exponential buckets"},
		{"kind and aggregation", View{Match: Match{Kind: metric.Gauge}, Buckets: []float64{1}}, "a gauge cannot be exported as explicit buckets"},
		{"kind and fold", View{Match: Match{Kind: metric.Counter}, Fold: metric.FoldSum}, "only gauges"},
	} {
		_, err := NewViews(View{Drop: []string{"x"}}, test.view)
		if err == nil {
			t.Errorf("%s: accepted", test.name)
			continue
		}
		mustSay(t, err, "view 2", test.says)
	}
}

func TestConflictsThatAreCertain(t *testing.T) {
	for _, test := range []struct {
		name string
		a, b View
		says string
	}{
		{"names", View{Rename: "x"}, View{Rename: "y"}, "the name differently, x and y"},
		{"keep", View{Keep: []string{"x"}}, View{Keep: []string{}}, "the labels to keep differently"},
		{"keep and drop", View{Keep: []string{"x"}}, View{Drop: []string{"x"}}, `label "x"`},
		{"keep and add", View{Add: metric.Labels{{Name: "x"}}}, View{Keep: []string{"x"}}, `label "x"`},
		{"add", View{Add: metric.Labels{{Name: "x", Value: "1"}}}, View{Add: metric.Labels{{Name: "x", Value: "2"}}}, "different values"},
		{"aggregation", View{Aggregation: metric.Exact}, View{Buckets: []float64{1}}, "exact and explicit buckets"},
		{"buckets", View{Buckets: []float64{2}}, View{Buckets: []float64{1}}, "[2] and [1]"},
		{"size", View{Size: 20}, View{Size: 21}, "20 and 21"},
		{"fold", View{Fold: metric.FoldMin}, View{Fold: metric.FoldMax}, "min and max"},
	} {
		test.a.Match.Name, test.b.Match.Name = "http_*", "http_a*"
		_, err := NewViews(test.a, test.b)
		mustSay(t, err, "view 1 (name http_*)", "view 2 (name http_a*)", test.says)
		test.b.Match.Name = "grpc_*"
		if _, err := NewViews(test.a, test.b); err != nil {
			t.Errorf("%s: views of different metrics: %v", test.name, err)
		}
	}
}

func TestViewsAddUp(t *testing.T) {
	v := newViews(t,
		View{Drop: []string{"user"}},
		View{Match: Match{Name: "http_*"}, Drop: []string{"path"}, Add: metric.Labels{{Name: "zone", Value: "b"}, {Name: "az", Value: "a"}}},
		View{Match: Match{Kind: metric.Counter}, Rename: "x_total"},
	)
	d := metric.Descriptor{Name: "http_requests_total", Kind: metric.Counter}
	got, err := v.treat(&d, []string{"method", "path", "user"}, Ungrouped)
	if err != nil {
		t.Fatal(err)
	}
	if want := []string{"az", "method", "zone"}; !slices.Equal(got.keys(), want) || got.out.Name != "x_total" {
		t.Errorf("treated as %s with labels %v, want x_total with %v", got.out.Name, got.keys(), want)
	}
}

func TestConflictsFoundAtTheDefinition(t *testing.T) {
	v := newViews(t,
		View{Match: Match{Name: "*_total"}, Rename: "x_total"},
		View{Match: Match{Unit: "bytes"}, Rename: "y_total"},
	)
	err := v.Define(&registry.Definition{Descriptor: metric.Descriptor{Name: "a_total", Unit: "bytes", Kind: metric.Counter}})
	mustSay(t, err, "metric a_total", "view 1 (name *_total)", "view 2 (unit bytes)", "the name differently", "narrow")
}

func TestDefineRefuses(t *testing.T) {
	for _, test := range []struct {
		name    string
		view    View
		defs    []metric.Descriptor
		says    []string
		failsAt int
	}{
		{"gauge without a fold", View{Drop: []string{"user"}},
			[]metric.Descriptor{{Name: "level", Kind: metric.Gauge, Keys: []string{"user"}}},
			[]string{"metric level", "no fold", "set Fold"}, 0},
		{"aggregation of another kind", View{Match: Match{Name: "a_total"}, Buckets: []float64{1}},
			[]metric.Descriptor{{Name: "a_total", Kind: metric.Counter}},
			[]string{"metric a_total", "a counter cannot be exported as explicit buckets"}, 0},
		{"label there already", View{Add: metric.Labels{{Name: "op", Value: "x"}}},
			[]metric.Descriptor{{Name: "a_total", Kind: metric.Counter, Keys: []string{"op"}}},
			[]string{"metric a_total", `"op"`, "Drop"}, 0},
		{"reserved label", View{Add: metric.Labels{{Name: "le", Value: "x"}}},
			[]metric.Descriptor{{Name: "a_seconds", Kind: metric.Histogram}},
			[]string{"metric a_seconds", "reserved"}, 0},
		{"kinds", View{Match: Match{Name: "service_*"}, Rename: "all"},
			[]metric.Descriptor{{Name: "service_a", Kind: metric.Counter}, {Name: "service_b", Kind: metric.UpDownCounter}},
			[]string{"service_a and service_b", "all", "kind", "counter and updowncounter"}, 1},
		{"number kinds", View{Match: Match{Name: "service_*"}, Rename: "all"},
			[]metric.Descriptor{{Name: "service_a", Kind: metric.Counter}, {Name: "service_b", Kind: metric.Counter, Number: metric.Float64}},
			[]string{"number kind", "int64 and float64"}, 1},
		{"units", View{Match: Match{Name: "service_*"}, Rename: "all"},
			[]metric.Descriptor{{Name: "service_a", Kind: metric.Counter}, {Name: "service_b", Kind: metric.Counter, Unit: "bytes"}},
			[]string{`unit, "" and "bytes"`}, 1},
		{"folds", View{Match: Match{Name: "service_*"}, Rename: "all"},
			[]metric.Descriptor{{Name: "service_a", Kind: metric.Gauge, Fold: metric.FoldMin}, {Name: "service_b", Kind: metric.Gauge, Fold: metric.FoldMax}},
			[]string{"fold, min and max"}, 1},
		{"no folds", View{Match: Match{Name: "service_*"}, Rename: "all"},
			[]metric.Descriptor{{Name: "service_a", Kind: metric.Gauge}, {Name: "service_b", Kind: metric.Gauge}},
			[]string{"declare no fold", "set Fold"}, 1},
		{"buckets", View{Match: Match{Name: "service_*"}, Rename: "all"},
			[]metric.Descriptor{{Name: "service_a", Kind: metric.Histogram, Bounds: []float64{1}}, {Name: "service_b", Kind: metric.Histogram, Bounds: []float64{2}}},
			[]string{"bucket bounds, [1] and [2]"}, 1},
		{"aggregations", View{Match: Match{Name: "service_*"}, Rename: "all"},
			[]metric.Descriptor{{Name: "service_a", Kind: metric.Histogram}, {Name: "service_b", Kind: metric.Histogram, Aggregation: metric.Exact}},
			[]string{"aggregation, explicit buckets and exact"}, 1},
		{"name of another", View{Match: Match{Name: "b"}, Rename: "a"},
			[]metric.Descriptor{{Name: "a", Kind: metric.Counter}, {Name: "b", Kind: metric.UpDownCounter}},
			[]string{"a and b", "kind"}, 1},
		{"name of another that comes later", View{Match: Match{Name: "b"}, Rename: "a"},
			[]metric.Descriptor{{Name: "b", Kind: metric.UpDownCounter}, {Name: "a", Kind: metric.Counter}},
			[]string{"b and a", "kind"}, 1},
		{"sample of another", View{Match: Match{Name: "b"}, Rename: "a_count"},
			[]metric.Descriptor{{Name: "a", Kind: metric.Histogram}, {Name: "b", Kind: metric.Counter}},
			[]string{"metric b is exported as a_count", "which metric a writes"}, 1},
		{"samples onto another", View{Match: Match{Name: "b"}, Rename: "a"},
			[]metric.Descriptor{{Name: "a_sum", Kind: metric.Counter}, {Name: "b", Kind: metric.Histogram}},
			[]string{"metric b is exported as a", "would write a_sum"}, 1},
	} {
		v := newViews(t, test.view)
		for i, d := range test.defs {
			err := v.Define(&registry.Definition{Descriptor: d})
			if i == test.failsAt {
				mustSay(t, err, test.says...)
				continue
			}
			if err != nil {
				t.Errorf("%s: definition %d: %v", test.name, i, err)
			}
		}
	}
}

func TestDefineDecidesWhatIsKept(t *testing.T) {
	histogram := metric.Descriptor{Name: "x_seconds", Kind: metric.Histogram, Bounds: []float64{1, 2}}
	for _, test := range []struct {
		view View
		want metric.Descriptor
	}{
		{View{Buckets: []float64{3}}, metric.Descriptor{Aggregation: metric.ExplicitBuckets, Bounds: []float64{3}}},
		{View{Aggregation: metric.ExplicitBuckets}, metric.Descriptor{Aggregation: metric.ExplicitBuckets, Bounds: []float64{1, 2}}},
		{View{Buckets: []float64{}}, metric.Descriptor{Aggregation: metric.SumAggregation}},
		{View{Size: 20}, metric.Descriptor{Aggregation: metric.ExponentialBuckets, Exponential: metric.ExponentialLayout{Size: 20, ZeroThreshold: 0x1p-128}}},
		{View{Aggregation: metric.MinMaxSumCount}, metric.Descriptor{Aggregation: metric.MinMaxSumCount}},
		{View{Aggregation: metric.Exact}, metric.Descriptor{Aggregation: metric.Exact}},
		{View{Aggregation: metric.Drop}, metric.Descriptor{Aggregation: metric.Drop}},
	} {
		v := newViews(t, test.view)
		// The same definition is answered the same way every time.
		for range 2 {
			d := registry.Definition{Descriptor: histogram}
			if err := v.Define(&d); err != nil {
				t.Fatalf("%+v: %v", test.view, err)
			}
			if d.Aggregation != test.want.Aggregation || !slices.Equal(d.Bounds, test.want.Bounds) || d.Exponential != test.want.Exponential {
				t.Errorf("%+v keeps %v of %v and %v, want %v of %v and %v", test.view,
					d.Aggregation, d.Bounds, d.Exponential, test.want.Aggregation, test.want.Bounds, test.want.Exponential)
			}
			if err := d.Validate(); err != nil {
				t.Error(err)
			}
		}
	}
	if !slices.Equal(histogram.Bounds, []float64{1, 2}) {
		t.Errorf("the caller's bounds became %v", histogram.Bounds)
	}
}

func TestDefineOnARegistry(t *testing.T) {
	v := newViews(t,
		View{Match: Match{Kind: metric.Histogram}, Aggregation: metric.Exact},
		View{Match: Match{Name: "debug_*"}, Aggregation: metric.Drop},
	)
	r := registry.New(registry.Options{Define: v.Define})
	define(t, r, metric.Descriptor{Name: "x_seconds", Kind: metric.Histogram, Bounds: []float64{1}}).Observe(3)
	define(t, r, metric.Descriptor{Name: "debug_total", Kind: metric.Counter})
	in := newIntegrator(t, r, Options{Views: v})
	if got, want := shown(take(t, in)), "x_seconds{} [3] missed 0 sum 3"; got != want {
		t.Errorf("shown:\n%s\nwant:\n%s", got, want)
	}
	var none *Views
	if err := none.Define(&registry.Definition{}); err != nil {
		t.Errorf("no views refuse: %v", err)
	}
}

// TestDefineBlamesWhatIsWrong defines what is wrong by itself, which is no fault of
// the views.
func TestDefineBlamesWhatIsWrong(t *testing.T) {
	v := newViews(t, View{Match: Match{Name: "jobs_total"}, Drop: []string{"user"}})
	for _, d := range []metric.Descriptor{
		{Name: "calls-total", Kind: metric.Counter},
		{Name: "calls_total", Kind: metric.Counter, Keys: []string{"o-p"}},
	} {
		err := v.Define(&registry.Definition{Descriptor: d})
		if want := d.Validate(); want == nil || err == nil || err.Error() != want.Error() {
			t.Errorf("%s%v: error %v, want %v", d.Name, d.Keys, err, want)
		}
	}
}

// TestDefineAfterClosing defines metrics by the names of samples of closed ones.
func TestDefineAfterClosing(t *testing.T) {
	v := newViews(t, View{Match: Match{Name: "part_*"}, Rename: "parts_total"})
	r := registry.New(registry.Options{Define: v.Define})
	define(t, r, metric.Descriptor{Name: "sizes", Kind: metric.Histogram}).Close()
	define(t, r, metric.Descriptor{Name: "sizes_sum", Kind: metric.Counter}).Close()
	define(t, r, metric.Descriptor{Name: "sizes", Kind: metric.Histogram})
	define(t, r, metric.Descriptor{Name: "part_a_total", Kind: metric.Counter}).Close()
	define(t, r, metric.Descriptor{Name: "part_a_total", Kind: metric.UpDownCounter})
}
