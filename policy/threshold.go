package policy

import "fmt"

// Level says how a number of label values is judged.
type Level uint8

const (
	// Good needs no thought.
	Good Level = iota
	// Watched is more than fits a graph's legend.
	Watched
	// Questioned asks whether this should be a label at all.
	Questioned
)

// String returns "good", "watched" or "questioned".
func (l Level) String() string {
	switch l {
	case Good:
		return "good"
	case Watched:
		return "watched"
	case Questioned:
		return "questioned"
	}
	return fmt.Sprintf("level(%d)", uint8(l))
}

// MarshalText makes the level a word in JSON.
func (l Level) MarshalText() ([]byte, error) { return []byte(l.String()), nil }

// UnmarshalText reads what MarshalText wrote.
func (l *Level) UnmarshalText(text []byte) error {
	for _, known := range []Level{Good, Watched, Questioned} {
		if known.String() == string(text) {
			*l = known
			return nil
		}
	}
	return fmt.Errorf("level %q is unknown: use good, watched or questioned", text)
}

// Thresholds are the numbers of distinct values of one label at which the
// judgement of it changes. The zero value stands for DefaultThresholds.
type Thresholds struct {
	// Good is the number below which a label is good.
	Good int
	// Questioned is the number above which a label is questioned.
	Questioned int
}

// DefaultThresholds are 10 and 100.
func DefaultThresholds() Thresholds { return Thresholds{Good: 10, Questioned: 100} }

// Level judges a number of distinct values.
func (t Thresholds) Level(values int) Level {
	if t == (Thresholds{}) {
		t = DefaultThresholds()
	}
	switch {
	case values < t.Good:
		return Good
	case values > t.Questioned:
		return Questioned
	}
	return Watched
}

// Validate reports thresholds that no number can pass in order.
func (t Thresholds) Validate() error {
	if t.Good < 0 || t.Questioned < t.Good {
		return fmt.Errorf("cardinality thresholds %d and %d: give two increasing numbers of values", t.Good, t.Questioned)
	}
	return nil
}
