// Package grafanatest holds metertree serve to what Grafana's Prometheus data source
// asks, beside a real Prometheus, and the files that provision it.
package grafanatest
