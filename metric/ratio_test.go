package metric

import (
	"slices"
	"strings"
	"testing"
)

var (
	calls    = Descriptor{Name: "calls_total", Kind: Counter, Keys: []string{"status", "operation"}, Const: Labels{{"shard", "0"}}}
	failures = Descriptor{Name: "failures_total", Kind: Counter, Keys: []string{"kind", "operation"}}
	inUse    = Descriptor{Name: "in_use", Kind: UpDownCounter, Keys: []string{"operation"}}
	depth    = Descriptor{Name: "depth", Kind: Gauge}
	duration = Descriptor{Name: "duration_seconds", Kind: Histogram, Keys: []string{"operation"}}
)

func ratioOf(numerator, denominator Descriptor, where Matchers) Ratio {
	return Ratio{Name: "r", Numerator: Selection{numerator.Name, where}, Denominator: Selection{Metric: denominator.Name}}
}

func TestRatioAxesAndForm(t *testing.T) {
	failed := Matchers{}.With("status", "error")
	for name, test := range map[string]struct {
		ratio              Ratio
		numerator, divisor Descriptor
		axes               []string
		form               RatioForm
	}{
		"part of a metric": {ratioOf(calls, calls, failed), calls, calls, []string{"operation", "shard"}, SelectorRatio},
		"two metrics":      {ratioOf(failures, calls, nil), failures, calls, []string{"operation"}, FamilyRatio},
		"part of another":  {ratioOf(calls, failures, failed), calls, failures, []string{"operation"}, FamilyRatio},
		"histogram counts": {ratioOf(duration, calls, nil), duration, calls, []string{"operation"}, FamilyRatio},
		"what there is":    {ratioOf(inUse, inUse, Matchers{}.With("operation", "put")), inUse, inUse, nil, SelectorRatio},
		"part of a part": {Ratio{Name: "r",
			Numerator:   Selection{calls.Name, Matchers{}.With("status", "hit")},
			Denominator: Selection{calls.Name, Matchers{}.With("status", "hit", "miss")},
		}, calls, calls, []string{"operation", "shard"}, SelectorRatio},
		"one part by another": {Ratio{Name: "r",
			Numerator:   Selection{calls.Name, failed},
			Denominator: Selection{calls.Name, Matchers{}.With("status", "ok")},
		}, calls, calls, []string{"operation", "shard"}, FamilyRatio},
		"only the whole is narrowed": {Ratio{Name: "r",
			Numerator:   Selection{Metric: failures.Name},
			Denominator: Selection{calls.Name, Matchers{}.With("operation", "put")},
		}, failures, calls, nil, FamilyRatio},
	} {
		got, err := test.ratio.Complete(test.numerator, test.divisor)
		if err != nil || !slices.Equal(got.Axes, test.axes) {
			t.Errorf("%s: axes %q, %v; want %q", name, got.Axes, err, test.axes)
		}
		if got.Form() != test.form {
			t.Errorf("%s: form %s, want %s", name, got.Form(), test.form)
		}
	}
}

func TestRatioErrors(t *testing.T) {
	failed := Matchers{}.With("status", "error")
	named := func(name string, r Ratio) Ratio { r.Name = name; return r }
	withRole := func(role Role, r Ratio) Ratio { r.Role = role; return r }
	for name, test := range map[string]struct {
		ratio              Ratio
		numerator, divisor Descriptor
		says               string
	}{
		"gauge above":       {ratioOf(depth, calls, nil), depth, calls, "depth is a gauge"},
		"gauge below":       {ratioOf(calls, depth, nil), calls, depth, "depth is a gauge"},
		"no such label":     {ratioOf(calls, calls, Matchers{}.With("code", "5")), calls, calls, `no label "code"`},
		"not its label":     {ratioOf(failures, calls, failed), failures, calls, `failures_total has no label "status"`},
		"rate by level":     {ratioOf(calls, inUse, nil), calls, inUse, "kind updowncounter"},
		"the same":          {ratioOf(calls, calls, nil), calls, calls, "narrow the numerator"},
		"no value":          {ratioOf(calls, calls, Matchers{}.With("status")), calls, calls, "without a value"},
		"bad name":          {named("a b", ratioOf(calls, calls, failed)), calls, calls, `"a b"`},
		"name of a metric":  {named("calls_total", ratioOf(calls, calls, failed)), calls, calls, "call_error_ratio"},
		"role of a counter": {withRole(RoleTraffic, ratioOf(calls, calls, failed)), calls, calls, "traffic"},
	} {
		if _, err := test.ratio.Complete(test.numerator, test.divisor); err == nil || !strings.Contains(err.Error(), test.says) {
			t.Errorf("%s: error %v does not say %s", name, err, test.says)
		}
	}
}

func TestRatioConflict(t *testing.T) {
	r := ratioOf(calls, calls, Matchers{}.With("status", "error"))
	if err := r.Conflict(r); err != nil {
		t.Errorf("a ratio conflicts with itself: %v", err)
	}
	for says, change := range map[string]func(*Ratio){
		"numerator":   func(r *Ratio) { r.Numerator.Matchers = Matchers{}.With("status", "ok") },
		"denominator": func(r *Ratio) { r.Denominator.Metric = "others_total" },
		"scope":       func(r *Ratio) { r.Scope = []string{"app"} },
		"role":        func(r *Ratio) { r.Role = RoleErrors },
		"help":        func(r *Ratio) { r.Help = "Other." },
	} {
		other := r
		change(&other)
		if err := r.Conflict(other); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("error %v does not say %s", err, says)
		}
	}
}

func TestRolesOfKinds(t *testing.T) {
	for _, test := range []struct {
		role Role
		fits []Kind
	}{
		{RoleNone, []Kind{Counter, UpDownCounter, Gauge, Histogram}},
		{RoleTraffic, []Kind{Counter, Histogram}},
		{RoleErrors, []Kind{Counter}},
		{RoleLatency, []Kind{Histogram}},
		{RoleSaturation, []Kind{UpDownCounter, Gauge}},
		{Role(77), nil},
	} {
		for _, kind := range []Kind{Counter, UpDownCounter, Gauge, Histogram} {
			err := Descriptor{Name: "x", Kind: kind, Role: test.role}.Validate()
			if (err == nil) != slices.Contains(test.fits, kind) {
				t.Errorf("a %s with the role %s: %v", kind, test.role, err)
			}
		}
	}
}
