package treetest

import (
	"math"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/metertree/metertree/tree"
)

// Now is the present of every script, in Unix seconds 1,700,000,000.
var Now = time.Unix(1_700_000_000, 0).UTC()

// Data is what a source is asked to hold.
type Data struct {
	// Declared holds what is declared about families, by name.
	Declared map[string]tree.Metadata
	Series   []Series
	// Instants is how many moments there are, at least 1; the last is Now.
	Instants int
	// Every is the time between two instants; 0 when there is one.
	Every time.Duration
}

// Series is one stored series.
type Series struct {
	Name   string
	Labels []tree.Label // sorted by name, without empty values
	Points []Point      // by time
}

// Point is a value at one of the instants of Data.
type Point struct {
	Instant int // 0 is the first
	Value   float64
}

// At returns the moment of an instant.
func (d Data) At(instant int) time.Time {
	return Now.Add(-time.Duration(d.Instants-1-instant) * d.Every)
}

func (d *Data) declare(name string, change func(*tree.Metadata)) {
	if d.Declared == nil {
		d.Declared = map[string]tree.Metadata{}
	}
	md := d.Declared[name]
	change(&md)
	d.Declared[name] = md
}

// Source makes tree sources of one kind.
type Source struct {
	// Name is how scripts call the kind.
	Name string
	// Open returns a source that holds the data and whose present is Now, or nil
	// if its kind cannot hold them. What needs freeing belongs into t.Cleanup.
	Open func(t testing.TB, d Data) tree.Source
}

// Snapshot is the source over one exposition. It holds no history.
var Snapshot = Source{Name: "snapshot", Open: openSnapshot}

func openSnapshot(_ testing.TB, d Data) tree.Source {
	if d.Instants != 1 {
		return nil
	}
	b := tree.NewSnapshotBuilder()
	for name, md := range d.Declared {
		b.Declare(name, md)
	}
	for _, s := range d.Series {
		for _, p := range s.Points {
			b.Add(tree.Sample{Name: s.Name, Labels: slices.Clone(s.Labels), Value: p.Value})
		}
	}
	return b.Build()
}

// label returns the value of a label, or "".
func (s Series) label(name string) string {
	for _, l := range s.Labels {
		if l.Name == name {
			return l.Value
		}
	}
	return ""
}

// present is the value of the series now: its last, unless that is long ago or
// says that the series has ended.
func (d Data) present(s Series) (value float64, ok bool) {
	if len(s.Points) == 0 {
		return 0, false
	}
	last := s.Points[len(s.Points)-1]
	return last.Value, !IsStale(last.Value) && Now.Sub(d.At(last.Instant)) < currentFor
}

// currentFor is how old the last sample of a current series may be.
const currentFor = 5 * time.Minute

// bound is the upper bound of a bucket.
func (s Series) bound() float64 {
	bound, err := strconv.ParseFloat(s.label("le"), 64)
	if err != nil {
		return math.NaN()
	}
	return bound
}
