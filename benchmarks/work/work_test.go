package work

import (
	"slices"
	"testing"

	"github.com/metertree/metertree/metric"
)

func TestLabelSetsDiffer(t *testing.T) {
	const n = 100_000
	seen := map[Labels]bool{}
	for _, set := range LabelSets(n) {
		seen[set] = true
	}
	if len(seen) != n {
		t.Errorf("%d different label sets, want %d", len(seen), n)
	}
}

func TestRotationDiffers(t *testing.T) {
	seen := map[Labels]bool{}
	for _, set := range Rotation() {
		seen[set] = true
	}
	if len(seen) != rotation {
		t.Errorf("%d different label sets, want %d", len(seen), rotation)
	}
}

func TestBoundsAreTheLibrarysDefault(t *testing.T) {
	if want := metric.DefaultLatencyBounds(); !slices.Equal(Bounds, want) {
		t.Errorf("bounds %v, want %v", Bounds, want)
	}
}

func TestValuesReachEveryBucket(t *testing.T) {
	counts := make([]int, len(Bounds)+1)
	for _, v := range Values() {
		at, _ := slices.BinarySearch(Bounds, v)
		counts[at]++
	}
	for at, count := range counts[:len(Bounds)-1] {
		if count == 0 {
			t.Errorf("no value in bucket %d: counts are %v", at, counts)
		}
	}
}

func TestReductionsHaveAllGroups(t *testing.T) {
	type group struct{ operation, status string }
	seen, groups := map[Labels]bool{}, map[group]bool{}
	const n = 10_000
	for _, set := range ReducedSets(n) {
		seen[set] = true
		groups[group{set.Operation, set.Status}] = true
	}
	if len(seen) != n || len(groups) != Groups {
		t.Errorf("%d different label sets in %d groups, want %d in %d", len(seen), len(groups), n, Groups)
	}
}

func TestGrouped(t *testing.T) {
	for n, want := range map[int]string{0: "0", 999: "999", 1000: "1,000", 1_234_567: "1,234,567"} {
		if got := Grouped(n); got != want {
			t.Errorf("Grouped(%d) = %q, want %q", n, got, want)
		}
	}
}

func TestFigure(t *testing.T) {
	for v, want := range map[float64]string{0: "0", .456: "0.46", 9.99: "9.99", 12.34: "12.3", 100: "100", 1234.6: "1,235", 1e6: "1,000,000"} {
		if got := Figure(v); got != want {
			t.Errorf("Figure(%v) = %q, want %q", v, got, want)
		}
	}
}
