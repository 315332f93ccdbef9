// Package deploytest holds the tests of what is in deploy: that dashboards and rules
// are what Grafana and Prometheus take, and that every metric and label they name is
// there in the running demonstration; and that the image, the unit and the manifests
// work, each run for real with its own command line, files and rights.
package deploytest
