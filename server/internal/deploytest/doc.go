// Package deploytest holds the tests of the dashboards and rules in deploy: that
// they are what Grafana and Prometheus take, and that every metric and label they
// name is there in the running demonstration.
package deploytest
