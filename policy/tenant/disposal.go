package tenant

import (
	"fmt"

	"github.com/metertree/metertree/metric"
)

// Disposal says what is to be done with the series of a tenant that has lost its
// place, so that totals stay exact.
type Disposal uint8

const (
	// Retained series stay exposed with what they have counted until their
	// tenant is released; new updates go to Overflow. Adding what they have
	// counted to Overflow instead would be a jump there, which a rate would show
	// as traffic that has been counted before.
	Retained Disposal = iota + 1
	// Carried series end at once, and their value is added to Overflow: later
	// updates may take back what these have added.
	Carried
	// Ended series end at once: what was set for a tenant nobody keeps up to date
	// would be false. Setting Overflow is to be refused and counted, because
	// values that were set have no sum without remembering whose they were. What
	// a callback gives in one collection can be added up.
	Ended
)

// DisposalOf returns what becomes of the series of the metric. It fails if the
// metric cannot have tenants, because what tenants in Overflow set could not be
// combined.
func DisposalOf(d metric.Descriptor) (Disposal, error) {
	switch {
	case d.Kind == metric.Counter, d.Kind == metric.Histogram:
		return Retained, nil
	case d.Kind == metric.UpDownCounter:
		return Carried, nil
	case d.Fold == metric.FoldSum && !d.Monotonic:
		return Ended, nil
	case d.Monotonic:
		return 0, fmt.Errorf("metric %s is monotonic: the tenants beyond the limit cannot share a high-water mark; take the tenant off", d.Name)
	}
	return 0, fmt.Errorf("metric %s is a gauge with fold %s: the values of tenants beyond the limit have no sum; declare FoldSum if they add up, or take the tenant off", d.Name, d.Fold)
}
