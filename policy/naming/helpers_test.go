package naming

import (
	"strings"
	"testing"
)

// example is a metric with part of what one rule says about it, or nothing.
type example struct {
	metric Metric
	want   string
}

// testRule applies one rule alone to examples.
func testRule(t *testing.T, id string, options Options, examples []example) {
	t.Helper()
	l := linter(t, options)
	for _, r := range rules {
		if r.ID != id {
			continue
		}
		for _, e := range examples {
			got := strings.Join(r.one(l, e.metric), "; ")
			if (got == "") != (e.want == "") || !strings.Contains(got, e.want) {
				t.Errorf("%s %s %+v: %q, want %q", e.metric.Kind, e.metric.Name, e.metric.Labels, got, e.want)
			}
		}
		return
	}
	t.Fatalf("there is no rule %s", id)
}

func linter(t testing.TB, options Options) *Linter {
	t.Helper()
	l, err := New(options)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func named(kind Kind, name string) Metric { return Metric{Name: name, Kind: kind} }

func inUnit(kind Kind, name, unit string) Metric { return Metric{Name: name, Kind: kind, Unit: unit} }

func labelled(kind Kind, name string, labels ...string) Metric {
	m := named(kind, name)
	for _, l := range labels {
		m.Labels = append(m.Labels, Label{Name: l})
	}
	return m
}
