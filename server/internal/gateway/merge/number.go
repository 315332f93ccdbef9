package merge

import (
	"math"

	"github.com/metertree/metertree/server/internal/gateway/push"
)

// number is an integer or a float, or by how much one grew.
type number struct {
	Whole bool
	I     int64
	F     float64
	// Less is to be taken from F: a difference of floats is kept as its parts, so
	// that it is not rounded.
	Less float64
}

func numberOf(p *push.Point) number { return number{Whole: p.Whole, I: p.Int, F: p.Float} }

func (n number) float() float64 {
	if n.Whole {
		return float64(n.I)
	}
	return n.F - n.Less
}

// since returns how much n exceeds what was before, and false if it is less.
func (n number) since(before number) (number, bool) {
	if n.Whole && before.Whole {
		// Neither is negative, so that this cannot overflow.
		return number{Whole: true, I: n.I - before.I}, n.I >= before.I
	}
	d := number{F: n.float(), Less: before.float()}
	return d, d.float() >= 0
}

// minus returns how much n is more or less than what was before, whatever their
// signs.
func (n number) minus(before number) number {
	if n.Whole && before.Whole {
		if d := n.I - before.I; (d < n.I) == (before.I > 0) {
			return number{Whole: true, I: d}
		}
	}
	return number{F: n.float(), Less: before.float()}
}

// total is a sum of integers and of floats, kept apart: the integers exactly, and
// the floats with what rounding took from them (Neumaier's variant of Kahan's
// summation).
type total struct {
	I    int64
	F, C float64
	// Floats says that there were any.
	Floats bool
}

func (t *total) add(n number) {
	if n.Whole {
		if sum := t.I + n.I; (sum > t.I) == (n.I > 0) {
			t.I = sum
			return
		}
		n = number{F: float64(n.I)} // beyond what an integer holds
	}
	t.Floats = true
	t.addFloat(n.F)
	if n.Less != 0 {
		t.addFloat(-n.Less)
	}
}

func (t *total) addFloat(v float64) {
	sum := t.F + v
	if math.Abs(t.F) >= math.Abs(v) {
		t.C += (t.F - sum) + v
	} else {
		t.C += (v - sum) + t.F
	}
	t.F = sum
}

func (t *total) float() float64 { return float64(t.I) + (t.F + t.C) }
