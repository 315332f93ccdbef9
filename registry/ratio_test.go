package registry

import (
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/metertree/metertree/metric"
	"github.com/metertree/metertree/policy"
)

func counterOf(name string, keys ...string) Definition {
	return Definition{Descriptor: metric.Descriptor{Name: name, Kind: metric.Counter, Keys: keys}}
}

func mustDefine(t *testing.T, r *Registry, d Definition) *Instrument {
	t.Helper()
	i, err := r.Define(d)
	if err != nil {
		t.Fatal(err)
	}
	return i
}

// errorRatio is that of a metric with the label status.
func errorRatio(name, of string) metric.Ratio {
	return metric.Ratio{Name: name,
		Numerator:   metric.Selection{Metric: of, Matchers: metric.Matchers{}.With("status", "error")},
		Denominator: metric.Selection{Metric: of}}
}

func ratioNames(r *Registry) (names []string) {
	for ratio := range r.Ratios() {
		names = append(names, ratio.Name)
	}
	return names
}

func TestRatiosAreDefinedOnce(t *testing.T) {
	r := New(Options{})
	d := counterOf("calls_total", "status", "operation")
	d.Const = metric.Labels{{Name: "shard", Value: "0"}}
	mustDefine(t, r, d)
	scope := []string{"app"}
	ratio := errorRatio("call_error_ratio", "calls_total")
	ratio.Scope = scope
	for range 2 {
		if err := r.DefineRatio(ratio); err != nil {
			t.Fatal(err)
		}
	}
	if err := r.DefineRatio(errorRatio("b_ratio", "calls_total")); err != nil {
		t.Fatal(err)
	}
	scope[0] = "changed"
	if got := ratioNames(r); !slices.Equal(got, []string{"b_ratio", "call_error_ratio"}) {
		t.Errorf("ratios %q", got)
	}
	for got := range r.Ratios() {
		if !slices.Equal(got.Axes, []string{"operation", "shard"}) {
			t.Errorf("ratio %s has axes %q, want operation and shard", got.Name, got.Axes)
		}
		if len(got.Scope) > 0 && got.Scope[0] != "app" {
			t.Errorf("ratio %s has the scope %q: it is the caller's slice", got.Name, got.Scope)
		}
	}
	ratio.Help = "Other."
	if err := r.DefineRatio(ratio); err == nil || !strings.Contains(err.Error(), "already defined") {
		t.Errorf("a ratio with another help: %v", err)
	}
}

func TestRatiosOfNothing(t *testing.T) {
	r := New(Options{})
	mustDefine(t, r, counterOf("calls_total", "status"))
	mustDefine(t, r, Definition{Descriptor: metric.Descriptor{Name: "depth", Kind: metric.Gauge, Keys: []string{"status"}}})
	twoFamilies := errorRatio("r", "calls_total")
	twoFamilies.Denominator.Metric = "others_total"
	for says, ratio := range map[string]metric.Ratio{
		`"missing_total", which is not defined`: errorRatio("r", "missing_total"),
		`"others_total", which is not defined`:  twoFamilies,
		"depth is a gauge":                      errorRatio("r", "depth"),
		"name of the metric":                    errorRatio("calls_total", "calls_total"),
		"metric depth is exposed":               errorRatio("depth", "calls_total"),
	} {
		if err := r.DefineRatio(ratio); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("error %v does not say %s", err, says)
		}
	}
	if got := ratioNames(r); len(got) > 0 {
		t.Errorf("ratios %q, want none", got)
	}
}

func TestRatiosKeepTheirNames(t *testing.T) {
	r := New(Options{})
	mustDefine(t, r, counterOf("calls_total", "status"))
	if err := r.DefineRatio(errorRatio("call_sum", "calls_total")); err != nil {
		t.Fatal(err)
	}
	for name, d := range map[string]Definition{
		"the name":    counterOf("call_sum"),
		"a sample of": {Descriptor: metric.Descriptor{Name: "call", Kind: metric.Histogram, Number: metric.Float64}},
	} {
		if _, err := r.Define(d); err == nil || !strings.Contains(err.Error(), "name of a ratio") {
			t.Errorf("a metric with %s a ratio: %v", name, err)
		}
	}
	// What was refused has claimed nothing.
	mustDefine(t, r, counterOf("call"))
}

