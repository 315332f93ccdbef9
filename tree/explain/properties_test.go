package explain_test

import (
	"context"
	"math"
	"math/rand/v2"
	"reflect"
	"slices"
	"sync"
	"testing"

	"github.com/metertree/metertree/tree/explain"
)

// sample is a few incidents of every kind; they are not to be changed.
var sample = sync.OnceValue(func() (few []incident) {
	for i, in := range incidents(7) {
		if i%6 == 0 {
			few = append(few, in)
		}
	}
	return few
})

// holds reports whether a leaf's values match all matchers.
func holds(labels, values []string, branch []explain.Matcher) bool {
	for _, m := range branch {
		if values[slices.Index(labels, m.Label)] != m.Value {
			return false
		}
	}
	return true
}

// checkParts recounts every leaf into the branch it belongs to by the matchers
// and the exceptions alone, and compares the sums.
func checkParts(t *testing.T, in incident, e *explain.Explanation) {
	t.Helper()
	if in.ratios != nil {
		checkSum(t, e, math.Max(e.Before, e.After)+e.Up-e.Down)
		return
	}
	parts := make([]float64, len(e.Branches)+1)
	for _, leaf := range in.sums {
		owner, owners := len(e.Branches), 0
		for i, b := range e.Branches {
			if holds(in.labels, leaf.Values, b.Matchers) && !slices.ContainsFunc(b.Except, func(o int) bool {
				return holds(in.labels, leaf.Values, e.Branches[o].Matchers)
			}) {
				owner, owners = i, owners+1
			}
		}
		if owners > 1 {
			t.Errorf("leaf %q is in %d branches", leaf.Values, owners)
		}
		parts[owner] += leaf.After - leaf.Before
	}
	size := e.Before + e.After
	for i, b := range e.Branches {
		if math.Abs(parts[i]-b.Contribution) > 1e-9*size {
			t.Errorf("%v contributes %g, its leaves %g", b, b.Contribution, parts[i])
		}
	}
	if rest := parts[len(e.Branches)]; math.Abs(rest-e.Remainder.Contribution) > 1e-9*size {
		t.Errorf("the remainder contributes %g, its leaves %g", e.Remainder.Contribution, rest)
	}
	checkSum(t, e, size)
}

// checkSum holds contributions against the change, within 1e-9 of the size.
func checkSum(t *testing.T, e *explain.Explanation, size float64) {
	t.Helper()
	contributions, rates, mixes := e.Remainder.Contribution, e.Remainder.Rate, e.Remainder.Mix
	percent := e.Remainder.Percent
	for i, b := range e.Branches {
		contributions, rates, mixes = contributions+b.Contribution, rates+b.Rate, mixes+b.Mix
		percent += b.Percent
		if i > 0 && math.Abs(b.Beyond) > math.Abs(e.Branches[i-1].Beyond) {
			t.Errorf("branch %d (%v) is larger than the one before", i, b)
		}
	}
	near := func(what string, got, want float64) {
		t.Helper()
		if !(math.Abs(got-want) <= 1e-9*size) {
			t.Errorf("%s: %g, want %g", what, got, want)
		}
	}
	near("contributions and remainder", contributions, e.Change)
	near("after - before", e.After-e.Before, e.Change)
	near("up + down", e.Up+e.Down, e.Change)
	near("rates of branches and remainder", rates, e.RateEffect)
	near("mixes of branches and remainder", mixes, e.MixEffect)
	if e.RateEffect != 0 || e.MixEffect != 0 {
		near("rate + mix", e.RateEffect+e.MixEffect, e.Change)
	}
	if math.Abs(e.Change) > 1e-3*size && math.Abs(percent-100) > 1e-3 {
		t.Errorf("percents add up to %g", percent)
	}
	if (len(e.Branches) > 0) != (e.Verdict == explain.Branches) {
		t.Errorf("verdict %q with %d branches", e.Verdict, len(e.Branches))
	}
}

func TestPartsAddUpToTheChange(t *testing.T) {
	for _, in := range sample() {
		e := explained(t, in)
		checkParts(t, in, e)
		if t.Failed() {
			t.Fatalf("%s\n%v", in.kind, e)
		}
	}
}

