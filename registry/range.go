package registry

import "github.com/metertree/metertree/metric"

// rangeOf returns the range that gives the given series of a family with
// exponential buckets their explicit bounds, reading them for the purpose; nil
// for other families. Whoever shows them takes it once, so that all have the
// same; what comes later waits for the next collection.
func (f *family) rangeOf(of []*series, p *passage) *metric.ExponentialRange {
	if !f.exponential() {
		return nil
	}
	var all metric.ExponentialRange
	for rest := of; len(rest) > 0; {
		chunk := rest[:min(batch, len(rest))]
		rest = rest[len(chunk):]
		f.loadAll(chunk, &p.batch, 0)
		for i, s := range chunk {
			held := p.batch.at(i)
			f.addCarried(s, held, p.other.at(0))
			all = all.Union(pointOf(held.sketch).Range())
		}
	}
	return f.widen(all)
}

// widen makes the family's range hold another one and returns it. It never
// narrows, so that bounds once shown stay.
func (f *family) widen(by metric.ExponentialRange) *metric.ExponentialRange {
	for {
		known, wider := f.ranged.Load(), by
		if known != nil {
			wider = known.Union(by)
		}
		if known != nil && wider == *known {
			return known
		}
		next := wider
		if f.ranged.CompareAndSwap(known, &next) {
			return &next
		}
	}
}

// readRange returns the range of what a checkpoint has of a family with
// exponential buckets; nil for other families.
func (r *familyReading) readRange() *metric.ExponentialRange {
	if !r.family.exponential() {
		return nil
	}
	var all metric.ExponentialRange
	if c := r.cursor; c != nil {
		for i := range c.series {
			all = all.Union(pointOf(c.held.at(i).sketch).Range())
		}
	}
	for _, s := range r.sorted {
		all = all.Union(pointOf(s.final.sketch).Range())
	}
	return r.family.widen(all)
}