func TestRatiosEndWithTheirMetrics(t *testing.T) {
	r := New(Options{})
	calls := mustDefine(t, r, counterOf("calls_total", "status"))
	others := mustDefine(t, r, counterOf("others_total", "status"))
	mixed := errorRatio("mixed_ratio", "calls_total")
	mixed.Denominator.Metric = "others_total"
	for _, ratio := range []metric.Ratio{errorRatio("call_ratio", "calls_total"), mixed, errorRatio("other_ratio", "others_total")} {
		if err := r.DefineRatio(ratio); err != nil {
			t.Fatal(err)
		}
	}
	others.Close()
	if got := ratioNames(r); !slices.Equal(got, []string{"call_ratio"}) {
		t.Errorf("ratios %q, want call_ratio", got)
	}
	calls.Close()
	if got := ratioNames(r); len(got) > 0 {
		t.Errorf("ratios %q, want none", got)
	}
	mustDefine(t, r, counterOf("call_ratio"))
}

func TestDeclarations(t *testing.T) {
	now := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	r := New(Options{Now: func() time.Time { return now }})
	d := counterOf("b_total", "z", "a")
	d.Const = metric.Labels{{Name: "m", Value: "1"}}
	d.Renames = []policy.Rename{{Old: "old_total", New: "b_total", Since: now.Add(time.Hour), Until: now.Add(2 * time.Hour)}}
	mustDefine(t, r, d)
	gauge := Definition{Descriptor: metric.Descriptor{Name: "a", Kind: metric.Gauge, Role: metric.RoleSaturation}}
	if err := r.DefineFunc(gauge, func(*Observer) { t.Error("a declaration reads a value") }); err != nil {
		t.Fatal(err)
	}
	dropped := counterOf("dropped_total")
	dropped.Aggregation = metric.Drop
	if _, err := r.Define(dropped); err != nil {
		t.Fatal(err)
	}
	part := metric.Ratio{Name: "part_ratio",
		Numerator:   metric.Selection{Metric: "b_total", Matchers: metric.Matchers{}.With("a", "x")},
		Denominator: metric.Selection{Metric: "b_total"}}
	if err := r.DefineRatio(part); err != nil {
		t.Fatal(err)
	}
	for _, stage := range []struct {
		names []string
		of    string
	}{
		{[]string{"a", "old_total"}, "old_total"},
		{[]string{"a", "b_total", "old_total"}, "b_total"},
		{[]string{"a", "b_total"}, "b_total"},
	} {
		var names []string
		for d := range r.Declarations() {
			if slices.Equal(d.Scope, []string{"metertree"}) {
				continue
			}
			names = append(names, d.Name)
			if d.Kind == metric.Counter && (!slices.Equal(d.Keys, []string{"z", "a", "m"}) || len(d.Const) > 0) {
				t.Errorf("%s has the labels %q and %q, want z, which was declared, and then a and m", d.Name, d.Keys, d.Const)
			}
		}
		if !slices.Equal(names, stage.names) {
			t.Errorf("at %v declared are %q, want %q", now, names, stage.names)
		}
		for ratio := range r.Ratios() {
			if ratio.Numerator.Metric != stage.of || ratio.Denominator.Metric != stage.of {
				t.Errorf("at %v the ratio is %s / %s, want %s", now, ratio.Numerator, ratio.Denominator, stage.of)
			}
		}
		now = now.Add(time.Hour)
	}
	for range r.Declarations() {
		break
	}
	for range r.Ratios() {
		break
	}
}

func TestRolesConflict(t *testing.T) {
	r := New(Options{})
	d := counterOf("calls_total")
	d.Role = metric.RoleTraffic
	mustDefine(t, r, d)
	if _, err := r.Define(counterOf("calls_total")); err == nil || !strings.Contains(err.Error(), `role "traffic"`) {
		t.Errorf("a metric with another role: %v", err)
	}
}

func TestRatiosConcurrently(t *testing.T) {
	r := New(Options{})
	var all sync.WaitGroup
	for range 4 {
		all.Go(func() {
			for range 200 {
				calls, err := r.Define(counterOf("calls_total", "status"))
				if err != nil {
					t.Error(err)
					return
				}
				// It fails if another goroutine has closed the metric since.
				_ = r.DefineRatio(errorRatio("call_ratio", "calls_total"))
				for ratio := range r.Ratios() {
					if ratio.Name != "call_ratio" {
						t.Errorf("ratio %q", ratio.Name)
					}
				}
				for range r.Declarations() {
				}
				calls.Close()
			}
		})
	}
	all.Wait()
	if got := ratioNames(r); len(got) > 0 {
		t.Errorf("ratios %q of a metric that was closed", got)
	}
}
