// Package webconfig decides who may reach a listener and what may be asked for
// there: TLS and basic authentication by the web configuration file of
// github.com/prometheus/exporter-toolkit, bearer tokens or client certificates
// for requests that change something, host names, origins and headers. All files
// are read again as they change.
package webconfig
