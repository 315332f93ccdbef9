// Package inspect judges and compares expositions: it hands the metrics of one to
// the naming rules, counts its series, finds what changed between two, and
// writes the configuration that bridges a change of name.
//
// An Exposition is immutable once it is built and safe for concurrent use. It
// holds every sample, so whoever reads one bounds what is read.
package inspect
