// Package load makes the work that metric servers are measured by: a population
// of series as services have them, served to be scraped or put into requests of
// remote write and OTLP beforehand, so that making it takes nothing from who is
// measured. Every value follows from the series and the tick, so that all
// servers get the same.
package load
