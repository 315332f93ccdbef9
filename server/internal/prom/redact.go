package prom

import (
	"errors"
	"regexp"

	"github.com/metertree/metertree/server/internal/redact"
	"github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"
)

// unusedValue is how an error of the YAML package shows what it could not use,
// which may be a secret in the wrong place.
var unusedValue = regexp.MustCompile("`[^`]*`")

// redactYAML is redact.Text for an error of the YAML package.
func redactYAML(err error) error {
	return errors.New(redact.Text(unusedValue.ReplaceAllString(err.Error(), "this")))
}

// redactedURLs hides what is secret in the label url, by which the forwarder tells
// its endpoints apart.
func redactedURLs(g prometheus.Gatherer) prometheus.GathererFunc {
	return func() ([]*dto.MetricFamily, error) {
		families, err := g.Gather()
		for _, family := range families {
			for _, m := range family.Metric {
				m.Label = redactLabels(m.Label)
			}
		}
		return families, err
	}
}

// redactLabels leaves the pairs as they are, since they belong to the metric.
func redactLabels(pairs []*dto.LabelPair) []*dto.LabelPair {
	for i, pair := range pairs {
		if pair.GetName() != "url" {
			continue
		}
		own := append([]*dto.LabelPair(nil), pairs...)
		redacted := redact.Text(pair.GetValue())
		own[i] = &dto.LabelPair{Name: pair.Name, Value: &redacted}
		return own
	}
	return pairs
}
