package collect

import (
	"context"
	"errors"
)

// StateSource tells how things are now. It is asked as often as someone wants to
// know, so asking changes nothing. An error leaves what was told before. It is
// never called twice at once by one collector, should return when its context
// ends, and must not collect the registry, which would wait for it.
type StateSource[S any] func(context.Context) (S, error)

// StatisticsSource tells totals that the domain keeps by itself, such as the
// requests a library has counted since it was opened, and states that come with
// them. Totals may start again from zero, as after a reconnect. Otherwise it is
// as a StateSource.
type StatisticsSource[S any] func(context.Context) (S, error)

// ProbeSource tells whether something works: nil if it does. It runs a check, or
// returns the result of the last one, and ErrUnknown if there is none. It is
// called as a StateSource is.
type ProbeSource func(context.Context) error

// ErrUnknown is what a ProbeSource returns while it cannot tell, such as before
// a first check: the probe then has no value.
var ErrUnknown = errors.New("not checked yet")

// EventSource calls handle with everything that happens from now on, in one
// goroutine at a time, until cancel is called. Cancel delivers what had happened
// before, and returns when handle will not be called again, or with an error if
// its context ends first. The name tells one subscriber from another. The
// Subscribe of an event bus is an EventSource.
type EventSource[E any] func(name string, handle func(E)) (cancel func(context.Context) error, err error)
