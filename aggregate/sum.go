package aggregate

import (
	"github.com/metertree/metertree/internal/cell"
	"github.com/metertree/metertree/internal/saturate"
)

// MaxIntSum bounds what an IntSum can hold, either way.
const MaxIntSum = cell.MaxInt

// IntSum adds up integers, exactly. The zero value is ready for use. It must
// not be copied.
type IntSum struct {
	drops
	cell cell.Sum
}

// Add adds v. A value beyond MaxIntSum either way, and one that leads beyond it, is
// ignored and counted.
func (s *IntSum) Add(v int64) {
	if v > MaxIntSum || v < -MaxIntSum || !s.cell.AddInt(v) {
		s.n.Add(1)
	}
}

// Checkpoint reads what was added so far.
func (s *IntSum) Checkpoint(to *SumState[int64]) { to.Value = s.cell.Int() }

// FloatSum adds up floats, within rounding. The zero value is ready for use. It
// must not be copied.
type FloatSum struct {
	drops
	cell cell.Sum
}

// Add adds v. A value that is not finite is ignored and counted.
func (s *FloatSum) Add(v float64) {
	if !s.rejects(v) {
		s.cell.AddFloat(v)
	}
}

// Checkpoint reads what was added so far, or the greatest finite number, of either
// sign, if that is beyond it.
func (s *FloatSum) Checkpoint(to *SumState[float64]) { to.Value = s.cell.Float() }

// SumState is what a sum held at one moment.
type SumState[N int64 | float64] struct{ Value N }

// Merge adds another sum. Integers do not wrap around, and finite numbers do not
// become infinite: what would be beyond is the end of the range.
func (s *SumState[N]) Merge(other SumState[N]) {
	switch to := any(s).(type) {
	case *SumState[int64]:
		to.Value = saturate.Add(to.Value, int64(other.Value))
	case *SumState[float64]:
		to.Value = saturate.Float(to.Value + float64(other.Value))
	}
}

// Sub leaves what was added since an earlier state of the same sum.
func (s *SumState[N]) Sub(earlier SumState[N]) { s.Value -= earlier.Value }
