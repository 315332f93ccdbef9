// Package prom is the one place where metertree touches the Prometheus server
// libraries: the time series database, the scrape manager and target discovery,
// the PromQL engine, remote write in both directions, the OTLP receiver and the
// HTTP query API.
//
// A Node is all of these, opened over one storage directory. Everything else in
// the server talks to a Node, so that the Prometheus API may change without the
// change being felt outside this package.
package prom
