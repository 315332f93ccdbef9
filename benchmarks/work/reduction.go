package work

import "fmt"

// Groups is how many series are left of the counters of ReducedSets when only
// ReducedKeys are exported.
const Groups = reducedOperations * statuses

const reducedOperations = 20

// ReducedKeys are the labels that a reduction keeps.
var ReducedKeys = Keys[:2]

// ReducedSets returns n different label sets, of which ReducedKeys have Groups
// different values.
func ReducedSets(n int) []Labels { return labelSets(n, reducedOperations) }

// Temporality says what a collection shows.
type Temporality string

// The temporalities in which reductions are collected.
const (
	Totals Temporality = "totals"
	Deltas Temporality = "deltas"
)

// Temporalities returns all of them in the order of the table.
func Temporalities() []Temporality { return []Temporality{Totals, Deltas} }

// Reduce names the row of milliseconds for a collection that shows Groups
// series.
func Reduce(t Temporality) Row {
	return Row(fmt.Sprintf("collection of %d series, %s", Groups, t))
}

// ReduceUpdate names the row of nanoseconds for a direct update of a series
// that is going to be reduced.
func ReduceUpdate(t Temporality) Row { return Row(fmt.Sprintf("update between collections, %s", t)) }
