package tenant

import (
	"math/rand/v2"
	"time"
)

// sampling is one less than the power of two of updates of which one is counted,
// so that counting costs little however many there are.
type sampling uint32

// Numbers of counted updates a second at which sampling becomes coarser and
// finer. Between them lies more than the factor that a step makes.
const (
	coarserAbove = 2000
	finerBelow   = 500
	coarsest     = 1<<12 - 1
)

// counts reports whether the update at hand is to be counted.
func (s sampling) counts() bool { return s == 0 || rand.Uint32()&uint32(s) == 0 }

// weight is how many updates each one stands for that is counted.
func (s sampling) weight() float64 { return float64(s) + 1 }

// least is what a tenant must have to be admitted. When only some updates are
// counted it must have been met twice, or most places would go to whoever makes
// up tenants.
func (s sampling) least() float64 {
	if s == 0 {
		return negligible
	}
	return 1.5 * s.weight()
}

// after returns the sampling that follows on this one, under which so many
// updates were counted.
func (s sampling) after(counted uint64, passed time.Duration) sampling {
	if passed <= 0 {
		return s
	}
	rate := float64(counted) / passed.Seconds()
	for rate > coarserAbove && s < coarsest {
		s = s<<1 | 1
		rate /= 2
	}
	if rate < finerBelow {
		s >>= 1
	}
	return s
}
