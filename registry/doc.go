// Package registry keeps one record for each instrument and complete label
// set: the series. It registers definitions, admits label sets within a
// budget, finds a series for an update, and reads all of them for a
// collection. It knows neither where a value comes from nor how it is exposed.
//
// Updates never lock, allocate or panic. An update that cannot be taken, such
// as one with too few label values, is dropped, counted in
// metertree_dropped_updates_total and logged once for its metric and reason.
package registry
