package tree

import (
	"encoding/json"
	"fmt"
	"math"
)

// Number is a float64 that survives JSON: NaN is null, infinities are strings.
type Number float64

// NoData is the Number of a reading that has none.
var NoData = Number(math.NaN())

// IsNaN reports whether n is not a number, which is also how absence is written.
func (n Number) IsNaN() bool { return math.IsNaN(float64(n)) }

// MarshalJSON writes a JSON number, null, "+Inf" or "-Inf".
func (n Number) MarshalJSON() ([]byte, error) {
	switch f := float64(n); {
	case math.IsNaN(f):
		return []byte("null"), nil
	case math.IsInf(f, 1):
		return []byte(`"+Inf"`), nil
	case math.IsInf(f, -1):
		return []byte(`"-Inf"`), nil
	default:
		return json.Marshal(f)
	}
}

// UnmarshalJSON accepts what MarshalJSON writes.
func (n *Number) UnmarshalJSON(data []byte) error {
	switch string(data) {
	case "null":
		*n = NoData
	case `"+Inf"`:
		*n = Number(math.Inf(1))
	case `"-Inf"`:
		*n = Number(math.Inf(-1))
	default:
		var f float64
		if err := json.Unmarshal(data, &f); err != nil {
			return fmt.Errorf("number %s: %w: write a JSON number, null, \"+Inf\" or \"-Inf\"", data, err)
		}
		*n = Number(f)
	}
	return nil
}

// Meaning says what the number of a reading is.
type Meaning string

// The meanings of a reading.
const (
	MeaningNone   Meaning = "none"   // no value: no data, or series that must not be folded
	MeaningRate   Meaning = "rate"   // per second, of a counter or of a histogram's observations
	MeaningTotal  Meaning = "total"  // since the start, because there is no history to take a rate from
	MeaningSum    Meaning = "sum"    // of gauges
	MeaningMin    Meaning = "min"    // of gauges
	MeaningMax    Meaning = "max"    // of gauges
	MeaningAvg    Meaning = "avg"    // of gauges
	MeaningSingle Meaning = "single" // the value of the only series
	MeaningRatio  Meaning = "ratio"  // of two sums

	MeaningQuantile Meaning = "quantile" // of a histogram's observations, in a plot
)

// GaugeMeaning gives the meaning of a gauge folded over a number of series.
func GaugeMeaning(f Fold, series int) Meaning {
	if series == 1 {
		return MeaningSingle
	}
	switch f {
	case FoldSum:
		return MeaningSum
	case FoldMin:
		return MeaningMin
	case FoldMax:
		return MeaningMax
	case FoldAvg:
		return MeaningAvg
	default:
		return MeaningNone
	}
}

// Quantile is an estimated quantile of a histogram's observations, in the
// family's unit.
type Quantile struct {
	Q     float64 `json:"q"` // 0..1
	Value Number  `json:"value"`
	Text  string  `json:"text"`
	// Query is the expression of PromQL that gives the value, as Reading.Query.
	Query string `json:"query,omitempty"`
}

// Reading is the folded value of a node at one instant.
type Reading struct {
	Meaning Meaning `json:"meaning"`
	Value   Number  `json:"value"`
	// Quantiles of a histogram, over the same period as Value; empty otherwise.
	Quantiles []Quantile `json:"quantiles,omitempty"`
	// Text is the value with its unit, short, for people.
	Text string `json:"text"`
	// Query is the expression of PromQL whose answer at the moment of the reading
	// is exactly the value, where the source can be asked so.
	Query string `json:"query,omitempty"`
}

// Quantiles that a histogram's reading carries.
var readingQuantiles = [...]float64{0.5, 0.99}

// ReadingQuantiles returns the quantiles a histogram's reading carries.
func ReadingQuantiles() []float64 { return readingQuantiles[:] }
