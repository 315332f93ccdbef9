package meter

import (
	"reflect"
	"testing"

	"github.com/metertree/metertree/metric"
)

func TestWhatIsKeptIsDeclared(t *testing.T) {
	var s Scope
	for name, test := range map[string]struct {
		kind    metric.Descriptor
		options []Option
		kept    metric.Aggregation
		limit   int
		bounds  []float64
	}{
		"no option":         {kind: histogram, kept: metric.ExplicitBuckets, bounds: metric.DefaultLatencyBounds()},
		"bounds":            {kind: histogram, options: []Option{Buckets(1)}, kept: metric.ExplicitBuckets, bounds: []float64{1}},
		"exponential":       {kind: histogram, options: []Option{Exponential(0)}, kept: metric.ExponentialBuckets},
		"min-max-sum-count": {kind: histogram, options: []Option{MinMaxSumCount()}, kept: metric.MinMaxSumCount},
		"exact":             {kind: histogram, options: []Option{Exact(7)}, kept: metric.Exact, limit: 7},
		"exact by default":  {kind: histogram, options: []Option{Exact(0)}, kept: metric.Exact},
		"a gauge":           {kind: gauge, kept: metric.LastValue},
	} {
		d, err := s.definition(named(test.kind, "x"), test.options)
		if err != nil {
			t.Fatal(err)
		}
		if d.Kept() != test.kept || d.ExactLimit != test.limit || !reflect.DeepEqual(d.Bounds, test.bounds) {
			t.Errorf("%s: kept as %s, limit %d, bounds %v; want %s, %d, %v",
				name, d.Kept(), d.ExactLimit, d.Bounds, test.kept, test.limit, test.bounds)
		}
		if err := d.Validate(); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	for name, option := range map[string]Option{"min-max-sum-count": MinMaxSumCount(), "exact": Exact(0)} {
		d, err := s.definition(named(gauge, "x"), []Option{option})
		if err != nil {
			t.Fatal(err)
		}
		if d.Validate() == nil {
			t.Errorf("a gauge that is kept as %s was accepted", name)
		}
	}
}

func TestDefaultKeysAreDeclared(t *testing.T) {
	s := Scope{}.With("zone", "eu")
	names := []string{"zone", "status"}
	for name, test := range map[string]struct {
		options []Option
		want    []string
	}{
		"no option": {nil, nil},
		"none":      {[]Option{DefaultKeys()}, []string{}},
		"two":       {[]Option{Keys("peer", "status"), DefaultKeys(names...)}, []string{"zone", "status"}},
	} {
		names[0] = "changed" // the options keep a copy
		d, err := s.definition(metric.Descriptor{Name: "x_total"}, test.options)
		if err != nil {
			t.Fatal(err)
		}
		if !reflect.DeepEqual(d.DefaultKeys, test.want) {
			t.Errorf("%s: default keys %#v, want %#v", name, d.DefaultKeys, test.want)
		}
	}
	if d, _ := s.definition(metric.Descriptor{Name: "x_total"}, []Option{DefaultKeys("a-b")}); d.Validate() == nil {
		t.Error("a name that no label can have was accepted")
	}
}
