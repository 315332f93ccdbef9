package metric

import "fmt"

// Aggregation says what is kept of the values of a series.
type Aggregation uint8

const (
	// AggregationDefault is the one that follows from the kind: SumAggregation,
	// LastValue, or buckets.
	AggregationDefault Aggregation = iota
	// SumAggregation keeps the sum, and of a histogram also the count.
	SumAggregation
	// LastValue keeps the value that was set last.
	LastValue
	// ExplicitBuckets counts values by declared bounds.
	ExplicitBuckets
	// ExponentialBuckets counts values by bounds that adapt to them.
	ExponentialBuckets
	// MinMaxSumCount keeps the extremes, the sum and the count.
	MinMaxSumCount
	// Exact keeps every value in its order, up to a limit.
	Exact
	// Drop keeps nothing: the instrument is disabled.
	Drop
)

var aggregationNames = [...]string{
	"default", "sum", "last value", "explicit buckets", "exponential buckets", "min-max-sum-count", "exact", "drop",
}

// String returns the name as documentation and errors print it.
func (a Aggregation) String() string {
	if int(a) < len(aggregationNames) {
		return aggregationNames[a]
	}
	return fmt.Sprintf("aggregation(%d)", uint8(a))
}

// Kept returns what is kept of the descriptor's values, never
// AggregationDefault.
func (d Descriptor) Kept() Aggregation {
	switch {
	case d.Aggregation != AggregationDefault:
		return d.Aggregation
	case d.Kind == Gauge:
		return LastValue
	case d.Kind != Histogram:
		return SumAggregation
	case d.Exponential != ExponentialLayout{}:
		return ExponentialBuckets
	}
	return ExplicitBuckets
}

// validateAggregation reports an aggregation that the kind cannot have, or that
// contradicts the buckets declared.
func (d Descriptor) validateAggregation() error {
	kept := d.Kept()
	fits := false
	switch kept {
	case SumAggregation:
		fits = d.Kind != Gauge
	case LastValue:
		fits = d.Kind == Gauge
	case ExplicitBuckets, MinMaxSumCount, Exact:
		fits = d.Kind == Histogram && d.Exponential == ExponentialLayout{}
	case ExponentialBuckets:
		fits = d.Kind == Histogram && d.Exponential.Size > 0
	case Drop:
		fits = true
	}
	if !fits {
		return fmt.Errorf("a %s cannot be kept as %s: choose an aggregation of its kind, with the buckets that go with it", d.Kind, kept)
	}
	return nil
}

// Temporality says what the sums of a batch of points began from.
type Temporality uint8

const (
	// Cumulative sums count from the start of their series.
	Cumulative Temporality = iota
	// Delta sums count from the last batch that was delivered.
	Delta
)

// String returns "cumulative" or "delta".
func (t Temporality) String() string {
	if t == Delta {
		return "delta"
	}
	return "cumulative"
}
