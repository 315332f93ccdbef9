package live

import "github.com/metertree/metertree/tree"

// picks are the streams of a column that a query selects, each with what it is
// counted to. The zero value is ready.
type picks[To any] struct {
	streams []*stream // of the column
	at      []int     // the places of those selected
	to      []To      // in the same order
}

// of finds the streams of a column, unless they are those of the column before.
func (p *picks[To]) of(c *column, q *tree.Query, part tree.Part, to func(*stream) To) {
	if sameStreams(p.streams, c.streams) {
		return
	}
	p.streams, p.at, p.to = c.streams, p.at[:0], p.to[:0]
	for at, st := range c.streams {
		if q.Selects(part, st.label) {
			p.at, p.to = append(p.at, at), append(p.to, to(st))
		}
	}
}

// sameStreams reports whether two columns have the very same streams.
func sameStreams(a, b []*stream) bool {
	return len(a) == len(b) && (len(a) == 0 || &a[0] == &b[0])
}
