// Package cell holds the words in memory that an update writes.
//
// A cell starts cold: one shared word changed by atomic operations. A cell that
// proves hot is promoted and then counts in words of its own for each
// processor (or, in the portable build, for each stripe), which a reader adds
// up. Writers never reset: what a cell has counted only grows, so a reader
// takes a delta by subtraction and needs no coordination with writers.
//
// A cell can be sealed. From then on its adds report false and count nothing,
// so that the caller can count elsewhere; every add that reported true is, or
// within a bounded time will be, in what the cell reads. That is how a series
// can be forgotten or deleted while others hold a handle on it, without a lock
// or a reference count on the update path.
package cell
