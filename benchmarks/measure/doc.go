// Package measure takes the figures of one library at one row or one
// population. Whatever it measures it also verifies: a library that lost an
// update yields an error instead of a figure.
package measure
