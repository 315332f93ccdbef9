package tree

import (
	"fmt"
	"strings"

	"github.com/metertree/metertree/metric"
)

// Kind is what a metric family measures, which decides how its series are read.
type Kind uint8

// The kinds of a metric family.
const (
	KindUnknown   Kind = iota // no type was declared and none could be inferred
	KindCounter               // a monotonic sum
	KindGauge                 // a value that goes up and down
	KindHistogram             // observations in buckets
	KindSummary               // observations with quantiles computed by the client
	KindInfo                  // a constant 1 whose labels carry the information
)

var kindNames = [...]string{"unknown", "counter", "gauge", "histogram", "summary", "info"}

// String returns the kind as the exposition formats spell it.
func (k Kind) String() string { return nameOf(kindNames[:], int(k)) }

// MarshalText encodes the kind as String does.
func (k Kind) MarshalText() ([]byte, error) { return []byte(k.String()), nil }

// UnmarshalText accepts what MarshalText writes.
func (k *Kind) UnmarshalText(text []byte) error {
	i, err := indexOf(kindNames[:], string(text), "kind")
	*k = Kind(i)
	return err
}

// ParseKind reads a type as written in a TYPE line. Types it does not know,
// "untyped", "unknown" and "gaugehistogram" among them, are KindUnknown.
func ParseKind(s string) Kind {
	if s == "stateset" {
		return KindGauge
	}
	for i, name := range kindNames {
		if name == s {
			return Kind(i)
		}
	}
	return KindUnknown
}

// Observes reports whether the family records observations, so that its series
// are buckets, sums and counts rather than plain values.
func (k Kind) Observes() bool { return k == KindHistogram || k == KindSummary }

// Fold is how the values of several series become the one value of their parent.
type Fold uint8

// The folds. The zero value declares nothing.
const (
	FoldUndeclared Fold = iota
	FoldSum
	FoldMin
	FoldMax
	FoldAvg
	FoldLast // the value set last, which nothing tells across series: as FoldNone
	FoldNone // several series have no common value
)

var foldNames = [...]string{"undeclared", "sum", "min", "max", "avg", "last", "none"}

// String returns the fold's name.
func (f Fold) String() string { return nameOf(foldNames[:], int(f)) }

// MarshalText encodes the fold as String does.
func (f Fold) MarshalText() ([]byte, error) { return []byte(f.String()), nil }

// UnmarshalText accepts what MarshalText writes.
func (f *Fold) UnmarshalText(text []byte) error {
	i, err := indexOf(foldNames[:], string(text), "fold")
	*f = Fold(i)
	return err
}

// Additive reports whether a parent is the sum of its branches.
func (f Fold) Additive() bool { return f == FoldSum }

// Common reports whether several series have a value in common.
func (f Fold) Common() bool { return f != FoldNone && f != FoldLast && f != FoldUndeclared }

// Metadata is what is declared about a family. Zero fields declare nothing.
type Metadata struct {
	Kind Kind
	Unit string // base unit of a value, plural and lower case: "seconds", "bytes"
	Help string
	Fold Fold
	// Role is the golden signal of its scope that the family is.
	Role metric.Role
	// Axes are the labels to expand along, the most telling first.
	Axes []string
}

// Inferred says which facts about a family were not declared but inferred from
// its name or type.
type Inferred struct {
	Kind bool `json:"kind,omitempty"`
	Unit bool `json:"unit,omitempty"`
	Fold bool `json:"fold,omitempty"`
}

// Family is one metric: the unit a person thinks in. A histogram's buckets, sum
// and count are one family.
type Family struct {
	Name     string   `json:"name"`
	Kind     Kind     `json:"kind"`
	Unit     string   `json:"unit,omitempty"`
	Help     string   `json:"help,omitempty"`
	Fold     Fold     `json:"fold"`
	Inferred Inferred `json:"inferred"`
	// Role is the golden signal of its scope that the family is, if it is one.
	Role metric.Role `json:"role,omitempty"`
	// Axes are the labels declared to expand along, the most telling first.
	Axes []string `json:"axes,omitempty"`
	// Parts are the names the family's series are stored under, sorted:
	// {"x_bucket", "x_count", "x_sum"} for a classic histogram x, {"x"} for most others.
	Parts []string `json:"parts"`
	// Series is the number of stored series, buckets included.
	Series int `json:"series"`
	// Joined is the number of other metrics whose series these are, seen as one; 0
	// for a metric of its own.
	Joined int `json:"joined,omitempty"`
}

// Increases reports whether the family's value only grows, so that its rate is
// what people want to see.
func (f Family) Increases() bool { return f.Kind == KindCounter || f.Kind.Observes() }

// HasPart reports whether series are stored under the family's name plus suffix.
func (f Family) HasPart(suffix string) bool {
	for _, p := range f.Parts {
		if p == f.Name+suffix {
			return true
		}
	}
	return false
}

// Label is one name and value.
type Label struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

// Matcher selects the series whose label has exactly this value. The empty value
// selects the series that do not have the label.
type Matcher = Label

// Unset is how the branch of the series without a label is shown. In data that
// branch has the empty value, which no set label can have.
const Unset = "<unset>"

// Selector names a node below a metric: the family and what was chosen on the way.
type Selector struct {
	Metric   string
	Matchers []Matcher // order is presentation only
}

// With returns the selector narrowed by one more label.
func (s Selector) With(label, value string) Selector {
	m := make([]Matcher, 0, len(s.Matchers)+1)
	m = append(append(m, s.Matchers...), Matcher{label, value})
	return Selector{Metric: s.Metric, Matchers: m}
}

// Has reports whether the selector already fixes the label.
func (s Selector) Has(label string) bool {
	for _, m := range s.Matchers {
		if m.Name == label {
			return true
		}
	}
	return false
}

// String writes the selector the way people read one, for errors and titles.
func (s Selector) String() string {
	if len(s.Matchers) == 0 {
		return s.Metric
	}
	parts := make([]string, len(s.Matchers))
	for i, m := range s.Matchers {
		parts[i] = fmt.Sprintf("%s=%q", m.Name, m.Value)
	}
	return s.Metric + "{" + strings.Join(parts, ",") + "}"
}

func nameOf(names []string, i int) string {
	if i < len(names) {
		return names[i]
	}
	return names[0]
}

func indexOf(names []string, s, what string) (int, error) {
	for i, name := range names {
		if name == s {
			return i, nil
		}
	}
	return 0, fmt.Errorf("%s %q is not known: use one of %s", what, s, strings.Join(names, ", "))
}
