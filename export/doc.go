// Package export is the contract between the pipeline and what it feeds: an
// Exporter is given batches of families and knows neither where their values
// come from nor what they mean. Packages below it are exporters; exporttest
// checks any of them against the contract.
package export
