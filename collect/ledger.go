package collect

import (
	"encoding/binary"
	"maps"
	"math"
	"slices"
	"sync"

	"github.com/metertree/metertree/meter"
	"github.com/metertree/metertree/registry"
)

// patience is for how many readings in a row a total may be left out.
const patience = 10

// maxRemembered is how many series a ledger of events remembers.
const maxRemembered = registry.DefaultSeriesBudget

// instrument is what a series belongs to. All instruments are comparable.
type instrument interface{ Delete(values ...string) bool }

type kind uint8

const (
	setGauge kind = iota
	countTotal
	countFloatTotal
	observe
)

// point is one value of a reading.
type point struct {
	kind         kind
	gauge        meter.Gauge
	counter      meter.Counter
	floatCounter meter.FloatCounter
	histogram    meter.Histogram
	integer      int64
	float        float64
	values       []string
}

func (p *point) instrument() instrument {
	switch p.kind {
	case countTotal:
		return p.counter
	case countFloatTotal:
		return p.floatCounter
	case observe:
		return p.histogram
	}
	return p.gauge
}

// ledger remembers the series of a collector, to end them and to tell by how
// much a total grew.
type ledger struct {
	resets meter.BoundCounter

	mu     sync.Mutex
	ended  bool
	series map[instrument]map[string]*series
	count  int
	// reading counts the readings.
	reading int
	scratch []byte
}

// series is one series that a collector wrote to.
type series struct {
	kind   kind
	values []string
	// seen is the reading that had it last.
	seen   int
	ints   total[int64]
	floats total[float64]
}

// total follows one total from reading to reading.
type total[N int64 | float64] struct {
	last, sum N
	// spoilt is set if a part of the sum was no total.
	spoilt bool
}

// growth returns by how much a counter has to grow, and whether the total
// started again.
func (t *total[N]) growth() (by N, reset bool) {
	by, reset = t.sum-t.last, t.sum < t.last
	if reset {
		by = t.sum
	}
	t.last = t.sum
	return by, reset
}

// find returns the series of an instrument, nil if it is not remembered.
func (l *ledger) find(i instrument, values []string) *series {
	return l.series[i][string(l.encode(values))]
}

// remember returns the series of an instrument, and makes it if need be.
func (l *ledger) remember(i instrument, k kind, values []string) *series {
	if s := l.find(i, values); s != nil {
		return s
	}
	of := l.series[i]
	if of == nil {
		if l.series == nil {
			l.series = map[instrument]map[string]*series{}
		}
		of = map[string]*series{}
		l.series[i] = of
	}
	s := &series{kind: k, values: slices.Clone(values)}
	of[string(l.encode(values))] = s
	l.count++
	return s
}

// encode writes label values so that no two sets are written alike. The result
// is valid until the next call.
func (l *ledger) encode(values []string) []byte {
	b := l.scratch[:0]
	for _, v := range values {
		b = binary.AppendUvarint(b, uint64(len(v)))
		b = append(b, v...)
	}
	l.scratch = b
	return b
}

// apply takes over a reading, and ends the series that it lacks.
func (l *ledger) apply(points []point) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.ended {
		return
	}
	l.reading++
	for i := range points {
		l.take(&points[i])
	}
	for i, of := range l.series {
		maps.DeleteFunc(of, func(_ string, s *series) bool { return l.settle(i, s) })
		if len(of) == 0 {
			delete(l.series, i)
		}
	}
}

// patch takes over points without ending any series.
func (l *ledger) patch(points []point) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.ended {
		return
	}
	for i := range points {
		l.take(&points[i])
	}
}

// take applies a point, or adds it to the total that settle then applies.
func (l *ledger) take(p *point) {
	if p.kind == setGauge && !finite(p.float) && l.find(p.gauge, p.values) == nil {
		// The gauge refuses and counts it, but would be there with a zero.
		p.gauge.Set(p.float, p.values...)
		p.gauge.Delete(p.values...)
		return
	}
	s := l.remember(p.instrument(), p.kind, p.values)
	if s.seen != l.reading {
		s.seen = l.reading
		s.ints = total[int64]{last: s.ints.last}
		s.floats = total[float64]{last: s.floats.last}
	}
	switch p.kind {
	case setGauge:
		p.gauge.Set(p.float, p.values...)
	case observe:
		p.histogram.Observe(p.float, p.values...)
	case countTotal:
		s.ints.sum += p.integer
		if p.integer < 0 {
			// The instrument refuses and counts it.
			s.ints.spoilt = true
			p.counter.Add(p.integer, p.values...)
		}
	case countFloatTotal:
		s.floats.sum += p.float
		if p.float < 0 || !finite(p.float) {
			s.floats.spoilt = true
			p.floatCounter.Add(p.float, p.values...)
		}
	}
}

func finite(v float64) bool { return math.Abs(v) <= math.MaxFloat64 }

// settle brings a counter up to the total of this reading. It ends a series that
// the reading lacks, and reports whether it did.
func (l *ledger) settle(i instrument, s *series) (ended bool) {
	if s.seen != l.reading {
		return s.ends(l.reading-s.seen) && l.end(i, s)
	}
	var reset bool
	switch c := i.(type) {
	case meter.Counter:
		if !s.ints.spoilt {
			var by int64
			by, reset = s.ints.growth()
			c.Add(by, s.values...)
		}
	case meter.FloatCounter:
		if !s.floats.spoilt {
			var by float64
			by, reset = s.floats.growth()
			c.Add(by, s.values...)
		}
	}
	if reset {
		l.resets.Inc()
	}
	return false
}

// ends reports whether a series ends that as many readings in a row lacked.
func (s *series) ends(lacked int) bool {
	switch s.kind {
	case countTotal, countFloatTotal:
		return lacked >= patience
	case observe:
		// A distribution is added to when there is something new.
		return false
	}
	return true
}

func (l *ledger) end(i instrument, s *series) bool {
	i.Delete(s.values...)
	l.count--
	return true
}

// update runs an update of an event and remembers its series, which no reading
// ends.
func (l *ledger) update(i instrument, values []string, run func()) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.ended {
		return
	}
	if l.count < maxRemembered {
		l.remember(i, observe, values)
	}
	run()
}

// close ends all series. Those that an heir is there for go over to it instead.
func (l *ledger) close(heir *ledger) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.ended = true
	for i, of := range l.series {
		for _, s := range of {
			if heir != nil {
				heir.inherit(i, s)
			} else {
				l.end(i, s)
			}
		}
	}
	l.series = nil
}

func (l *ledger) inherit(i instrument, s *series) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.remember(i, s.kind, s.values)
}