// Leaves of a branch are counted where the matchers say, for ratios too.
func TestLeavesAreCountedOnce(t *testing.T) {
	for _, in := range sample() {
		e := explained(t, in)
		leaves, before, after := e.Remainder.Leaves, e.Remainder.ShareBefore, e.Remainder.ShareAfter
		for _, b := range e.Branches {
			leaves, before, after = leaves+b.Leaves, before+b.ShareBefore, after+b.ShareAfter
		}
		if want := len(in.sums) + len(in.ratios); leaves != want {
			t.Errorf("%s: %d leaves counted, want %d", in.kind, leaves, want)
		}
		if math.Abs(before-1) > 1e-9 || math.Abs(after-1) > 1e-9 {
			t.Errorf("%s: shares add up to %g and %g", in.kind, before, after)
		}
	}
}

// shuffled is the same incident with labels and leaves in another order.
func shuffled(in incident, r *rand.Rand) incident {
	labels := r.Perm(len(in.labels))
	reorder := func(values []string) []string {
		other := make([]string, len(values))
		for to, from := range labels {
			other[to] = values[from]
		}
		return other
	}
	in.labels = reorder(in.labels)
	in.sums, in.ratios = slices.Clone(in.sums), slices.Clone(in.ratios)
	for i := range in.sums {
		in.sums[i].Values = reorder(in.sums[i].Values)
	}
	for i := range in.ratios {
		in.ratios[i].Values = reorder(in.ratios[i].Values)
	}
	r.Shuffle(len(in.sums), func(i, j int) { in.sums[i], in.sums[j] = in.sums[j], in.sums[i] })
	r.Shuffle(len(in.ratios), func(i, j int) { in.ratios[i], in.ratios[j] = in.ratios[j], in.ratios[i] })
	return in
}

func TestOrderDoesNotMatter(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 1))
	for _, in := range sample() {
		want, got := explained(t, in), explained(t, shuffled(in, r))
		if !reflect.DeepEqual(got, want) {
			t.Fatalf("%s: another order of labels and leaves gives\n%v, not\n%v", in.kind, got, want)
		}
	}
}

// In another unit the branches are the same and contributions are scaled: bit
// for bit by a power of two, nearly by any other number.
func TestUnitDoesNotMatter(t *testing.T) {
	for _, in := range sample() {
		if in.sums == nil {
			continue
		}
		want := explained(t, in)
		for _, scale := range []float64{0x1p-40, 0x1p30, 1000} {
			other := in
			other.sums = slices.Clone(in.sums)
			for i := range other.sums {
				other.sums[i].Before *= scale
				other.sums[i].After *= scale
			}
			got := explained(t, other)
			if got.Verdict != want.Verdict || len(got.Branches) != len(want.Branches) {
				t.Fatalf("%s times %g:\n%v, not\n%v", in.kind, scale, got, want)
			}
			for i, b := range got.Branches {
				w := want.Branches[i].Contribution * scale
				exact := scale != 1000 && b.Contribution == w
				near := scale == 1000 && math.Abs(b.Contribution-w) <= 1e-9*math.Abs(want.Before)*scale
				if !reflect.DeepEqual(b.Matchers, want.Branches[i].Matchers) || !exact && !near {
					t.Fatalf("%s times %g: %v %g, want %v %g", in.kind, scale, b, b.Contribution, want.Branches[i], w)
				}
			}
		}
	}
}

// Numerators and denominators have units of their own.
func TestUnitsOfARatioDoNotMatter(t *testing.T) {
	for _, in := range sample() {
		if in.ratios == nil {
			continue
		}
		want := answerExplain(t, in)
		other := in
		other.ratios = slices.Clone(in.ratios)
		for i := range other.ratios {
			r := &other.ratios[i]
			r.NumBefore, r.NumAfter = r.NumBefore*0x1p-10, r.NumAfter*0x1p-10
			r.DenBefore, r.DenAfter = r.DenBefore*0x1p20, r.DenAfter*0x1p20
		}
		if got := answerExplain(t, other); !reflect.DeepEqual(got, want) {
			t.Errorf("%s: in other units %v, not %v", in.kind, got, want)
		}
	}
}

// The input is the caller's.
func TestInputIsNotChanged(t *testing.T) {
	labels := []string{"b", "a"}
	leaves := []explain.Leaf{{Values: []string{"y", "x"}, Before: 2, After: 3}, {Values: []string{"x", "y"}, Before: 1, After: 4}}
	if _, err := explain.Sum(context.Background(), labels, leaves, explain.Options{}); err != nil {
		t.Fatal(err)
	}
	want := []explain.Leaf{{Values: []string{"y", "x"}, Before: 2, After: 3}, {Values: []string{"x", "y"}, Before: 1, After: 4}}
	if !reflect.DeepEqual(leaves, want) || !slices.Equal(labels, []string{"b", "a"}) {
		t.Errorf("labels %q and leaves %v were changed", labels, leaves)
	}
}
