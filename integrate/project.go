package integrate

import (
	"strings"

	"github.com/metertree/metertree/metric"
)

// projection makes label sets out of others, by copying what is encoded there.
type projection struct {
	// names are the lengths of the names of the labels that are read.
	names []int
	parts []encodedPart
	// ends are scratch: where the labels of a set begin and end.
	begin, end []int
	buffer     []byte
}

// encodedPart is a label to write: the one at a position, or a fixed text.
type encodedPart struct {
	from  int
	fixed string
}

func newProjection(keys []string, parts []part) *projection {
	p := &projection{begin: make([]int, len(keys)), end: make([]int, len(keys))}
	for _, key := range keys {
		p.names = append(p.names, len(key))
	}
	for _, q := range parts {
		e := encodedPart{from: q.from}
		if q.from == constant {
			e.fixed = string(metric.EncodeLabels([]string{q.name}, []string{q.value}))
		}
		p.parts = append(p.parts, e)
	}
	return p
}

// of returns the encoded label set made from another one. It is valid until the
// next call.
func (p *projection) of(labels metric.LabelSet) []byte {
	p.split(string(labels))
	p.buffer = p.buffer[:0]
	for i, part := range p.parts {
		if i > 0 {
			p.buffer = append(p.buffer, ',')
		}
		if part.from == constant {
			p.buffer = append(p.buffer, part.fixed...)
		} else {
			p.buffer = append(p.buffer, labels[p.begin[part.from]:p.end[part.from]]...)
		}
	}
	return p.buffer
}

// split finds where each label of a set begins and ends.
func (p *projection) split(set string) {
	at := 0
	for i, name := range p.names {
		p.begin[i] = at
		at += name + len(`="`)
		for {
			at += strings.IndexAny(set[at:], `"\`)
			if set[at] == '"' {
				break
			}
			at += len(`\"`)
		}
		at++
		p.end[i] = at
		at += len(`,`)
	}
}
