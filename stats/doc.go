// Package stats answers questions that cost something: named queries that may
// scan all there is, asked by an analyst now and then. Each runs under a
// deadline and few run at once. Nothing here is reached from a scrape, and no
// query's result becomes a metric.
package stats
