package explain_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/metertree/metertree/tree/explain"
)

// only is the value where something holds, and 0 elsewhere.
func only(holds bool, value float64) float64 {
	if holds {
		return value
	}
	return 0
}

// services are 12 label sets of a ratio: host and operation, 1,000 calls each.
func services(failures func(host, operation string) (before, after float64)) []explain.RatioLeaf {
	var leaves []explain.RatioLeaf
	for h := range 4 {
		for _, operation := range []string{"read", "write", "list"} {
			host := fmt.Sprint("h", h)
			before, after := failures(host, operation)
			leaves = append(leaves, explain.RatioLeaf{Values: []string{host, operation},
				NumBefore: before, DenBefore: 1000, NumAfter: after, DenAfter: 1000})
		}
	}
	return leaves
}

// The usual incident: nothing failed, and now one place does.
func TestFailuresThatAppearHaveACause(t *testing.T) {
	for _, tt := range []struct {
		name     string
		failures func(host, operation string) (before, after float64)
		want     string
	}{
		{"one operation", func(_, o string) (float64, float64) { return 0, only(o == "write", 120) }, `operation="write"`},
		{"one host", func(h, _ string) (float64, float64) { return 0, only(h == "h2", 80) }, `host="h2"`},
		{"one operation of a host", func(h, o string) (float64, float64) { return 0, only(h == "h2" && o == "list", 300) }, `host="h2",operation="list"`},
		{"one failure there before", func(h, o string) (float64, float64) {
			return only(h == "h0" && o == "write", 1), only(o == "write", 120)
		}, `operation="write"`},
		{"among failures everywhere", func(_, o string) (float64, float64) { return 0, only(o == "write", 112) + 8 }, `operation="write"`},
		{"everywhere alike", func(_, _ string) (float64, float64) { return 0, 50 }, ``},
	} {
		leaves := services(tt.failures)
		e, err := explain.Ratio(context.Background(), []string{"host", "operation"}, leaves, explain.Options{Event: 1})
		if err != nil {
			t.Fatal(err)
		}
		if names(e) != tt.want {
			t.Errorf("%s: got [%s], want [%s]\n%v", tt.name, names(e), tt.want, e)
		}
	}
}

// One place takes a third of the calls and so a third of the failures: that is
// not a cause.
func TestFailuresThatAppearFollowTheVolume(t *testing.T) {
	leaves := services(func(_, _ string) (float64, float64) { return 0, 0 })
	for i := range leaves {
		if leaves[i].Values[0] == "h0" {
			leaves[i].DenBefore, leaves[i].DenAfter = 20_000, 20_000
		}
		leaves[i].NumAfter = leaves[i].DenAfter / 20
	}
	e, err := explain.Ratio(context.Background(), []string{"host", "operation"}, leaves, explain.Options{Event: 1})
	if err != nil {
		t.Fatal(err)
	}
	if e.Verdict != explain.Uniform || len(e.Branches) != 0 {
		t.Errorf("got\n%v", e)
	}
}

// A sum that appears has a cause if it appears in one place.
func TestSumThatAppearsInOnePlace(t *testing.T) {
	for want, here := range map[string]func(a, b string) bool{
		`a="a1"`:        func(a, _ string) bool { return a == "a1" },
		`b="b2"`:        func(_, b string) bool { return b == "b2" },
		`a="a1",b="b2"`: func(a, b string) bool { return a == "a1" && b == "b2" },
		``:              func(a, _ string) bool { return a == "a1" || a == "a2" },
	} {
		leaves := grid(func(a, b string) float64 { return only(here(a, b), 1) })
		for i := range leaves {
			leaves[i].Before = 0
		}
		e := explainGrid(t, leaves)
		if names(e) != want {
			t.Errorf("got [%s], want [%s]\n%v", names(e), want, e)
		}
		if want != "" && (e.Branches[0].Contribution != e.Change || e.Remainder.Contribution != 0) {
			t.Errorf("%s has not the whole change\n%v", want, e)
		}
	}
}

// Calls moved from one place to another, and none failed: nothing changed.
func TestNoFailuresAtAll(t *testing.T) {
	leaves := services(func(_, _ string) (float64, float64) { return 0, 0 })
	for i := range leaves {
		if leaves[i].Values[1] == "write" {
			leaves[i].DenAfter = 5000
		}
	}
	e, err := explain.Ratio(context.Background(), []string{"host", "operation"}, leaves, explain.Options{Event: 1})
	if err != nil {
		t.Fatal(err)
	}
	if e.Verdict != explain.Nothing || len(e.Branches) != 0 {
		t.Errorf("got\n%v", e)
	}
}
