package integrate

import (
	"math"
	"unsafe"

	"github.com/metertree/metertree/metric"
)

// members remember the series of one metric in the order in which the last
// collection gave them, each with its group, so that a collection of the same
// series looks nothing up.
type members struct {
	list []member
	// next is the list of this collection once it differs from the last, which
	// is read from at on.
	next    []member
	at      int
	changed bool
	// values is nil unless it matters which member changed last.
	values, nextValues []heldValue
}

// member is one series. Its label set is kept, so that a set at the same address
// is the same set.
type member struct {
	labels metric.LabelSet
	group  int32
}

// heldValue is the value that a gauge had, and the collection that first saw it.
type heldValue struct {
	bits    uint64
	changed uint64
}

// same reports whether two sets are one string. Different strings may still be
// equal.
func same(a, b metric.LabelSet) bool {
	return len(a) == len(b) && unsafe.StringData(string(a)) == unsafe.StringData(string(b))
}

// begin starts a collection.
func (m *members) begin() {
	m.at, m.changed = 0, false
}

// known returns the group of the next series if it is the one that is expected.
func (m *members) known(labels metric.LabelSet) (group int32, ok bool) {
	if m.at >= len(m.list) || !same(m.list[m.at].labels, labels) {
		return 0, false
	}
	group = m.list[m.at].group
	if m.changed {
		m.keep(member{labels, group}, m.at)
	}
	m.at++
	return group, true
}

// skipTo passes over members that have gone, and returns the group of the series
// if it is among those that were there. It expects label sets in their order;
// any other order is slower and not wrong.
func (m *members) skipTo(labels metric.LabelSet) (group int32, ok bool) {
	if !m.changed {
		m.changed = true
		m.next = append(m.next[:0], m.list[:m.at]...)
		if m.values != nil {
			m.nextValues = append(m.nextValues[:0], m.values[:m.at]...)
		}
	}
	for m.at < len(m.list) && m.list[m.at].labels < labels {
		m.at++
	}
	if m.at >= len(m.list) || m.list[m.at].labels != labels {
		return 0, false
	}
	group = m.list[m.at].group
	// A series that came back has a label set of its own.
	m.keep(member{labels, group}, m.at)
	m.at++
	return group, true
}

// add appends a series that was not there.
func (m *members) add(labels metric.LabelSet, group int32) {
	m.keep(member{labels, group}, -1)
}

// keep appends to the list of this collection what was at a position of the last
// one, or nowhere.
func (m *members) keep(one member, was int) {
	m.next = append(m.next, one)
	if m.values == nil {
		return
	}
	var held heldValue
	if was >= 0 {
		held = m.values[was]
	}
	m.nextValues = append(m.nextValues, held)
}

// changedAt returns the collection in which the member given last has got its
// value.
func (m *members) changedAt(value float64, pass uint64) uint64 {
	var held *heldValue
	if m.changed {
		held = &m.nextValues[len(m.nextValues)-1]
	} else {
		held = &m.values[m.at-1]
	}
	if bits := math.Float64bits(value); held.changed == 0 || held.bits != bits {
		*held = heldValue{bits, pass}
	}
	return held.changed
}

// end finishes a collection.
func (m *members) end() {
	switch {
	case m.changed:
		m.list, m.next = m.next, m.list
		m.values, m.nextValues = m.nextValues, m.values
		// What has gone is not to be kept alive.
		clear(m.next)
	case m.at < len(m.list):
		clear(m.list[m.at:])
		m.list = m.list[:m.at]
		if m.values != nil {
			m.values = m.values[:m.at]
		}
	}
}

// renumber gives groups their new numbers.
func (m *members) renumber(to []int32) {
	for i := range m.list {
		m.list[i].group = to[m.list[i].group]
	}
}
