package explain

import (
	"errors"
	"fmt"
	"math"
	"slices"
)

// Limits of the input, which bound time and memory.
const (
	MaxLeaves = 10_000
	MaxLabels = 8
)

// ErrTooLarge is returned for more leaves or labels than the limits.
var ErrTooLarge = errors.New("too large to explain")

// Leaf is one label set of a metric that adds up.
type Leaf struct {
	// Values are in the order of the labels; "" is the label's absence.
	Values []string
	// Before and After are a rate or a sum, 0 or more, in one unit. A leaf that
	// does not exist in a window has 0.
	Before, After float64
}

// RatioLeaf is one label set of a ratio.
type RatioLeaf struct {
	// Values are in the order of the labels; "" is the label's absence.
	Values []string
	// Numerators and denominators are rates or sums, 0 or more. A leaf that
	// does not exist in a window has 0.
	NumBefore, DenBefore float64
	NumAfter, DenAfter   float64
}

// Options tune an explanation. The zero value is a good one.
type Options struct {
	// MaxBranches bounds the list; 0 is 5, more than 10 is 10.
	MaxBranches int
	// Event is what one event adds to a value, where values count events: 1 for
	// totals, one by the length of the window for rates. Events that come by chance
	// vary by as much as their number whatever the leaves show, and nothing less
	// stands out. 0 is unknown.
	Event float64
}

func (o Options) maxBranches() int {
	if o.MaxBranches <= 0 {
		return 5
	}
	return min(o.MaxBranches, 10)
}

// row is a leaf of either kind: 2 measures of a sum, 4 of a ratio.
type row struct {
	ratio    bool
	values   []string
	measures [4]float64
}

func checkShape(labels []string, leaves int) error {
	if len(labels) > MaxLabels {
		return fmt.Errorf("%w: %d labels, at most %d: aggregate some away", ErrTooLarge, len(labels), MaxLabels)
	}
	if leaves > MaxLeaves {
		return fmt.Errorf("%w: %d leaves, at most %d: aggregate a label away or fix one by a matcher", ErrTooLarge, leaves, MaxLeaves)
	}
	for i, label := range labels {
		if slices.Contains(labels[:i], label) {
			return fmt.Errorf("label %q is given twice: name each label once", label)
		}
	}
	return nil
}

func (r row) check(labels []string, i int) error {
	if len(r.values) != len(labels) {
		return fmt.Errorf("leaf %d has %d values %q for the %d labels %q: give one for each", i, len(r.values), r.values, len(labels), labels)
	}
	return nil
}

// keep reports whether a leaf can be used, and counts those that cannot.
func (x *Excluded) keep(r row) bool {
	for _, v := range r.measures {
		switch {
		case math.IsNaN(v):
			x.NaN++
			return false
		case math.IsInf(v, 0):
			x.Infinite++
			return false
		case v < 0:
			x.Negative++
			return false
		}
	}
	if m := r.measures; r.ratio && (m[0] > 0 && m[1] == 0 || m[2] > 0 && m[3] == 0) {
		x.NoDenominator++
		return false
	}
	return true
}

func errNoVolume(window string) error {
	return fmt.Errorf("there is nothing to divide by in the window %s: the denominator is 0 everywhere; choose another, or ask again when there is data", window)
}
