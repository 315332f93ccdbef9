package metric

import "math"

// Amount is what one side of a ratio adds up to at a node. The zero Amount is
// that of no series at all.
type Amount struct {
	Sum float64
	// Present says that there is a series, if only of zero.
	Present bool
}

// AmountOf returns the amount of series with the given sum.
func AmountOf(sum float64) Amount { return Amount{Sum: sum, Present: true} }

// Plus returns the amount of both together.
func (a Amount) Plus(b Amount) Amount { return Amount{a.Sum + b.Sum, a.Present || b.Present} }

// RatioSums are both sides of a ratio at a node.
type RatioSums struct{ Numerator, Denominator Amount }

// Plus returns the sums of both nodes together.
func (s RatioSums) Plus(other RatioSums) RatioSums {
	return RatioSums{s.Numerator.Plus(other.Numerator), s.Denominator.Plus(other.Denominator)}
}

// Quotient is the value of a ratio at a node.
type Quotient struct {
	// Value is a number if HasData, otherwise NaN.
	Value   float64
	HasData bool
	// Exceeds warns that the numerator is more than the denominator, so the
	// value is no share of anything: something counts twice, or not at all.
	Exceeds bool
}

// Quotient divides the sums. With a denominator of nothing, zero or less there is
// no data; an absent numerator is zero.
func (s RatioSums) Quotient() Quotient { return divide(s.Numerator, s.Denominator) }

func divide(numerator, denominator Amount) Quotient {
	q := Quotient{Value: math.NaN(), Exceeds: numerator.Sum > denominator.Sum}
	value := numerator.Sum / denominator.Sum
	// A sum that is not finite, or a quotient, says nothing.
	if denominator.Present && denominator.Sum > 0 && !math.IsInf(denominator.Sum, 0) && !math.IsNaN(value) && !math.IsInf(value, 0) {
		q.Value, q.HasData = value, true
	}
	return q
}

// RatioMode says what the groups of an expanded ratio are divided by.
type RatioMode uint8

const (
	// WithinGroup divides each group by itself: how much of the group it is.
	WithinGroup RatioMode = iota
	// ShareOfParent divides each group by its parent: how much the group
	// contributes. Over all groups that adds up to the parent's ratio.
	ShareOfParent
)

// String returns "within-group" or "share".
func (m RatioMode) String() string {
	if m == ShareOfParent {
		return "share"
	}
	return "within-group"
}

// Quotient returns the value of the ratio for a group of a parent.
func (m RatioMode) Quotient(group, parent RatioSums) Quotient {
	if m == ShareOfParent {
		group.Denominator = parent.Denominator
	}
	return group.Quotient()
}
