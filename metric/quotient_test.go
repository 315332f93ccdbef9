package metric

import (
	"math"
	"math/rand/v2"
	"testing"
)

func TestQuotientAtTheEdges(t *testing.T) {
	none := Amount{}
	for name, test := range map[string]struct {
		numerator, denominator Amount
		value                  float64
		hasData, exceeds       bool
	}{
		"a share":                         {AmountOf(1), AmountOf(4), 0.25, true, false},
		"all":                             {AmountOf(4), AmountOf(4), 1, true, false},
		"absent numerator":                {none, AmountOf(4), 0, true, false},
		"zero numerator":                  {AmountOf(0), AmountOf(4), 0, true, false},
		"zero denominator":                {AmountOf(0), AmountOf(0), 0, false, false},
		"absent denominator":              {AmountOf(0), none, 0, false, false},
		"nothing at all":                  {none, none, 0, false, false},
		"more than the whole":             {AmountOf(5), AmountOf(4), 1.25, true, true},
		"something of nothing":            {AmountOf(1), AmountOf(0), 0, false, true},
		"something of an absent one":      {AmountOf(1), none, 0, false, true},
		"a sum that fell below zero":      {AmountOf(-1), AmountOf(4), -0.25, true, false},
		"a denominator that did":          {AmountOf(-5), AmountOf(-4), 0, false, false},
		"not a number":                    {AmountOf(math.NaN()), AmountOf(4), 0, false, false},
		"infinite denominator":            {AmountOf(1), AmountOf(math.Inf(1)), 0, false, false},
		"too large to tell":               {AmountOf(math.MaxFloat64), AmountOf(0.5), 0, false, true},
		"a denominator that is no number": {AmountOf(1), AmountOf(math.NaN()), 0, false, false},
	} {
		q := RatioSums{test.numerator, test.denominator}.Quotient()
		if q.HasData != test.hasData || q.Exceeds != test.exceeds || test.hasData && q.Value != test.value || !test.hasData && !math.IsNaN(q.Value) {
			t.Errorf("%s: %+v, want %v, data %t, exceeds %t", name, q, test.value, test.hasData, test.exceeds)
		}
	}
}

// randomGroups makes groups of a selector ratio: each numerator is a part of its
// denominator, and either may be absent. The sums are whole numbers, so adding
// them is exact.
func randomGroups(random *rand.Rand) []RatioSums {
	groups := make([]RatioSums, 1+random.IntN(12))
	for i := range groups {
		if random.IntN(5) == 0 {
			continue
		}
		denominator := random.IntN(1000)
		groups[i].Denominator = AmountOf(float64(denominator))
		if random.IntN(4) > 0 {
			groups[i].Numerator = AmountOf(float64(random.IntN(denominator + 1)))
		}
	}
	return groups
}

func TestQuotientsOfGroupsMakeUpTheParent(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	near := func(a, b float64) bool { return math.Abs(a-b) < 1e-9 }
	undefined := 0
	for range 5000 {
		groups := randomGroups(random)
		var parent RatioSums
		for _, g := range groups {
			parent = parent.Plus(g)
		}
		whole := parent.Quotient()
		if whole.HasData != (parent.Denominator.Sum > 0) || whole.Exceeds {
			t.Fatalf("%+v of %+v", whole, groups)
		}
		shares, weighted := 0.0, 0.0
		for _, g := range groups {
			share, within := ShareOfParent.Quotient(g, parent), WithinGroup.Quotient(g, parent)
			if share.HasData != whole.HasData || within.HasData != (g.Denominator.Sum > 0) {
				t.Fatalf("group %+v of %+v: share %+v, within the group %+v", g, parent, share, within)
			}
			if within.HasData {
				if within.Value < 0 || within.Value > 1 || within.Exceeds || share.Value > whole.Value {
					t.Fatalf("group %+v of %+v: share %+v, within the group %+v", g, parent, share, within)
				}
				weighted += within.Value * g.Denominator.Sum
			}
			if share.HasData {
				shares += share.Value
			}
		}
		if !whole.HasData {
			undefined++
			continue
		}
		if !near(shares, whole.Value) || !near(weighted/parent.Denominator.Sum, whole.Value) {
			t.Fatalf("of %+v the shares add up to %v, and the groups by their weights to %v, want %v",
				groups, shares, weighted/parent.Denominator.Sum, whole.Value)
		}
	}
	if undefined == 0 {
		t.Error("no case had a denominator of nothing: the test has lost its edge")
	}
}

// The order in which groups are added up does not matter.
func TestRatioSumsCommute(t *testing.T) {
	random := rand.New(rand.NewPCG(3, 4))
	for range 1000 {
		groups := randomGroups(random)
		var forward, shuffled RatioSums
		for _, g := range groups {
			forward = forward.Plus(g)
		}
		random.Shuffle(len(groups), func(i, j int) { groups[i], groups[j] = groups[j], groups[i] })
		for _, g := range groups {
			shuffled = g.Plus(shuffled)
		}
		if forward != shuffled {
			t.Fatalf("%+v and %+v of the same groups", forward, shuffled)
		}
	}
}

// A mean of the groups' ratios is something else: a small group would weigh as
// much as a large one.
func TestTheParentIsNoMean(t *testing.T) {
	small, large := RatioSums{AmountOf(1), AmountOf(1)}, RatioSums{AmountOf(0), AmountOf(99)}
	if q := small.Plus(large).Quotient(); q.Value != 0.01 {
		t.Errorf("the ratio of both is %v, want 0.01", q.Value)
	}
}
