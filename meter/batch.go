package meter

import "github.com/metertree/metertree/registry"

// Batch collects updates of bound handles and applies them together, so that
// one event that touches several instruments is recorded in one place.
//
// Apply applies every update, in the order in which they were added; none can
// keep another from being applied. A collection that runs meanwhile may see
// some of them and not yet others: to show all or none would cost every update
// a lock. A Batch is empty after Apply and keeps its memory, so that a reused
// one does not allocate. It is not for concurrent use, but any number of
// batches may be applied at once. The zero value is ready.
type Batch struct {
	updates []update
}

type update struct {
	bound   registry.Bound
	kind    updateKind
	integer int64
	number  float64
}

type updateKind uint8

const (
	addInt updateKind = iota
	addFloat
	setGauge
	observe
)

// Add adds v to a counter.
func (b *Batch) Add(c BoundCounter, v int64) {
	if compiled {
		b.updates = append(b.updates, update{bound: c.bound, kind: addInt, integer: v})
	}
}

// AddFloat adds v to a counter in float64.
func (b *Batch) AddFloat(c BoundFloatCounter, v float64) {
	if compiled {
		b.updates = append(b.updates, update{bound: c.bound, kind: addFloat, number: v})
	}
}

// AddUpDown adds v to an up-down counter.
func (b *Batch) AddUpDown(c BoundUpDownCounter, v int64) {
	if compiled {
		b.updates = append(b.updates, update{bound: c.bound, kind: addInt, integer: v})
	}
}

// Set sets a gauge.
func (b *Batch) Set(g BoundGauge, v float64) {
	if compiled {
		b.updates = append(b.updates, update{bound: g.bound, kind: setGauge, number: v})
	}
}

// Observe records v in a histogram.
func (b *Batch) Observe(h BoundHistogram, v float64) {
	if compiled {
		b.updates = append(b.updates, update{bound: h.bound, kind: observe, number: v})
	}
}

// Len returns how many updates wait to be applied.
func (b *Batch) Len() int { return len(b.updates) }

// Apply applies the updates and empties the batch.
func (b *Batch) Apply() {
	if !compiled {
		return
	}
	for i := range b.updates {
		u := &b.updates[i]
		switch u.kind {
		case addInt:
			u.bound.AddInt(u.integer)
		case addFloat:
			u.bound.AddFloat(u.number)
		case setGauge:
			u.bound.SetGauge(u.number)
		case observe:
			u.bound.Observe(u.number)
		}
	}
	clear(b.updates)
	b.updates = b.updates[:0]
}
