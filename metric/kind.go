package metric

import "fmt"

// Kind says what an instrument measures and therefore how its series combine.
type Kind uint8

const (
	// Counter is a monotonic sum; its children add up to it.
	Counter Kind = iota + 1
	// UpDownCounter is a sum that may fall, such as requests in flight.
	UpDownCounter
	// Gauge is a last value; how gauges combine is declared by Fold.
	Gauge
	// Histogram is a distribution; its children's buckets merge into it.
	Histogram
)

// String returns the kind in lower case, as documentation and errors print it.
func (k Kind) String() string {
	switch k {
	case Counter:
		return "counter"
	case UpDownCounter:
		return "updowncounter"
	case Gauge:
		return "gauge"
	case Histogram:
		return "histogram"
	}
	return fmt.Sprintf("kind(%d)", uint8(k))
}

// Monotonic reports whether a decrease of the value can only mean a reset.
func (k Kind) Monotonic() bool { return k == Counter }

// Number is the type in which a sum or a gauge is kept.
type Number uint8

const (
	// Int64 sums are exact.
	Int64 Number = iota
	// Float64 sums are exact within float rounding.
	Float64
)

// String returns "int64" or "float64".
func (n Number) String() string {
	if n == Float64 {
		return "float64"
	}
	return "int64"
}

// Fold declares how the children of a gauge make up their parent. Counters
// always add and histograms always merge; only gauges need to say.
type Fold uint8

const (
	// FoldNone refuses to combine: the parent has no value of its own.
	FoldNone Fold = iota
	// FoldSum adds the children.
	FoldSum
	// FoldMin takes the least child.
	FoldMin
	// FoldMax takes the greatest child.
	FoldMax
	// FoldAvg takes the arithmetic mean of the children.
	FoldAvg
	// FoldLast takes the child that was set last.
	FoldLast
)

// String returns the fold's name as it is declared in expositions.
func (f Fold) String() string {
	switch f {
	case FoldNone:
		return "none"
	case FoldSum:
		return "sum"
	case FoldMin:
		return "min"
	case FoldMax:
		return "max"
	case FoldAvg:
		return "avg"
	case FoldLast:
		return "last"
	}
	return fmt.Sprintf("fold(%d)", uint8(f))
}
