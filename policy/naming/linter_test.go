package naming

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/metertree/metertree/metric"
	"github.com/metertree/metertree/policy"
)

// What the library's own conventions ask for passes every rule.
func TestGoodMetrics(t *testing.T) {
	l := linter(t, Options{Labels: policy.DefaultLabels()})
	for _, d := range []metric.Descriptor{
		{Name: "http_requests_total", Kind: metric.Counter, Help: "Requests served.", Keys: []string{"method", "route", "status"}},
		{Name: "http_request_duration_seconds", Kind: metric.Histogram, Unit: "seconds", Help: "Time to serve.", Keys: []string{"method"}},
		{Name: "http_requests_in_flight", Kind: metric.UpDownCounter, Help: "Requests being served."},
		{Name: "queue_depth", Kind: metric.Gauge, Help: "Tasks that wait.", Keys: []string{"queue"}},
		{Name: "cache_up", Kind: metric.Gauge, Help: "Whether the cache answers.", Const: metric.Labels{{Name: "provider", Value: "x"}}},
		{Name: "process_cpu_seconds_total", Kind: metric.Counter, Unit: "seconds", Help: "Time on processors."},
		{Name: "metertree_build_info", Kind: metric.Gauge, Help: "Always 1.", Keys: []string{"version"}},
	} {
		findings, err := l.Define(d)
		if len(findings) > 0 || err != nil {
			t.Errorf("%s: %v, %v", d.Name, findings, err)
		}
	}
}

func TestDefine(t *testing.T) {
	l := linter(t, Options{Labels: policy.DefaultLabels(), Waivers: []Waiver{{"total", "old_*", "kept for its dashboards"}}})
	findings, err := l.Define(metric.Descriptor{Name: "shop_orders", Kind: metric.Counter, Keys: []string{"user_id"}})
	if err == nil || !strings.Contains(err.Error(), "shop_orders_total (rule total") || !strings.Contains(err.Error(), "user_id") || strings.Contains(err.Error(), "help") {
		t.Errorf("error %v", err)
	}
	if len(findings) != 3 || findings[0].Severity != Error || findings[2].Rule != "help" {
		t.Errorf("findings %v", findings)
	}
	findings, err = l.Define(metric.Descriptor{Name: "old_orders", Kind: metric.Counter, Help: "Orders."})
	if err != nil || len(findings) > 0 {
		t.Errorf("a waived metric: %v, %v", findings, err)
	}
}

func TestLint(t *testing.T) {
	l := linter(t, Options{})
	findings := l.Lint([]Metric{
		{Name: "shop_2_orders_total", Kind: Counter, Help: "Orders."},
		{Name: "shop_1_orders_total", Kind: Counter},
		{Name: "a_queueDepth", Kind: Counter, Help: "Waiting."},
	})
	var got []string
	for _, f := range findings {
		got = append(got, f.Metric+" "+f.Rule+" "+f.Severity.String())
	}
	want := []string{
		"a_queueDepth total error", "a_queueDepth case warning",
		"shop_1_orders_total help warning", "shop_1_orders_total sibling-names warning",
	}
	if !slices.Equal(got, want) {
		t.Errorf("findings %q, want %q", got, want)
	}
	if s := findings[0].String(); s != "error: a_queueDepth: the name of a counter ends in _total: a_queueDepth_total (total)" {
		t.Errorf("a finding reads %q", s)
	}
	text, err := json.Marshal(findings)
	var back []Finding
	if err != nil || json.Unmarshal(text, &back) != nil || !slices.Equal(back, findings) {
		t.Errorf("findings do not survive JSON: %s, %v", text, err)
	}
}

func TestWaivers(t *testing.T) {
	for want, w := range map[string]Waiver{
		"has no reason":        {Rule: "help", Metric: "a"},
		`there is no rule "x"`: {Rule: "x", Metric: "a", Reason: "r"},
		`pattern "a b"`:        {Rule: "help", Metric: "a b", Reason: "r"},
	} {
		if _, err := New(Options{Waivers: []Waiver{w}}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%+v: %v, want %q", w, err, want)
		}
	}
	used := Waiver{"*", "legacy_*", "made elsewhere"}
	unused := Waiver{"help", "gone_*", "made elsewhere"}
	l := linter(t, Options{Waivers: []Waiver{used, unused}})
	if found := l.Check(named(Counter, "legacy_fooBar")); len(found) > 0 {
		t.Errorf("a waived metric: %v", found)
	}
	if found := l.Check(named(Counter, "new_foo")); len(found) == 0 {
		t.Error("a waiver reaches further than its pattern")
	}
	if got := l.UnusedWaivers(); !slices.Equal(got, []Waiver{unused}) {
		t.Errorf("unused are %v", got)
	}
}

func TestInvalidThresholds(t *testing.T) {
	if _, err := New(Options{Thresholds: policy.Thresholds{Good: 2, Questioned: 1}}); err == nil {
		t.Error("thresholds the wrong way round were taken")
	}
}

func TestRules(t *testing.T) {
	seen := map[string]bool{}
	for _, r := range Rules() {
		if seen[r.ID] || r.Summary == "" || (r.one == nil) == (r.whole == nil) {
			t.Errorf("rule %+v", r)
		}
		seen[r.ID] = true
	}
	for _, s := range []Severity{Advice, Warning, Error} {
		text, _ := s.MarshalText()
		var back Severity
		if err := back.UnmarshalText(text); err != nil || back != s {
			t.Errorf("%s is read as %v, %v", text, back, err)
		}
	}
	if err := new(Severity).UnmarshalText([]byte("x")); err == nil || Severity(7).String() != "severity(7)" {
		t.Errorf("an unknown severity: %v", err)
	}
}

// The rules take whatever an exposition holds.
func FuzzLint(f *testing.F) {
	for _, seed := range []string{"", "_", "__", "a", "_total", "up", "Ä_ß", "a_ms", "\xff", "HTTPx_", "ms", "x_by_l", "a:b"} {
		f.Add(seed, "seconds", "l")
	}
	l := linter(f, Options{Labels: policy.DefaultLabels(), Prefixes: []string{"p"}})
	f.Fuzz(func(t *testing.T, name, unit, label string) {
		m := Metric{Name: name, Unit: unit, Labels: []Label{{Name: label, Values: 3, Some: []string{name, label}}}}
		for _, m.Kind = range []Kind{Unknown, Counter, UpDownCounter, Gauge, Histogram, Summary, Info, StateSet} {
			for _, found := range l.Lint([]Metric{m, m}) {
				if found.Metric != name || found.Message == "" || !known(found.Rule) {
					t.Errorf("finding %+v", found)
				}
			}
		}
		if fixed := snake(name); snake(fixed) != fixed {
			t.Errorf("%q is fixed as %q, and that as %q", name, fixed, snake(fixed))
		}
	})
}
