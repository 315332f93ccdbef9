package remotewrite

import (
	"github.com/metertree/metertree/metric"
)

// entry is one series with its sample.
type entry struct {
	plan   *plan
	labels metric.LabelSet
	place  place
	value  float64
	// start is when the series began, in milliseconds, or 0.
	start int64
	// exemplars are the range in the request of those that go with the series.
	exemplars [2]int32
	// native is a position in the request, or -1.
	native int32
	// series is what is known of the series, and as what the point is written as:
	// nil if the sample only says that the series ended. Of the series of a point,
	// the first has it.
	series *series
	as     *layout
}

// request is what one request may hold. Its memory is used again.
type request struct {
	// time is that of all samples, in milliseconds.
	time      int64
	entries   []entry
	exemplars []metric.Exemplar
	natives   []native
	// described are families whose metadata version 1 has beside the series.
	described []*plan
	// size is roughly the number of bytes.
	size int
}

func (r *request) reset(time int64) {
	clear(r.entries)
	clear(r.exemplars)
	clear(r.described)
	r.entries, r.exemplars, r.described = r.entries[:0], r.exemplars[:0], r.described[:0]
	r.natives = r.natives[:0]
	r.time, r.size = time, 0
}

// entryBytes is what a series takes beside its labels.
const entryBytes = 64

// add adds a series and returns it to be filled.
func (r *request) add(p *plan, labels metric.LabelSet, at place) *entry {
	r.size += entryBytes + len(p.name) + len(labels)
	r.entries = append(r.entries, entry{plan: p, labels: labels, place: at, native: -1})
	return &r.entries[len(r.entries)-1]
}

// addEnd adds the end of a series at a place.
func (r *request) addEnd(s *series, labels metric.LabelSet, at place) {
	ended := r.add(s.plan, labels, at)
	ended.series, ended.value = s, staleNaN
	if at.part == partNative {
		ended.native = r.addNative(&metric.ExponentialPoint{})
		r.natives[ended.native].end()
	}
}

// addExemplar keeps an exemplar of a series. Those of one are added one after the
// other.
func (r *request) addExemplar(to *entry, x *metric.Exemplar) {
	r.size += entryBytes + len(x.TraceID) + len(x.SpanID)
	at := &to.exemplars
	if at[0] == at[1] {
		at[0] = int32(len(r.exemplars))
	}
	r.exemplars = append(r.exemplars, *x)
	at[1] = int32(len(r.exemplars))
}

// exemplarsOf returns those that go with a series.
func (r *request) exemplarsOf(s *entry) []metric.Exemplar {
	return r.exemplars[s.exemplars[0]:s.exemplars[1]]
}

// addNative keeps a native histogram and returns its position.
func (r *request) addNative(p *metric.ExponentialPoint) int32 {
	r.size += 2 * (len(p.Positive) + len(p.Negative))
	at := len(r.natives)
	if at < cap(r.natives) {
		r.natives = r.natives[:at+1]
	} else {
		r.natives = append(r.natives, native{})
	}
	r.natives[at].set(p)
	return int32(at)
}

// tell notes what the receiver is asked to take.
func (p portion) tell() {
	for i := range p.entries {
		if e := &p.entries[i]; e.as != nil {
			e.series.tell(e.plan, e.as)
		}
	}
}

// settle notes that nothing is to be told again, and returns how many ends that
// holds.
func (p portion) settle() (ends int) {
	for i := range p.entries {
		if e := &p.entries[i]; e.series != nil && e.as == nil {
			e.series.end(e.place)
			ends++
		}
	}
	return ends
}

// portion is the part of a request that is sent at once.
type portion struct {
	*request
	entries   []entry
	described []*plan
}

func (r *request) whole() portion { return portion{r, r.entries, r.described} }

// halves divides a portion. The second is empty if there is one series only.
func (p portion) halves() (first, second portion) {
	middle := (len(p.entries) + 1) / 2
	return portion{p.request, p.entries[:middle], p.described}, portion{p.request, p.entries[middle:], nil}
}
