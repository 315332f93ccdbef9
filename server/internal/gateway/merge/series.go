package merge

import (
	"fmt"
	"slices"
	"strings"

	"github.com/metertree/metertree/aggregate"
	"github.com/metertree/metertree/metric"
	"github.com/metertree/metertree/server/internal/gateway/push"
)

// series is what streams are merged into.
type series struct {
	links  links[series]
	family *family
	labels metric.LabelSet
	// start is when it began to count from zero.
	start int64
	// live is how many streams there are.
	live int

	total total
	// distribution is nil for numbers, and before the first one.
	distribution *push.Distribution
	// members are the streams of an instant family that have a value.
	members []*stream
}

// labelsOf returns the labels of the series that a stream belongs to. The
// source's own win over a point's.
func (s *State) labelsOf(src *source, encoded string) metric.LabelSet {
	labels := push.DecodeLabels(s.scratch[:0], encoded)
	for _, l := range src.labels {
		labels = slices.DeleteFunc(labels, func(own metric.Label) bool { return own.Name == l.Name })
		labels = append(labels, l)
	}
	labels = slices.DeleteFunc(labels, func(l metric.Label) bool { return l.Value == "" || s.drop[l.Name] })
	slices.SortFunc(labels, func(a, b metric.Label) int { return strings.Compare(a.Name, b.Name) })
	keys, values := make([]string, len(labels)), make([]string, len(labels))
	for i, l := range labels {
		keys[i], values[i] = l.Name, l.Value
	}
	s.scratch = labels
	return metric.EncodeLabels(keys, values)
}

// reservedKey returns a label that the samples of a family need for themselves.
func reservedKey(f *family) string {
	switch {
	case f.kind != metric.Histogram:
		return ""
	case f.shape == push.Summary:
		return "quantile"
	}
	return "le"
}

// addSeries makes a series; the caller has found that there is none, and room.
func (s *State) addSeries(f *family, labels metric.LabelSet, start int64) *series {
	to := &series{family: f, labels: labels, start: start}
	f.series[labels] = to
	s.held += len(labels)
	f.sorted = nil
	s.unseen.pushFirst(to)
	return to
}

func (s *State) dropSeries(it *series) {
	delete(it.family.series, it.labels)
	s.held -= len(it.labels)
	it.family.sorted = nil
	s.unseen.remove(it)
}

// order returns the series by their labels.
func (f *family) order() []*series {
	if f.sorted == nil {
		f.sorted = make([]*series, 0, len(f.series))
		for _, it := range f.series {
			f.sorted = append(f.sorted, it)
		}
		slices.SortFunc(f.sorted, func(a, b *series) int { return strings.Compare(string(a.labels), string(b.labels)) })
	}
	return f.sorted
}

// join makes a stream a member that has a value.
func (it *series) join(st *stream) {
	if st.member < 0 {
		st.member = len(it.members)
		it.members = append(it.members, st)
	}
}

// leave undoes join.
func (it *series) leave(st *stream) {
	if st.member < 0 {
		return
	}
	last := len(it.members) - 1
	it.members[st.member] = it.members[last]
	it.members[st.member].member = st.member
	it.members[last] = nil
	it.members = it.members[:last]
	st.member = -1
}

// fits reports whether a distribution can be added, and why not.
func (it *series) fits(d *push.Distribution) error {
	switch has := it.distribution; {
	case has == nil:
		return nil
	case has.Exponential != nil:
		if has.Exponential.ZeroThreshold != d.Exponential.ZeroThreshold {
			return fmt.Errorf("the zero threshold is %v, that of other instances is %v: use one for all", d.Exponential.ZeroThreshold, has.Exponential.ZeroThreshold)
		}
	case !slices.Equal(has.Explicit.Bounds, d.Explicit.Bounds):
		return fmt.Errorf("the bounds are %v, those of other instances are %v: declare the same for all", d.Explicit.Bounds, has.Explicit.Bounds)
	}
	return nil
}

// maxTotal is how many observations a series may hold.
const maxTotal = 1 << 62

// addDistribution adds one that fits.
func (it *series) addDistribution(d *push.Distribution) error {
	if it.distribution == nil {
		it.distribution = emptyLike(d)
	}
	has := it.distribution
	if count := d.Count(); count > maxTotal-has.Count() {
		return fmt.Errorf("%d more observations are beyond what can be counted", count)
	}
	if has.Exponential != nil {
		return has.Exponential.Merge(d.Exponential)
	}
	return has.Explicit.Merge(&d.Explicit)
}

// emptyLike returns an empty distribution with the bounds of another.
func emptyLike(d *push.Distribution) *push.Distribution {
	if e := d.Exponential; e != nil {
		return &push.Distribution{Exponential: &aggregate.SketchState{
			Scale: aggregate.MaxScale, Size: push.SketchSize, ZeroThreshold: e.ZeroThreshold,
		}}
	}
	return &push.Distribution{Explicit: aggregate.ExplicitState{
		Bounds: slices.Clone(d.Explicit.Bounds), Counts: make([]uint64, len(d.Explicit.Counts)),
	}}
}

// restart makes a series count from zero.
func (it *series) restart(now int64) {
	it.total, it.distribution, it.start = total{}, nil, now
}
