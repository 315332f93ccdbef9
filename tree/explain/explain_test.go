package explain_test

import (
	"context"
	"errors"
	"fmt"
	"math"
	"reflect"
	"runtime"
	"strings"
	"testing"

	"github.com/metertree/metertree/tree/explain"
)

// grid is leaves of two labels, a of 4 and b of 5 values, with values around 100
// that differ a little.
func grid(change func(a, b string) float64) (leaves []explain.Leaf) {
	for i := range 4 {
		for j := range 5 {
			a, b, v := fmt.Sprint("a", i), fmt.Sprint("b", j), float64(100+10*i+7*j)
			leaves = append(leaves, explain.Leaf{Values: []string{a, b}, Before: v, After: v * change(a, b)})
		}
	}
	return leaves
}

func explainGrid(t *testing.T, leaves []explain.Leaf) *explain.Explanation {
	t.Helper()
	e, err := explain.Sum(context.Background(), []string{"a", "b"}, leaves, explain.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return e
}

// names lists the branches.
func names(e *explain.Explanation) string {
	var all []string
	for _, b := range e.Branches {
		all = append(all, b.String())
	}
	return strings.Join(all, " ")
}

func TestVerdicts(t *testing.T) {
	when := func(hit bool, factor float64) float64 {
		if hit {
			return factor
		}
		return 1
	}
	for _, tt := range []struct {
		name    string
		change  func(a, b string) float64
		verdict explain.Verdict
		want    string
		factor  float64
	}{
		{"one value", func(a, _ string) float64 { return when(a == "a1", 2) }, explain.Branches, `a="a1"`, 1},
		{"pair", func(a, b string) float64 { return when(a == "a1" && b == "b2", 3) }, explain.Branches, `a="a1",b="b2"`, 1},
		{"value on growth", func(_, b string) float64 { return 1.1 * when(b == "b0", 0.5) }, explain.Branches, `b="b0"`, 1.1},
		{"value that did not grow", func(_, b string) float64 { return when(b != "b0", 1.5) }, explain.Branches, `b="b0"`, 1.5},
		{"vanished", func(_, b string) float64 { return when(b == "b0", 0) }, explain.Branches, `b="b0"`, 1},
		{"uniform", func(_, _ string) float64 { return 1.1 }, explain.Uniform, "", 1.1},
		{"all gone", func(_, _ string) float64 { return 0 }, explain.Uniform, "", 0},
		{"steady", func(_, _ string) float64 { return 1 }, explain.Nothing, "", 1},
		{"a tenth of a percent", func(_, _ string) float64 { return 1.001 }, explain.Nothing, "", 1.001},
	} {
		e := explainGrid(t, grid(tt.change))
		if e.Verdict != tt.verdict || names(e) != tt.want || math.Abs(e.Factor-tt.factor) > 1e-9 {
			t.Errorf("%s: %s [%s] by %g, want %s [%s] by %g", tt.name, e.Verdict, names(e), e.Factor, tt.verdict, tt.want, tt.factor)
		}
	}
}

// What is new as a whole has no branch to blame.
func TestEverythingAppeared(t *testing.T) {
	leaves := grid(func(_, _ string) float64 { return 1 })
	for i := range leaves {
		leaves[i].Before = 0
	}
	if e := explainGrid(t, leaves); e.Verdict != explain.Uniform || e.Change != e.After || len(e.Branches) != 0 {
		t.Errorf("got\n%v", e)
	}
}

// Two changes that cancel are both listed, although the parent stands still.
func TestCancellingChangesAreBothVisible(t *testing.T) {
	leaves := grid(func(_, _ string) float64 { return 1 })
	moved := 0.0
	for i := range leaves {
		switch leaves[i].Values[0] {
		case "a0":
			leaves[i].After = leaves[i].Before / 2
			moved += leaves[i].Before / 2
		case "a3":
			leaves[i].After = leaves[i].Before + 60 // 5·60, what a0 lost in all but a few
		}
	}
	e := explainGrid(t, leaves)
	if e.Verdict != explain.Branches || len(e.Branches) != 2 || e.Up != 300 || e.Down != -moved {
		t.Fatalf("got %+.6g up, %+.6g down\n%v", e.Up, e.Down, e)
	}
	if e.Branches[0].Contribution != 300 || e.Branches[1].Contribution != -moved {
		t.Errorf("got\n%v", e)
	}
}

// One version replaces another: both are named, not "the rest".
func TestReplacementNamesBoth(t *testing.T) {
	var leaves []explain.Leaf
	for i := range 6 {
		host := fmt.Sprint("h", i)
		leaves = append(leaves,
			explain.Leaf{Values: []string{host, "1"}, Before: float64(100 + i)},
			explain.Leaf{Values: []string{host, "2"}, After: float64(102 + i)})
	}
	e, err := explain.Sum(context.Background(), []string{"host", "version"}, leaves, explain.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if got := names(e); got != `version="2" version="1"` || e.Remainder.Leaves != 0 {
		t.Errorf("got\n%v", e)
	}
}

// Every branch gets better and the whole gets worse.
func TestSimpsonsParadoxIsAMixEffect(t *testing.T) {
	var leaves []explain.RatioLeaf
	for i := range 8 {
		host, den := fmt.Sprint("h", i), float64(10000+500*i)
		leaves = append(leaves,
			explain.RatioLeaf{Values: []string{host, "desktop"}, NumBefore: 0.010 * den, DenBefore: den, NumAfter: 0.009 * den, DenAfter: den},
			explain.RatioLeaf{Values: []string{host, "mobile"}, NumBefore: 0.050 * den / 4, DenBefore: den / 4, NumAfter: 0.045 * den, DenAfter: den})
	}
	e, err := explain.Ratio(context.Background(), []string{"host", "device"}, leaves, explain.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if e.Change <= 0 || e.RateEffect >= 0 || e.MixEffect <= 0 {
		t.Errorf("change %+g, rates %+g, mix %+g: want up, down, up", e.Change, e.RateEffect, e.MixEffect)
	}
	if names(e) != `device="mobile"` || e.Branches[0].Rate >= 0 || e.Branches[0].Mix <= 0 {
		t.Errorf("got\n%v", e)
	}
	if math.Abs(e.Factor-0.9) > 1e-9 {
		t.Errorf("the rest's rates changed by %g, want 0.9", e.Factor)
	}
}

// After a restart every pod is another one; the version that fails is not lost
// among them.
func TestIdentitiesAreFolded(t *testing.T) {
	var leaves []explain.RatioLeaf
	for i := range 24 {
		version, rate := fmt.Sprint(i%3), 0.01
		if i%3 == 2 {
			rate = 0.05
		}
		leaves = append(leaves,
			explain.RatioLeaf{Values: []string{fmt.Sprint("old", i), version}, NumBefore: 10, DenBefore: 1000},
			explain.RatioLeaf{Values: []string{fmt.Sprint("new", i), version}, NumAfter: rate * 1000, DenAfter: 1000})
	}
	e, err := explain.Ratio(context.Background(), []string{"pod", "version"}, leaves, explain.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if names(e) != `version="2"` || !reflect.DeepEqual(e.Folded, []string{"pod"}) {
		t.Errorf("folded %q, got\n%v", e.Folded, e)
	}
}

func TestBadValuesAreExcludedAndCounted(t *testing.T) {
	leaves := grid(func(_, _ string) float64 { return 1 })
	want := explainGrid(t, leaves)
	for _, v := range []float64{math.NaN(), math.Inf(1), math.Inf(-1), -1} {
		leaves = append(leaves, explain.Leaf{Values: []string{"a0", "b0"}, Before: 1, After: v},
			explain.Leaf{Values: []string{"a0", "b0"}, Before: v, After: 1})
	}
	got := explainGrid(t, leaves)
	if (got.Excluded != explain.Excluded{NaN: 2, Infinite: 4, Negative: 2}) {
		t.Errorf("excluded %+v", got.Excluded)
	}
	if !strings.Contains(got.String(), "2 NaN, 4 infinite, 2 negative") {
		t.Errorf("the text does not say so:\n%v", got)
	}
	if got.Excluded = want.Excluded; !reflect.DeepEqual(got, want) {
		t.Errorf("excluded leaves changed the answer to\n%v", got)
	}
	e, err := explain.Ratio(context.Background(), nil, []explain.RatioLeaf{
		{NumBefore: 1, DenBefore: 10, NumAfter: 1, DenAfter: 10}, {NumBefore: 1, DenAfter: 5}}, explain.Options{})
	if err != nil || e.Excluded.NoDenominator != 1 || e.Before != 0.1 {
		t.Errorf("got %v, %v", e, err)
	}
}

func TestErrorsNameTheValueAndTheRemedy(t *testing.T) {
	sum := func(labels []string, leaves ...explain.Leaf) error {
		_, err := explain.Sum(context.Background(), labels, leaves, explain.Options{})
		return err
	}
	ratio := func(leaves ...explain.RatioLeaf) error {
		_, err := explain.Ratio(context.Background(), nil, leaves, explain.Options{})
		return err
	}
	for _, tt := range []struct {
		err  error
		want string
	}{
		{sum([]string{"a", "b", "a"}), `"a" is given twice`},
		{sum([]string{"a"}, explain.Leaf{}), "leaf 0 has 0 values"},
		{sum(nil, make([]explain.Leaf, explain.MaxLeaves+1)...), "10001 leaves, at most 10000"},
		{sum(make([]string, explain.MaxLabels+1)), "9 labels, at most 8"},
		{sum(nil, explain.Leaf{After: math.MaxFloat64}, explain.Leaf{After: math.MaxFloat64}), "scale the values down"},
		{ratio(explain.RatioLeaf{NumAfter: 1, DenAfter: 1}), "in the window before: the denominator is 0"},
		{ratio(explain.RatioLeaf{NumBefore: 1, DenBefore: 1}), "in the window after: the denominator is 0"},
		{ratio(explain.RatioLeaf{NumBefore: 1e300, DenBefore: 1e-300, DenAfter: 1}), "a denominator is next to 0"},
	} {
		if tt.err == nil || !strings.Contains(tt.err.Error(), tt.want) {
			t.Errorf("got %v, want … %s …", tt.err, tt.want)
		}
	}
	if err := sum(nil, make([]explain.Leaf, explain.MaxLeaves+1)...); !errors.Is(err, explain.ErrTooLarge) {
		t.Errorf("%v is not ErrTooLarge", err)
	}
}

// expiring is a context that ends after it has been asked a number of times.
type expiring struct {
	context.Context
	left *int
}

func (c expiring) Err() error {
	if *c.left--; *c.left < 0 {
		return context.Canceled
	}
	return nil
}

func TestContextEndsTheSearch(t *testing.T) {
	leaves := grid(func(a, _ string) float64 { return float64(len(a)) })
	for asked := range 3 {
		left := asked
		_, err := explain.Sum(expiring{context.Background(), &left}, []string{"a", "b"}, leaves, explain.Options{})
		if !errors.Is(err, context.Canceled) || left != -1 {
			t.Errorf("ended at the %d. look: %v after %d more", asked, err, -left)
		}
	}
}

func TestBranchesAreBounded(t *testing.T) {
	leaves := grid(func(a, b string) float64 { return 1 + float64(a[1]-'0')*float64(b[1]-'0') })
	for _, tt := range []struct{ most, want int }{{0, 5}, {1, 1}, {1000, 10}} {
		e, err := explain.Sum(context.Background(), []string{"a", "b"}, leaves, explain.Options{MaxBranches: tt.most})
		if err != nil || len(e.Branches) > tt.want || len(e.Branches) == 0 {
			t.Errorf("at most %d: %d branches, %v", tt.most, len(e.Branches), err)
		}
	}
}

// The largest input takes bounded memory.
func TestMemoryIsBounded(t *testing.T) {
	labels, leaves := largest()
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	if _, err := explain.Sum(context.Background(), labels, leaves, explain.Options{MaxBranches: 10}); err != nil {
		t.Fatal(err)
	}
	runtime.ReadMemStats(&after)
	if used := (after.TotalAlloc - before.TotalAlloc) >> 20; used > 64 {
		t.Errorf("%d MB were allocated in all, at most 64 expected", used)
	}
}
