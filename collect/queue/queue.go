package queue

import (
	"errors"
	"fmt"
	"time"

	"github.com/metertree/metertree/collect"
	"github.com/metertree/metertree/meter"
	"github.com/metertree/metertree/metric"
)

// Reason says why an item took another way than from enqueue to dequeue. It is a
// label value: choose from few, never the text of an error.
type Reason string

// Common reasons.
const (
	Full    Reason = "full"
	Closed  Reason = "closed"
	Expired Reason = "expired"
	Invalid Reason = "invalid"
	Failed  Reason = "failed"
	Timeout Reason = "timeout"
)

// Queue meters one queue. Its methods may be called from any goroutine; those
// that count do not allocate once their series exist. The zero Queue does nothing.
type Queue struct {
	name   string
	depth  meter.BoundGauge
	wait   meter.BoundHistogram
	gauges gauges

	enqueued, dequeued                       meter.BoundCounter
	rejected, retried, dropped, deadLettered meter.CounterOf[because]
}

// gauges are those that a reading sets.
type gauges struct{ depth, capacity, oldest meter.Gauge }

type because struct{ Queue, Reason string }

// Ticket stands for an item in the queue; keep it with the item.
type Ticket struct{ since time.Time }

// New meters the queue of the given name, which is the value of the label queue.
func New(scope meter.Scope, name string) (*Queue, error) {
	q := &Queue{name: name}
	var errs [7]error
	key := meter.Keys("queue")
	enqueued, err := scope.NewCounter("enqueued_total", key, meter.Help("Items that entered the queue."))
	errs[0] = err
	dequeued, err := scope.NewCounter("dequeued_total", key, meter.Help("Items handed to workers."))
	errs[1] = err
	wait, err := scope.NewHistogram("wait_seconds", key, meter.Unit("seconds"), meter.Help("Time from enqueue to dequeue."))
	errs[2] = err
	q.rejected, errs[3] = meter.NewCounter[because](scope, "rejected_total", meter.Help("Items that the queue did not take."))
	q.retried, errs[4] = meter.NewCounter[because](scope, "retried_total", meter.Help("Items put back after they were dequeued."))
	q.dropped, errs[5] = meter.NewCounter[because](scope, "dropped_total", meter.Help("Items that left the queue unhandled."))
	q.deadLettered, errs[6] = meter.NewCounter[because](scope, "dead_lettered_total", meter.Help("Items set aside after they were dequeued."))
	q.gauges, err = newGauges(scope)
	if err := errors.Join(append(errs[:], err)...); err != nil {
		return nil, fmt.Errorf("meters of queue %q: %w", name, err)
	}
	q.enqueued, q.dequeued = enqueued.Bind(name), dequeued.Bind(name)
	q.wait, q.depth = wait.Bind(name), q.gauges.depth.Bind(name)
	return q, nil
}

func newGauges(scope meter.Scope) (g gauges, err error) {
	key, sum := meter.Keys("queue"), meter.Fold(metric.FoldSum)
	var errs [3]error
	g.depth, errs[0] = scope.NewGauge("depth", key, sum, meter.Help("Items that wait in the queue."))
	g.capacity, errs[1] = scope.NewGauge("capacity", key, sum, meter.Help("Items that may wait in the queue."))
	g.oldest, errs[2] = scope.NewGauge("oldest_age_seconds", key, meter.Fold(metric.FoldMax), meter.Unit("seconds"),
		meter.Help("Age of the item that waits longest."))
	return g, errors.Join(errs[:]...)
}

// Enqueued counts an item that enters the queue. Call it before the item can be
// dequeued.
func (q *Queue) Enqueued() Ticket {
	q.enqueued.Inc()
	q.depth.Add(1)
	return Ticket{time.Now()}
}

// Rejected counts an item that the queue did not take.
func (q *Queue) Rejected(why Reason) {
	q.rejected.Inc(because{q.name, string(why)})
}

// Dequeued counts an item that is handed to a worker, and how long it waited. An
// item with the zero Ticket, such as one from before a restart, has no known
// wait.
func (q *Queue) Dequeued(t Ticket) {
	q.dequeued.Inc()
	q.depth.Add(-1)
	if !t.since.IsZero() {
		q.wait.ObserveSince(t.since)
	}
}

// Retried counts an item that is put back after it was dequeued; its wait begins
// anew.
func (q *Queue) Retried(why Reason) Ticket {
	q.retried.Inc(because{q.name, string(why)})
	q.depth.Add(1)
	return Ticket{time.Now()}
}

// Dropped counts an item that leaves the queue without being handled. The Ticket
// says that it was in the queue: use Rejected for one that never was.
func (q *Queue) Dropped(_ Ticket, why Reason) {
	q.dropped.Inc(because{q.name, string(why)})
	q.depth.Add(-1)
}

// DeadLettered counts an item that was dequeued and is set aside for good.
func (q *Queue) DeadLettered(why Reason) {
	q.deadLettered.Inc(because{q.name, string(why)})
}

// State is what a queue knows about itself.
type State struct {
	// Depth is how many items wait.
	Depth int
	// Capacity is how many may wait; 0 means that there is no bound.
	Capacity int
	// Oldest is when the item that waits longest was enqueued; the zero Time if
	// none waits.
	Oldest time.Time
}

// age returns the age of the oldest item in seconds.
func (s State) age() float64 {
	if s.Oldest.IsZero() {
		return 0
	}
	return max(0, time.Since(s.Oldest).Seconds())
}

// SetState replaces the depth that was counted, and sets capacity and age.
//
// To read a queue at every collection, call it in a function given to
// meter.Scope.OnCollect, or add a Collector to a collect.Refresher.
func (q *Queue) SetState(s State) {
	q.depth.Set(float64(s.Depth))
	q.gauges.oldest.Set(s.age(), q.name)
	if s.Capacity > 0 {
		q.gauges.capacity.Set(float64(s.Capacity), q.name)
	}
}

// Collector sets what the source tells whenever a refresher asks for it, as
// SetState does.
func (q *Queue) Collector(source collect.StateSource[State]) collect.Collector {
	return collect.State(source, func(s State, out *collect.Gauges) {
		out.Set(q.gauges.depth, float64(s.Depth), q.name)
		out.Set(q.gauges.oldest, s.age(), q.name)
		if s.Capacity > 0 {
			out.Set(q.gauges.capacity, float64(s.Capacity), q.name)
		}
	})
}
