package metric

import (
	"slices"
	"strings"
	"testing"
	"unicode/utf8"
)

func getter(l Labels) func(string) string {
	return func(name string) string {
		v, _ := l.Get(name)
		return v
	}
}

func TestMetricInfoTravels(t *testing.T) {
	for _, d := range []Descriptor{
		{Name: "calls_total", Kind: Counter, Role: RoleTraffic, Scope: []string{"app", "write_buffer"}},
		{Name: "in_flight", Kind: UpDownCounter, Role: RoleSaturation},
		{Name: "depth", Kind: Gauge, Fold: FoldMax, Unit: "bytes"},
		{Name: "temperature", Kind: Gauge},
		{Name: "duration_seconds", Kind: Histogram, Unit: "seconds", Role: RoleLatency},
		{Name: "size_bytes", Kind: Histogram, Aggregation: MinMaxSumCount},
		{Name: "wait_seconds", Kind: Histogram, Exponential: ExponentialLayout{Size: 160}},
	} {
		info := d.Info()
		got, err := ParseMetricInfo(getter(info))
		if err != nil {
			t.Errorf("%v: %v", info, err)
			continue
		}
		if !slices.Equal(got.Info(), info) {
			t.Errorf("%v became %v", info, got.Info())
		}
		if got.Name != d.Name || got.Kind != d.Kind || got.Unit != d.Unit || got.Role != d.Role || got.Kept() != d.Kept() || !slices.Equal(got.Scope, d.Scope) {
			t.Errorf("%+v became %+v", d, got)
		}
		if d.Kind == Gauge && got.Fold != d.Fold || d.Kind != Gauge && got.Fold != FoldSum {
			t.Errorf("%s folds by %s, came back as %s", d.Name, d.Fold, got.Fold)
		}
	}
}

func TestMetricInfoRefuses(t *testing.T) {
	valid := Descriptor{Name: "depth", Kind: Gauge, Fold: FoldMax}.Info()
	for label, bad := range map[string]string{
		"metric": "a b", "kind": "summary", "unit": "MiB", "fold": "median", "aggregation": "default", "role": "fame",
	} {
		if d, err := ParseMetricInfo(getter(valid.With(Label{label, bad}))); err == nil || !strings.Contains(err.Error(), bad) {
			t.Errorf("%s %q became %+v, error %v", label, bad, d, err)
		}
	}
	for _, change := range []Label{{"kind", "counter"}, {"role", "latency"}, {"kind", ""}} {
		if d, err := ParseMetricInfo(getter(valid.With(change))); err == nil {
			t.Errorf("%s %q became %+v", change.Name, change.Value, d)
		}
	}
}

func TestRatioInfoRefuses(t *testing.T) {
	r, err := ratioOf(calls, calls, Matchers{}.With("status", "error")).Complete(calls, calls)
	if err != nil {
		t.Fatal(err)
	}
	for label, bad := range map[string]string{
		"ratio": "a b", "numerator": "", "denominator": "9", "numerator_matchers": "status", "denominator_matchers": `a=""b`,
		"axes": "b,a", "role": "traffic",
	} {
		if got, err := ParseRatioInfo(getter(r.Info().With(Label{label, bad}))); err == nil {
			t.Errorf("%s %q became %+v", label, bad, got)
		}
	}
}

// FuzzRatioInfo checks that a ratio comes back from its labels as it was, or was
// none.
func FuzzRatioInfo(f *testing.F) {
	f.Add("calls_total", "status", "error", "timeout", "Calls that failed.")
	f.Add("calls_total", "status", "", `a"b\c|d`, "")
	f.Add("c", "a", "\n", "\\\n", "\"")
	f.Fuzz(func(t *testing.T, name, label, one, two, help string) {
		d := Descriptor{Name: name, Kind: Counter, Keys: []string{label, "operation", "status"}}
		d.Keys = slices.Compact(slices.Sorted(slices.Values(d.Keys)))
		r := Ratio{Name: name + "_ratio", Scope: []string{"app", "store"}, Help: help, Role: RoleErrors,
			Numerator: Selection{name, Matchers{}.With(label, one, two)}, Denominator: Selection{Metric: name}}
		r, err := r.Complete(d, d)
		if err != nil {
			if ValidateName(name) == nil && ValidateLabelName(label) == nil && utf8.ValidString(one+" "+two) {
				t.Fatalf("%+v is refused: %v", r, err)
			}
			return
		}
		got, err := ParseRatioInfo(getter(r.Info()))
		if err != nil {
			t.Fatalf("%v: %v", r.Info(), err)
		}
		if r.Name != got.Name || r.Conflict(got) != nil || !slices.Equal(got.Axes, r.Axes) {
			t.Errorf("%+v became %+v", r, got)
		}
	})
}
