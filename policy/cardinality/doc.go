// Package cardinality counts how many series there are, by metric, by label and
// by pair of labels, and says which label would have to go to fit a budget.
//
// A Counter takes the series one by one and holds bounded memory. Numbers of
// series are exact. Numbers of different values are exact up to ExactValues
// (but for collisions of 64-bit hashes), and beyond that estimates by
// HyperLogLog (Flajolet, Fusy, Gandouet, Meunier, 2007) with a standard error
// of 1.6 %, and marked so.
package cardinality
