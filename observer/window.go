package observer

import (
	"context"
	"fmt"
	"math"
	"sync/atomic"
	"time"
)

// Defaults of WindowOptions.
const (
	DefaultWindow     = 5 * time.Minute
	DefaultDegradedAt = 0.05
	DefaultDownAt     = 0.5
	DefaultEnough     = 10
)

// WindowOptions configure a Window; the zero value is useful.
type WindowOptions struct {
	// Length is how far back outcomes count, a minute or more; 0 means
	// DefaultWindow.
	Length time.Duration
	// DegradedAt and DownAt are the shares of failures, above 0 and up to 1, from
	// which on the component is Degraded or Down. 0 means DefaultDegradedAt and
	// DefaultDownAt.
	DegradedAt, DownAt float64
	// Enough is how many outcomes there must be for Down; fewer make it Degraded
	// at worst. 0 means DefaultEnough.
	Enough int
	// Now tells the time; nil means time.Now.
	Now func() time.Time
}

func (o *WindowOptions) complete() error {
	if o.Length == 0 {
		o.Length = DefaultWindow
	}
	if o.DegradedAt == 0 {
		o.DegradedAt = DefaultDegradedAt
	}
	if o.DownAt == 0 {
		o.DownAt = DefaultDownAt
	}
	if o.Enough == 0 {
		o.Enough = DefaultEnough
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	switch {
	case o.Length < time.Minute:
		return fmt.Errorf("window of %v: give a minute or more", o.Length)
	case !(o.DegradedAt > 0 && o.DegradedAt <= o.DownAt && o.DownAt <= 1):
		return fmt.Errorf("window degraded at %v and down at %v: give two increasing shares of failures, up to 1", o.DegradedAt, o.DownAt)
	case o.Enough < 0:
		return fmt.Errorf("window with %d outcomes as enough: give a number from 1", o.Enough)
	}
	return nil
}

// windowSlices is into how many parts a window is divided; outcomes leave it a
// part at a time.
const windowSlices = 60

// Window tells the health of a component from the outcomes of its recent
// operations. Register its Observe. All methods may be called from any
// goroutine. Make one with NewWindow.
type Window struct {
	options WindowOptions
	slice   time.Duration
	// start is when slice 0 began.
	start time.Time
	// ring holds the outcomes of slice n at n modulo its length.
	ring [windowSlices]atomic.Uint64
	// failure is the first of the latest slice that has one.
	failure atomic.Pointer[failed]
}

type failed struct {
	slice int64
	err   error
}

// NewWindow returns a window without outcomes. It fails if the options
// contradict one another.
func NewWindow(options WindowOptions) (*Window, error) {
	if err := options.complete(); err != nil {
		return nil, err
	}
	// One length ago, so that what the ring holds at first is of no slice that
	// counts.
	return &Window{
		options: options, slice: options.Length / windowSlices,
		start: options.Now().Add(-options.Length),
	}, nil
}

// Record counts the outcome of one operation: err is nil if it went well. It
// neither locks nor blocks, and allocates for the first failure of a slice, a
// sixtieth of the window.
func (w *Window) Record(err error) {
	now := w.now()
	counts := &w.ring[now%windowSlices]
	for {
		before := counts.Load()
		after := outcomesOf(before).in(now)
		after.add(err != nil)
		if counts.CompareAndSwap(before, after.word()) {
			break
		}
	}
	if err == nil {
		return
	}
	if last := w.failure.Load(); last == nil || last.slice != now {
		w.failure.Store(&failed{now, err})
	}
}

// now is the number of the present slice, 0 before the first.
func (w *Window) now() int64 { return max(0, int64(w.options.Now().Sub(w.start)/w.slice)) }

// Observe returns the health of the window: Unknown if nothing happened in it.
// Err is one of the latest failures.
func (w *Window) Observe(context.Context) Status {
	now := w.now()
	ok, bad := w.count(now)
	all := ok + bad
	if all == 0 {
		return Status{Health: Unknown, State: "nothing happened in the last " + span(w.options.Length)}
	}
	s := Status{
		Health: Up,
		State:  fmt.Sprintf("%d of %d failed in the last %s", bad, all, span(w.options.Length)),
	}
	share := float64(bad) / float64(all)
	switch {
	case share >= w.options.DownAt && all >= w.options.Enough:
		s.Health = Down
	case share >= w.options.DegradedAt:
		s.Health = Degraded
	}
	if last := w.failure.Load(); last != nil && bad > 0 && now-last.slice < windowSlices {
		s.Err = last.err
	}
	return s
}

// count adds up the slices of the window that ends with the present one.
func (w *Window) count(now int64) (ok, bad int) {
	for i := range w.ring {
		o := outcomesOf(w.ring[i].Load())
		if age := (uint32(now) - o.slice) & sliceMask; age < windowSlices {
			ok += int(o.ok)
			bad += int(o.bad)
		}
	}
	return ok, bad
}

// outcomes are those of one slice. They are kept in one word, so that a slice
// and its numbers change together.
type outcomes struct {
	// slice is the number of the slice, in its lowest bits. A window would have
	// to rest for half a year to mistake an old one for its own.
	slice   uint32
	ok, bad uint32
}

const (
	countBits = 20
	countMask = 1<<countBits - 1
	sliceMask = math.MaxUint64 >> (2 * countBits)
)

func outcomesOf(word uint64) outcomes {
	return outcomes{
		slice: uint32(word >> (2 * countBits)),
		ok:    uint32(word>>countBits) & countMask,
		bad:   uint32(word) & countMask,
	}
}

func (o outcomes) word() uint64 {
	return uint64(o.slice)<<(2*countBits) | uint64(o.ok)<<countBits | uint64(o.bad)
}

// in returns the outcomes to add one of the given slice to: those there are, or
// none if they are of an earlier slice. One that comes late is counted in the
// slice that has taken its place.
func (o outcomes) in(slice int64) outcomes {
	low := uint32(slice) & sliceMask
	if age := (low - o.slice) & sliceMask; age != 0 && age <= sliceMask/2 {
		return outcomes{slice: low}
	}
	return o
}

// add counts one. Numbers that fill their bits are halved: their share stays.
func (o *outcomes) add(failed bool) {
	if failed {
		o.bad++
	} else {
		o.ok++
	}
	if max(o.ok, o.bad) == countMask {
		o.ok, o.bad = o.ok/2, o.bad/2
	}
}
