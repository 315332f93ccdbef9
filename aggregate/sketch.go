package aggregate

import (
	"fmt"
	"sync"

	"github.com/metertree/metertree/internal/cell"
	"github.com/metertree/metertree/internal/saturate"
)

const (
	// DefaultSketchSize is the number of buckets for each sign that a sketch
	// has at most if SketchOptions does not say. Values from 1 to 900 fit to
	// within 2.2 %, and from 1 to 900,000 to within 4.4 %.
	DefaultSketchSize = 160
	// DefaultZeroThreshold is about 2.9e-39.
	DefaultZeroThreshold = 0x1p-128

	// MaxScale is the finest scale of a sketch.
	MaxScale = cell.SketchMaxScale
	// MinScale is the coarsest scale of a sketch.
	MinScale = cell.SketchMinScale
)

// SketchOptions say how much a sketch may hold. The zero value is useful.
type SketchOptions struct {
	// Size is how many buckets there may be for each sign, from 4 to 4096; 0
	// stands for DefaultSketchSize. From 132 on, no range of values makes the
	// scale coarser than -4, the coarsest a Prometheus native histogram has.
	Size int
	// ZeroThreshold is the greatest magnitude that counts as zero, so that
	// noise around zero does not use up the buckets; 0 stands for
	// DefaultZeroThreshold. For zero alone choose a subnormal number.
	ZeroThreshold float64
}

// Sketch counts values in exponential buckets and sums them: the base-2
// exponential histogram of OpenTelemetry, which is also Prometheus' native
// histogram. Make one with NewSketch. It must not be copied.
//
// It starts at the finest scale and becomes coarser as it must to hold the
// values it sees in its buckets; see SketchState.RelativeError for what that
// means for quantiles. It holds about 400 bytes for the first 16 values and then
// grows with their range, to 8·Size bytes for each sign they have, and as many
// again for each processor once it proves busy. What a change of range left behind is
// held until the second checkpoint after it that has a garbage collection
// before it.
//
// The bucket of a value is found by a table lookup and one comparison, as
// OpenTelemetry's metrics data model suggests for positive scales, exactly:
// a value on a bound is in the bucket below it.
type Sketch struct {
	drops
	cell cell.Sketch
	size int
	zero float64

	mu sync.Mutex
	// retired is when windows of the cell were last retired.
	retired cell.Epoch
}

// NewSketch returns an empty sketch.
func NewSketch(options SketchOptions) (*Sketch, error) {
	if options.Size == 0 {
		options.Size = DefaultSketchSize
	}
	if options.ZeroThreshold == 0 {
		options.ZeroThreshold = DefaultZeroThreshold
	}
	if err := cell.CheckSketch(options.Size, options.ZeroThreshold); err != nil {
		return nil, fmt.Errorf("new sketch: %w", err)
	}
	s := &Sketch{size: options.Size, zero: options.ZeroThreshold}
	s.cell.Init(s.size, s.zero)
	return s, nil
}

// Observe counts v. A value that is not finite is ignored and counted apart.
func (s *Sketch) Observe(v float64) {
	if !s.rejects(v) {
		s.cell.Observe(v)
	}
}

// Checkpoint reads what was observed so far. Checkpoints of one sketch wait for
// each other; no update waits for them.
func (s *Sketch) Checkpoint(to *SketchState) {
	s.mu.Lock()
	defer s.mu.Unlock()
	to.ReadCell(&s.cell, s.size, s.zero)
	s.maintainLocked()
}

// ReadCell makes the state what a cell holds that was initialised with the
// given size and zero threshold. It is for the registry, which keeps bare cells;
// no maintenance of the cell may run meanwhile.
func (s *SketchState) ReadCell(c *cell.Sketch, size int, zero float64) {
	s.reset(size, zero)
	c.Read(&s.scratch, (*sketchSink)(s))
	s.Positive.trim()
	s.Negative.trim()
}

// maintainLocked folds together what changes of range left behind.
func (s *Sketch) maintainLocked() {
	switch {
	case s.cell.Superseded():
		s.cell.Retire()
		s.retired = cell.Now()
	case s.cell.Pending() && s.retired.Passed(cell.Now()):
		s.cell.Settle()
	}
}

// sketchSink is a state that a cell is being read into.
type sketchSink SketchState

// Window adds a part of what the cell holds.
func (to *sketchSink) Window(w cell.SketchWindow) {
	state := (*SketchState)(to)
	state.absorb(w.Scale, SketchBuckets{w.PositiveFirst, w.Positive}, SketchBuckets{w.NegativeFirst, w.Negative})
	state.Zero += w.Zero
	state.Sum = saturate.Float(state.Sum + w.Sum)
}
