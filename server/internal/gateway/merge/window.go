package merge

import (
	"math"
	"slices"
	"sort"
)

// window is a period: after From, up to and with To.
type window struct{ From, To int64 }

// windows are the periods that the deltas of a stream covered, in order and
// apart: those that touch became one. Everything up to floor is forgotten.
type windows struct {
	Floor int64
	List  []window
}

// maxWindows is how many gaps between the periods of a stream are remembered. A
// delta that comes late into an older one is refused, since nobody can say any
// more whether it was counted.
const maxWindows = 32

// coverage is how a period lies to those that are covered.
type coverage uint8

const (
	fresh coverage = iota
	covered
	overlapping
	forgotten
)

// noFloor is before every time.
const noFloor = math.MinInt64

func windowOf(start, at int64) window {
	if start == 0 || start >= at {
		// Only the end is known: it tells repetitions.
		return window{at - 1, at}
	}
	return window{start, at}
}

// find tells how a period lies.
func (ws *windows) find(w window) coverage {
	if w.To <= ws.Floor {
		return forgotten
	}
	i := sort.Search(len(ws.List), func(i int) bool { return ws.List[i].To > w.From })
	switch {
	case i < len(ws.List) && ws.List[i].From <= w.From && w.To <= ws.List[i].To:
		return covered
	case i < len(ws.List) && ws.List[i].From < w.To, w.From < ws.Floor:
		return overlapping
	}
	return fresh
}

// cover adds a fresh period.
func (ws *windows) cover(w window) {
	i := sort.Search(len(ws.List), func(i int) bool { return ws.List[i].To > w.From })
	joinsLeft := i > 0 && ws.List[i-1].To == w.From
	joinsRight := i < len(ws.List) && ws.List[i].From == w.To
	switch {
	case joinsLeft && joinsRight:
		ws.List[i-1].To = ws.List[i].To
		ws.List = slices.Delete(ws.List, i, i+1)
	case joinsLeft:
		ws.List[i-1].To = w.To
	case joinsRight:
		ws.List[i].From = w.From
	default:
		ws.List = slices.Insert(ws.List, i, w)
	}
	if len(ws.List) > maxWindows {
		ws.Floor = ws.List[0].To
		ws.List = slices.Delete(ws.List, 0, 1)
	}
}

// end is the end of the last period, or noFloor.
func (ws *windows) end() int64 {
	if n := len(ws.List); n > 0 {
		return ws.List[n-1].To
	}
	return ws.Floor
}
