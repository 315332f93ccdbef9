// Package durable keeps a state in a directory: a snapshot, and a journal of what
// was done to it since.
//
// Both have the same number. A new snapshot is written beside the old one, made
// durable and renamed before the old files are removed, so that at every moment
// one snapshot and its journal are whole. A journal that ends in the middle of a
// record, as a crash leaves it, is read up to there: a record that was synced is
// never the one that is cut off.
package durable
