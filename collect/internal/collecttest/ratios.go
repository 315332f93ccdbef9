package collecttest

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/metertree/metertree/metric"
	"github.com/metertree/metertree/registry"
)

// Ratios compares the registry's ratios with lines such as
// `a_ratio = a{status="x"} / a by [operation]`, sorted, with the role at the end
// if there is one.
func Ratios(t *testing.T, r *registry.Registry, want ...string) {
	t.Helper()
	var got []string
	for ratio := range r.Ratios() {
		line := fmt.Sprintf("%s = %s / %s by %v %s", ratio.Name, ratio.Numerator, ratio.Denominator, ratio.Axes, ratio.Role)
		got = append(got, strings.TrimSpace(line))
		if ratio.Help == "" {
			t.Errorf("ratio %s has no help", ratio.Name)
		}
	}
	if !slices.Equal(got, want) {
		t.Errorf("ratios:\n%s\nwant:\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

// Roles compares the metrics that have a role with lines such as
// "calls_total traffic", sorted.
func Roles(t *testing.T, r *registry.Registry, want ...string) {
	t.Helper()
	var got []string
	for d := range r.Declarations() {
		if d.Role != metric.RoleNone {
			got = append(got, d.Name+" "+d.Role.String())
		}
	}
	if !slices.Equal(got, want) {
		t.Errorf("roles:\n%s\nwant:\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}
