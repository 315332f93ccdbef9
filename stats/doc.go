// Package stats answers questions that cost something: named queries that may
// scan all there is, asked by an analyst now and then. Each runs under a
// deadline, few run at once, the same question is not run twice at once, and an
// answer is given again for a while. Nothing here is reached from a scrape, and
// no query's result becomes a metric.
package stats
