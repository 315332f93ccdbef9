package aggregate

import (
	"fmt"
	"slices"

	"github.com/metertree/metertree/internal/cell"
	"github.com/metertree/metertree/metric"
)

// Explicit counts values by buckets with given bounds and sums them. Make one
// with NewExplicit. It must not be copied.
type Explicit struct {
	drops
	bounds []float64
	cell   cell.Histogram
}

// NewExplicit returns an empty histogram with the given inclusive upper bounds,
// which must be finite and increasing; there is one bucket more, for what
// exceeds the last bound. The bounds are copied.
func NewExplicit(bounds []float64) (*Explicit, error) {
	if err := metric.ValidateBounds(bounds); err != nil {
		return nil, fmt.Errorf("explicit histogram: %w", err)
	}
	e := &Explicit{bounds: slices.Clone(bounds)}
	e.cell.Init(e.bounds)
	return e, nil
}

// Observe counts v. A value that is not finite is ignored and counted apart.
func (e *Explicit) Observe(v float64) {
	if !e.rejects(v) {
		e.cell.Observe(v)
	}
}

// Checkpoint reads what was observed so far. The state shares the histogram's
// bounds, which are not to be written.
func (e *Explicit) Checkpoint(to *ExplicitState) {
	n := len(e.bounds) + 1
	if cap(to.Counts) < n+1 {
		to.Counts = make([]uint64, n+1)
	}
	// The cell reads its sum into a word behind the counts.
	words := to.Counts[:n+1]
	to.Sum = e.cell.Read(words)
	to.Counts = words[:n]
	to.Bounds = e.bounds
}
