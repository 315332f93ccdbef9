//go:build !metertree_off

package meter_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/metertree/metertree/meter"
	"github.com/metertree/metertree/metric"
)

// ratios returns those of the scope as text.
func ratios(s meter.Scope) (all []string) {
	for r := range s.Ratios() {
		all = append(all, r.Name+" = "+r.Numerator.String()+" / "+r.Denominator.String())
	}
	return all
}

func TestRatiosOfEveryInstrument(t *testing.T) {
	type labels struct{ Operation, Status string }
	root, _ := newScope()
	s := root.Scope("app").With("shard", "0")
	keys := meter.Keys("operation", "status")
	failed := meter.Where("status", "error")
	for name, of := range map[string]meter.Additive{
		"counter":         s.Counter("a", keys),
		"float":           s.FloatCounter("b", keys),
		"updown":          s.UpDownCounter("c", keys),
		"histogram":       s.Histogram("d", keys),
		"typed_counter":   meter.MustCounter[labels](s, "e"),
		"typed_float":     meter.MustFloatCounter[labels](s, "f"),
		"typed_updown":    meter.MustUpDownCounter[labels](s, "g"),
		"typed_histogram": meter.MustHistogram[labels](s, "h"),
	} {
		if err := meter.Ratio(s, name+"_ratio", of, failed); err != nil {
			t.Error(err)
		}
	}
	all := slices.Collect(s.Ratios())
	if len(all) != 8 {
		t.Fatalf("%d ratios, want 8", len(all))
	}
	for _, r := range all {
		if r.Form() != metric.SelectorRatio || !slices.Equal(r.Axes, []string{"operation", "shard"}) || !slices.Equal(r.Scope, []string{"app"}) {
			t.Errorf("%+v: want a selector ratio within app along operation and shard", r)
		}
	}
	if all[0].Name != "app_counter_ratio" || all[0].Numerator.String() != `app_a{status="error"}` || all[0].Denominator.String() != "app_a" {
		t.Errorf("the first is %+v", all[0])
	}
}

func TestRatioOptions(t *testing.T) {
	s, _ := newScope()
	lookups := s.Counter("lookups_total", meter.Keys("status", "level"))
	searches := s.Counter("searches_total", meter.Keys("level", "operation"))
	values := []string{"miss", "hit"}
	among := meter.Among("status", values...)
	values[0] = "changed"
	for range 2 {
		for _, err := range []error{
			meter.Ratio(s, "a", lookups, meter.Where("status", "hit"), among, meter.Help("Hits."), meter.Role(metric.RoleErrors)),
			meter.Ratio(s, "b", lookups, meter.Where("level", "l1", "l2"), among),
			meter.RatioOf(s, "c", lookups, searches, meter.Among("operation", "query"), meter.Where("status", "")),
			meter.RatioOf(s, "d", lookups, searches),
		} {
			if err != nil {
				t.Error(err)
			}
		}
	}
	want := []string{
		`a = lookups_total{status="hit"} / lookups_total{status=~"hit|miss"}`,
		`b = lookups_total{level=~"l1|l2",status=~"hit|miss"} / lookups_total{status=~"hit|miss"}`,
		`c = lookups_total{status=""} / searches_total{operation="query"}`,
		`d = lookups_total / searches_total`,
	}
	if got := ratios(s); !slices.Equal(got, want) {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	for r := range s.Ratios() {
		if r.Name == "a" && (r.Help != "Hits." || r.Role != metric.RoleErrors) {
			t.Errorf("help %q, role %s", r.Help, r.Role)
		}
	}
}

func TestRatioOfWhatRecordsNothing(t *testing.T) {
	s, _ := newScope()
	calls := s.Counter("calls_total", meter.Keys("status"))
	if err := meter.RatioOf(s, "a", meter.Counter{}, calls); err != nil {
		t.Error(err)
	}
	if err := meter.RatioOf(s, "b", calls, meter.CounterOf[struct{}]{}); err != nil {
		t.Error(err)
	}
	if got := ratios(s); len(got) > 0 {
		t.Errorf("ratios %q, want none", got)
	}
}

func TestRatiosThatTakeAMetricToBeWrong(t *testing.T) {
	s, _ := newScope()
	other, _ := newScope()
	calls := s.Counter("calls_total", meter.Keys("status"))
	level := s.UpDownCounter("open", meter.Keys("status"))
	failed := meter.Where("status", "error")
	for says, err := range map[string]error{
		`no label "code"`:     meter.Ratio(s, "a", calls, meter.Where("code", "5xx")),
		"kind updowncounter":  meter.RatioOf(s, "b", calls, level),
		"name of the metric":  meter.Ratio(s, "calls_total", calls, failed),
		"metric open is":      meter.Ratio(s, "open", calls, failed),
		"which is not def":    meter.Ratio(other, "c", calls, failed),
		"the same":            meter.RatioOf(s, "d", calls, calls),
		"not all among":       meter.Ratio(s, "e", calls, failed, meter.Among("status", "hit", "miss")),
		"selected by twice":   meter.Ratio(s, "f", calls, failed, failed),
		"narrow the numerato": meter.Ratio(s, "g", calls, meter.Among("status", "hit")),
	} {
		if err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("error %v does not say %s", err, says)
		}
	}
	if got := ratios(s); len(got) > 0 {
		t.Errorf("ratios %q, want none", got)
	}
}

func TestRolesAreDeclared(t *testing.T) {
	s, _ := newScope()
	if _, err := s.NewGauge("fill", meter.Role(metric.RoleSaturation)); err != nil {
		t.Fatal(err)
	}
	if _, err := s.NewGauge("age", meter.Role(metric.RoleLatency)); err == nil {
		t.Error("a gauge was accepted as a latency")
	}
	for d := range s.Declarations() {
		if want := map[string]metric.Role{"fill": metric.RoleSaturation}[d.Name]; d.Role != want {
			t.Errorf("%s has the role %q, want %q", d.Name, d.Role, want)
		}
	}
}
