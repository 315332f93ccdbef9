package push

import (
	"github.com/metertree/metertree/aggregate"
	"github.com/metertree/metertree/metric"
)

// Batch is what one request pushes.
type Batch struct {
	Sources []Source
	// Declared say what families are whose points do not tell.
	Declared []Declaration
	// Points is how many points the request held, those refused included.
	Points int
	// Refused are the points that cannot be taken, whatever came before them.
	Refused Refusals
}

// Declaration says what a family of Prometheus is: the name is without the
// suffixes of a histogram's or a summary's samples.
type Declaration struct {
	Name, Help, Unit string
	Kind             metric.Kind
	Shape            Shape
}

// Source is whoever counts: a process, as its resource attributes and its
// instrumentation scope tell, or the group of a text push.
type Source struct {
	// Identity tells sources apart. It holds every resource attribute.
	Identity string
	// Labels are those that all points of the source are shown with.
	Labels metric.Labels
	// Replaces says that what the source pushed before, and does not push now,
	// has ended.
	Replaces bool
	Metrics  []Metric
}

// Shape says how a metric's values are given.
type Shape uint8

// The shapes.
const (
	Number Shape = iota
	Explicit
	Exponential
	Summary
)

// Metric is one name with its points.
type Metric struct {
	Name, Help, Unit string
	// Kind is 0 for a number of which nobody said what it is.
	Kind  metric.Kind
	Shape Shape
	// Delta says that the points are increments, and not totals.
	Delta  bool
	Points []Point
}

// Point is one value of one stream. Times are in nanoseconds since 1970.
type Point struct {
	// Labels are the stream's own, as AppendLabels encodes them.
	Labels []byte
	// Start is when counting began, or 0 if that is not known.
	Start, Time int64
	// Ended says that the stream has no value any more.
	Ended bool
	// Whole says that the value is in Int and not in Float.
	Whole bool
	Int   int64
	Float float64
	// Distribution is set for every shape but Number.
	Distribution *Distribution
}

// Value returns a number as a float.
func (p *Point) Value() float64 {
	if p.Whole {
		return float64(p.Int)
	}
	return p.Float
}

// Distribution is the value of a histogram or of a summary. A summary is
// explicit buckets without bounds.
type Distribution struct {
	Explicit    aggregate.ExplicitState
	Exponential *aggregate.SketchState
}

// Count returns how many values were observed.
func (d *Distribution) Count() uint64 {
	if d.Exponential != nil {
		return d.Exponential.Count()
	}
	return d.Explicit.Count()
}

// Sum returns the sum of the values.
func (d *Distribution) Sum() float64 {
	if d.Exponential != nil {
		return d.Exponential.Sum
	}
	return d.Explicit.Sum
}
