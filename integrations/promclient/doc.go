// Package promclient joins a metertree registry with the Prometheus client
// library: Gatherer shows our registry as a prometheus.Gatherer, so that a
// program that already exposes a client_golang registry can add ours to the
// same page and move its instruments one at a time, without changing what is
// exposed.
//
//	prometheus.Gatherers{prometheus.DefaultGatherer, promclient.NewGatherer(registry)}
//
// The other way round, Import shows what a client_golang gatherer has as metrics of
// our registry, so that they leave by all of its exporters.
package promclient
