// Package report turns figures into the table: medians, ratios, and whether
// each target is reached.
package report
