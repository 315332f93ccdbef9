package tenant

import (
	"fmt"
	"math"
	"time"

	"github.com/metertree/metertree/policy"
)

// What Options has where it is zero.
const (
	DefaultLimit     = 100
	DefaultHalfLife  = 5 * time.Minute
	DefaultIdle      = 30 * time.Minute
	DefaultMinStay   = 5 * time.Minute
	DefaultMargin    = 1.5
	DefaultRetain    = 15 * time.Minute
	DefaultTombstone = time.Hour
)

// MaxTenant is the longest tenant that can be admitted, in bytes.
const MaxTenant = 64

// maxLimit keeps what Rebalance walks through, and with it its time, small.
const maxLimit = 10_000

// Options configure a Guard. The zero value is off: no metric has tenants.
type Options struct {
	// Metrics are those that may have tenants, if they also declare that they
	// support them. Empty means none.
	Metrics policy.Patterns
	// Limit is how many tenants are admitted at a time.
	Limit int
	// HalfLife is how long traffic takes to count half.
	HalfLife time.Duration
	// Idle is for how long an admitted tenant may have no traffic.
	Idle time.Duration
	// MinStay is for how long a tenant keeps its place however little it does.
	MinStay time.Duration
	// Margin is by which factor a tenant must be busier than an admitted one to
	// take its place.
	Margin float64
	// Retain is for how long the counters and histograms of an evicted tenant
	// stay exposed, so that whoever scrapes has seen their last values.
	Retain time.Duration
	// Tombstone is for how long a deleted tenant is not admitted again.
	Tombstone time.Duration
}

// complete fills in defaults and reports what is invalid.
func (o *Options) complete() error {
	if err := o.Metrics.Validate(); err != nil {
		return fmt.Errorf("tenant guard: %w", err)
	}
	if o.Limit < 0 || o.Limit > maxLimit {
		return fmt.Errorf("tenant guard: a limit of %d tenants: give 1 to %d", o.Limit, maxLimit)
	}
	if o.Limit == 0 {
		o.Limit = DefaultLimit
	}
	if o.Margin != 0 && !(o.Margin >= 1 && o.Margin <= math.MaxFloat64) {
		return fmt.Errorf("tenant guard: a margin of %v: give a factor of 1 or more", o.Margin)
	}
	if o.Margin == 0 {
		o.Margin = DefaultMargin
	}
	for _, d := range []struct {
		name    string
		value   *time.Duration
		instead time.Duration
	}{
		{"half-life", &o.HalfLife, DefaultHalfLife},
		{"idle time", &o.Idle, DefaultIdle},
		{"minimum stay", &o.MinStay, DefaultMinStay},
		{"retention", &o.Retain, DefaultRetain},
		{"tombstone time", &o.Tombstone, DefaultTombstone},
	} {
		if *d.value < 0 {
			return fmt.Errorf("tenant guard: a %s of %v: give a positive duration", d.name, *d.value)
		}
		if *d.value == 0 {
			*d.value = d.instead
		}
	}
	return nil
}
