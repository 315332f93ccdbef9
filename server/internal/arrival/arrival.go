// Package arrival receives the bodies of requests before there is work on them, so
// that a sender who is slow holds some memory, of which there is a bound, and none
// of the few places for work.
package arrival

import (
	"container/list"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"sync"
	"time"
)

var (
	// ErrTooLarge is that of a body that is larger than it may be.
	ErrTooLarge = errors.New("body too large")
	// ErrCrowded is that of a body for which there is no room now.
	ErrCrowded = errors.New("there is no room for so many bodies at once: send it again later, or in smaller parts")
	// ErrTooSlow is that of a body that did not arrive in time, or not before others
	// needed its memory.
	ErrTooSlow = errors.New("the body took too long to arrive: send it again, faster or in smaller parts")
)

// patience is how long a body may take to arrive before it gives up its memory to
// others that need it.
const patience = 5 * time.Second

// Hall is where bodies arrive. It is safe for concurrent use.
type Hall struct {
	most int64
	now  func() time.Time

	mu      sync.Mutex
	held    int64
	present *list.List // of *body, the longest there first
}

// New returns a hall whose bodies take this many bytes at most, all together. It
// panics if the number is not positive.
func New(most int64) *Hall {
	if most <= 0 {
		panic("arrival: the number of bytes must be positive")
	}
	return &Hall{most: most, now: time.Now, present: list.New()}
}

// body is one that arrives. The hall's lock guards it.
type body struct {
	since  time.Time
	held   int64
	place  *list.Element
	cutOff func() // ends a read that waits; nil once it was called
}

// Read returns the whole body of a request, of at most limit bytes, which must
// arrive within the time given. If there is no room for more of it, the body that
// has been arriving for longest gives up its own, unless it has not been there for
// long; then there is no room. Errors wrap ErrTooLarge, ErrCrowded, ErrTooSlow, or
// what the connection said.
func (h *Hall) Read(w http.ResponseWriter, r *http.Request, limit int64, within time.Duration) ([]byte, error) {
	if r.ContentLength > limit {
		return nil, ErrTooLarge
	}
	control := http.NewResponseController(w)
	// Writers that know no deadlines, such as recorders, do not block either.
	deadline := func(at time.Time) { _ = control.SetReadDeadline(at) }
	deadline(h.now().Add(within))
	b := h.enter(func() { deadline(time.Unix(1, 0)) })
	content, err := h.fill(b, r.Body, limit, r.ContentLength)
	h.leave(b)
	if err == nil {
		// What the server reads from now on only tells it whether the client is there.
		deadline(time.Time{})
		return content, nil
	}
	var cut *http.MaxBytesError
	switch {
	case errors.As(err, &cut):
		return nil, ErrTooLarge
	case errors.Is(err, os.ErrDeadlineExceeded):
		return nil, ErrTooSlow
	}
	return nil, err
}

// firstRead is how many bytes a body takes before any of it is there.
const firstRead = 4 << 10

// fill reads until the end. Memory grows with what has arrived, whatever was
// announced, and each step is asked for before it is taken.
func (h *Hall) fill(b *body, from io.Reader, limit, announced int64) ([]byte, error) {
	var content []byte
	for size := int64(firstRead); ; size *= 2 {
		// One byte more shows the end of a body of this size.
		size = min(size, limit+1)
		if announced >= 0 {
			size = min(size, announced+1)
		}
		if err := h.grow(b, size); err != nil {
			return nil, err
		}
		content = append(make([]byte, 0, size), content...)
		for int64(len(content)) < size {
			n, err := from.Read(content[len(content):size])
			content = content[:len(content)+n]
			if err == io.EOF && int64(len(content)) <= limit {
				return content, nil
			}
			if err != nil && err != io.EOF {
				return nil, fmt.Errorf("the body cannot be read: %w", err)
			}
		}
		if int64(len(content)) > limit {
			return nil, ErrTooLarge
		}
	}
}

func (h *Hall) enter(cutOff func()) *body {
	h.mu.Lock()
	defer h.mu.Unlock()
	b := &body{since: h.now(), cutOff: cutOff}
	b.place = h.present.PushBack(b)
	return b
}

// leave gives back what the body held here: from now on it is part of the work.
func (h *Hall) leave(b *body) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.removeLocked(b)
}

func (h *Hall) removeLocked(b *body) {
	if b.cutOff != nil {
		h.present.Remove(b.place)
		h.held -= b.held
		b.cutOff = nil
	}
}

// grow makes room for so many bytes of a body.
func (h *Hall) grow(b *body, size int64) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	for b.cutOff != nil && h.held-b.held+size > h.most {
		oldest := h.present.Front().Value.(*body)
		if oldest == b || h.now().Sub(oldest.since) < patience {
			return ErrCrowded
		}
		cutOff := oldest.cutOff
		h.removeLocked(oldest)
		cutOff()
	}
	if b.cutOff == nil {
		return ErrTooSlow
	}
	h.held += size - b.held
	b.held = size
	return nil
}
