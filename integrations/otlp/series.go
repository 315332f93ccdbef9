package otlp

import (
	"time"

	"go.opentelemetry.io/otel/attribute"

	"github.com/metertree/metertree/internal/lossless"
	"github.com/metertree/metertree/metric"
)

// memory is what an exporter keeps of families from one export to the next: the
// attributes of their series, which cost more to make than to send, and the
// totals of those that are shown as totals although deltas come in.
type memory struct {
	families map[string]*remembered
	// export counts exports, so that families that are gone can be told.
	export uint64
	// values and pairs serve for making attributes.
	values []string
	pairs  []attribute.KeyValue
}

// remembered is what is kept of one family.
type remembered struct {
	attributes walk[attribute.Set]
	totals     walk[total]
	export     uint64
	// added is what addUp returns.
	added metric.Point
}

// total is the sum of the deltas of one series, those that were acknowledged and
// those that were only sent.
type total struct {
	// start is when the series began.
	start                    time.Time
	ackedInt, pendingInt     int64
	ackedFloat, pendingFloat float64
}

// begin begins an export.
func (m *memory) begin() { m.export++ }

// of returns what is kept of a family, and begins a pass over its series.
func (m *memory) of(family string) *remembered {
	r := m.families[family]
	if r == nil {
		if m.families == nil {
			m.families = map[string]*remembered{}
		}
		r = &remembered{}
		m.families[family] = r
	}
	r.export = m.export
	r.attributes.begin()
	r.totals.begin()
	return r
}

// end ends the pass over a family's series.
func (r *remembered) end() {
	r.attributes.end()
	r.totals.end()
}

// acknowledge makes totals final and forgets families that were not in the
// export, which was a whole one.
func (m *memory) acknowledge() {
	for name, r := range m.families {
		if r.export != m.export {
			delete(m.families, name)
			continue
		}
		for i := range r.totals.old {
			t := &r.totals.old[i].value
			t.ackedInt, t.pendingInt = t.ackedInt+t.pendingInt, 0
			t.ackedFloat, t.pendingFloat = t.ackedFloat+t.pendingFloat, 0
		}
	}
}

// attributesOf returns the attributes of a series.
func (m *memory) attributesOf(r *remembered, keys []string, labels metric.LabelSet) attribute.Set {
	set, found := r.attributes.find(labels)
	if !found {
		set = m.newAttributes(keys, labels)
	}
	r.attributes.keep(labels, set)
	return set
}

func (m *memory) newAttributes(keys []string, labels metric.LabelSet) attribute.Set {
	m.values = labels.Values(m.values[:0], keys)
	m.pairs = m.pairs[:0]
	for i, key := range keys {
		m.pairs = append(m.pairs, attribute.String(key, lossless.UTF8(m.values[i])))
	}
	return attribute.NewSet(m.pairs...)
}

// addUp returns the point with the total that the delta of its series comes to.
func (r *remembered) addUp(p *metric.Point) *metric.Point {
	t, _ := r.totals.find(p.Labels)
	if !t.start.Equal(p.Start) {
		t = total{start: p.Start}
	}
	t.pendingInt, t.pendingFloat = p.Int, p.Float
	r.totals.keep(p.Labels, t)
	r.added = *p
	r.added.Int, r.added.Float = t.ackedInt+p.Int, t.ackedFloat+p.Float
	return &r.added
}
