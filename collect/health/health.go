// Package health meters whether the components of a service work, and since when.
//
// The names are within the scope given, usually one with the segment component.
//
//	name                                kind     what
//	up{component}                       gauge    1 if the component works, 0 if it does not
//	since_timestamp_seconds{component}  gauge    when that began, Unix time
//	transitions_total{component}        counter  changes from 1 to 0 or back
//
// A component of which nothing is known yet has no series. Its state is a value
// and never a label, so its series stay the same whatever happens.
package health

import (
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/metertree/metertree/meter"
	"github.com/metertree/metertree/metric"
)

// Health meters the components of a service. Its methods may be called from any
// goroutine. Make one with New.
type Health struct {
	up, since   meter.GaugeOf[named]
	transitions meter.CounterOf[named]

	mu         sync.Mutex
	components map[string]*Component
}

type named struct{ Component string }

// New defines the meters of component health.
func New(scope meter.Scope) (*Health, error) {
	h := &Health{components: map[string]*Component{}}
	var errs [3]error
	h.up, errs[0] = meter.NewGauge[named](scope, "up", meter.Fold(metric.FoldMin),
		meter.Help("1 if the component works, 0 if it does not."))
	h.since, errs[1] = meter.NewGauge[named](scope, "since_timestamp_seconds", meter.Unit("seconds"), meter.Fold(metric.FoldMax),
		meter.Help("When the component began to work, or ceased to, in Unix time."))
	h.transitions, errs[2] = meter.NewCounter[named](scope, "transitions_total",
		meter.Help("How often the component began to work again or ceased to."))
	if err := errors.Join(errs[:]...); err != nil {
		return nil, fmt.Errorf("meters of component health: %w", err)
	}
	return h, nil
}

// Component returns the component of the given name, the same one at each call.
func (h *Health) Component(name string) *Component {
	h.mu.Lock()
	defer h.mu.Unlock()
	c := h.components[name]
	if c == nil {
		c = &Component{health: h, at: named{name}}
		h.components[name] = c
	}
	return c
}

// Component is a part of a service. Its methods may be called from any goroutine.
// They take a lock only if they change the state.
type Component struct {
	health *Health
	at     named

	state atomic.Int32
	// mu is held while the state changes, so that the meters change in the same
	// order.
	mu sync.Mutex
}

// The states.
const (
	unknown = iota
	up
	down
)

// Up says that the component works.
func (c *Component) Up() { c.become(up) }

// Down says that the component does not work.
func (c *Component) Down() { c.become(down) }

// Checked is Up if err is nil, otherwise Down.
func (c *Component) Checked(err error) {
	if err != nil {
		c.Down()
		return
	}
	c.Up()
}

func (c *Component) become(state int32) {
	if c.state.Load() == state {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	before := c.state.Swap(state)
	if before == state {
		return
	}
	value := 0.0
	if state == up {
		value = 1
	}
	c.health.up.Set(value, c.at)
	c.health.since.Set(float64(time.Now().UnixNano())/1e9, c.at)
	changes := int64(1)
	if before == unknown {
		changes = 0
	}
	c.health.transitions.Add(changes, c.at)
}
