package merge

// links make a value part of a list that is ordered by when its members were seen
// last.
type links[T any] struct {
	prev, next *T
	seen       int64
}

// list is ordered from the least recently seen to the most.
type list[T any] struct {
	first, last *T
	of          func(*T) *links[T]
	n           int
}

func (l *list[T]) push(v *T, seen int64) {
	at := l.of(v)
	at.seen, at.prev, at.next = seen, l.last, nil
	if l.last != nil {
		l.of(l.last).next = v
	} else {
		l.first = v
	}
	l.last = v
	l.n++
}

// pushFirst adds a member that was not seen yet.
func (l *list[T]) pushFirst(v *T) {
	at := l.of(v)
	at.seen, at.prev, at.next = 0, nil, l.first
	if l.first != nil {
		l.of(l.first).prev = v
	} else {
		l.last = v
	}
	l.first = v
	l.n++
}

func (l *list[T]) remove(v *T) {
	at := l.of(v)
	if at.prev != nil {
		l.of(at.prev).next = at.next
	} else {
		l.first = at.next
	}
	if at.next != nil {
		l.of(at.next).prev = at.prev
	} else {
		l.last = at.prev
	}
	at.prev, at.next = nil, nil
	l.n--
}

// touch notes that a member was seen; times never go back.
func (l *list[T]) touch(v *T, seen int64) {
	if at := l.of(v); at.seen != seen {
		l.remove(v)
		l.push(v, seen)
	}
}
