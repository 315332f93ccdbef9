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
