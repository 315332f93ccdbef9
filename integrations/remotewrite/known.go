package remotewrite

import (
	"github.com/metertree/metertree/metric"
)

// known is what the receiver was told of, so that series that are no more can be
// ended.
type known struct {
	families map[string]*family
	// pass numbers the batches, and complete is the last that was read to its end.
	pass, complete uint64
	// ending are the series that are no more and whose end is to be told.
	ending []ending
	// lost counts the ends that were given up.
	lost uint64
}

// family is what is known of one.
type family struct {
	plan   *plan
	series map[metric.LabelSet]*series
	// last is the layout that was used last: nearly all series share one.
	last *layout
	pass uint64
}

// series is what is known of the series of a label set.
type series struct {
	// pass is when it was in a batch last.
	pass uint64
	// plan and told are what may be at the receiver and has not ended there: nil
	// if it was never asked to take any. The lane on which a request is sets them.
	plan *plan
	told *layout
	// began is when the totals began, and start what the receiver is told of it,
	// in milliseconds: 0 if they have no start.
	began, start int64
}

// ending is a series that is no more.
type ending struct {
	*series
	family *family
	labels metric.LabelSet
}

// maxEnding bounds the series whose ends wait for a receiver that is away.
const maxEnding = 100_000

func newKnown() *known { return &known{families: map[string]*family{}} }

// family returns what is known of a family that is in the batch.
func (k *known) family(f *metric.Family, temporality metric.Temporality, external []metric.Label) *family {
	is := k.families[f.Descriptor.Name]
	if is == nil {
		is = &family{series: map[metric.LabelSet]*series{}}
		k.families[f.Descriptor.Name] = is
	}
	if is.plan == nil || !is.plan.describes(f, temporality) {
		is.plan = newPlan(f, temporality, external)
	}
	is.pass = k.pass
	return is
}

// see notes that a series is in the batch, and returns what is known of it.
func (k *known) see(f *family, labels metric.LabelSet) *series {
	s := f.series[labels]
	if s == nil {
		s = &series{}
		f.series[labels] = s
	}
	s.pass = k.pass
	return s
}

// layout returns that of a histogram with the bounds.
func (f *family) layout(s *series, bounds []float64) *layout {
	switch {
	case f.last.isOf(bounds):
		return f.last
	case s.told.isOf(bounds):
		return s.told
	}
	f.last = newLayout(bounds)
	return f.last
}

// gone returns the places at which the receiver knows the series and that a
// layout does not have.
func (s *series) gone(as *layout) (places []place) {
	if s.told == as || s.told == nil {
		return nil
	}
	for _, at := range s.told.series {
		if !as.has(at) {
			places = append(places, at)
		}
	}
	return places
}

// tell notes that the receiver is asked to take the series.
func (s *series) tell(p *plan, as *layout) {
	if s.told != as {
		s.told = s.told.with(as)
	}
	s.plan = p
}

// end notes that the receiver need not be told again that the series ended at a
// place.
func (s *series) end(at place) { s.told = s.told.without(at) }

// sweep finds the series that are in no batch since the last complete one.
func (k *known) sweep() {
	for name, f := range k.families {
		for labels, s := range f.series {
			if s.pass >= k.complete {
				continue
			}
			switch {
			case s.told == nil:
				delete(f.series, labels)
			case len(k.ending) == maxEnding:
				delete(f.series, labels)
				k.lost += uint64(len(s.told.series))
			default:
				k.ending = append(k.ending, ending{s, f, labels})
			}
		}
		if len(f.series) == 0 && f.pass < k.complete {
			delete(k.families, name)
		}
	}
}

// settle forgets the series whose ends were told.
func (k *known) settle() {
	for _, e := range k.ending {
		if e.told == nil {
			delete(e.family.series, e.labels)
		}
	}
	clear(k.ending)
	k.ending = k.ending[:0]
}
