package tenant

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/metertree/metertree/metric"
	"github.com/metertree/metertree/policy"
)

func TestLabel(t *testing.T) {
	g := admitted(t, Options{Metrics: policy.Patterns{"calls_total"}, Retain: time.Hour}, 2)
	d := metric.Descriptor{
		Name: "calls_total", Kind: metric.Counter, Keys: []string{"operation", "account_id"},
		Const: metric.Labels{{Name: "aaa", Value: "x"}},
	}
	l, err := g.Label(d, "account_id")
	if err != nil {
		t.Fatal(err)
	}
	for tenant, want := range map[string]string{"tenant-0": "tenant-0", "new": policy.Overflow, "": policy.Unknown, policy.Unknown: policy.Unknown} {
		values := []string{"x", tenant, "get"}
		if l.Normalise(values); !slices.Equal(values, []string{"x", want, "get"}) {
			t.Errorf("tenant %q gives %q, want %q", tenant, values, want)
		}
	}
	if l.SeenLabel() != "account_id" || l.Retention() != time.Hour || l.Condition() != policy.Guarded {
		t.Errorf("label %+v", l)
	}
	before := l.Version()
	g.Rebalance(start.Add(time.Second))
	if l.Version() != before {
		t.Error("asking what becomes of a tenant has counted as its traffic")
	}
	l.Seen("new")
	g.Rebalance(start.Add(2 * time.Second)) // admits new
	admission := l.Version()
	g.Delete("new", start)
	if admission == before || l.Version() == admission {
		t.Errorf("versions %d, %d, %d", before, admission, l.Version())
	}
	values := []string{"x", "tenant-0", "get"}
	if n := testing.AllocsPerRun(100, func() { values[1] = "stranger"; l.Normalise(values); l.Seen("tenant-0") }); n != 0 {
		t.Errorf("normalising allocates %v times", n)
	}
}

func TestLabelOfUncoveredMetric(t *testing.T) {
	var none *Guard
	for _, g := range []*Guard{none, guard(t, Options{Metrics: policy.Patterns{"other"}})} {
		l, err := g.Label(metric.Descriptor{Name: "load", Kind: metric.Gauge, Keys: []string{"account_id"}}, "account_id")
		if err != nil {
			t.Fatal(err)
		}
		values := []string{"a"}
		l.Normalise(values)
		l.Seen("a")
		l.SeenOf("a")()
		if values[0] != "" || l.SeenLabel() != "" || l.Version() != 0 || l.Retention() != 0 {
			t.Errorf("a label that is off gives %q: %+v", values, l)
		}
	}
}

func TestInvalidLabel(t *testing.T) {
	g := guard(t, Options{})
	for want, d := range map[string]metric.Descriptor{
		`no label "account_id"`: {Name: "a", Kind: metric.Counter, Keys: []string{"b"}},
		"fold max":              {Name: "a", Kind: metric.Gauge, Fold: metric.FoldMax, Keys: []string{"account_id"}},
		"is monotonic":          {Name: "a", Kind: metric.Gauge, Monotonic: true, Keys: []string{"account_id"}},
	} {
		if _, err := g.Label(d, "account_id"); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%+v: %v, want %q", d, err, want)
		}
	}
}
