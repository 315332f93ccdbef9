package push

import (
	"fmt"
	"strings"

	"github.com/prometheus/otlptranslator"

	"github.com/metertree/metertree/metric"
)

// names turns names of OpenTelemetry into those of Prometheus, as the OTLP
// receiver of Prometheus does, and remembers labels for one request.
type names map[string]string

var (
	metricNamer = otlptranslator.MetricNamer{WithMetricSuffixes: true}
	labelNamer  = otlptranslator.LabelNamer{}
	unitNamer   = otlptranslator.UnitNamer{}
)

// label returns the name of a label; one that none can be made of is returned as
// it is, and will be refused.
func (n names) label(attribute string) string {
	if name, known := n[attribute]; known {
		return name
	}
	name, err := labelNamer.Build(attribute)
	if err != nil {
		name = attribute
	}
	// The strings of a request share its memory, and end with it.
	n[attribute] = name
	return name
}

// metric returns the name and the unit of a metric.
func (names) metric(name, unit string, kind metric.Kind, shape Shape) (full, base string, err error) {
	of := otlptranslator.Metric{Name: name, Unit: unit}
	switch {
	case kind == metric.Counter:
		of.Type = otlptranslator.MetricTypeMonotonicCounter
	case kind == metric.UpDownCounter:
		of.Type = otlptranslator.MetricTypeNonMonotonicCounter
	case kind == metric.Gauge:
		of.Type = otlptranslator.MetricTypeGauge
	case shape == Summary:
		of.Type = otlptranslator.MetricTypeSummary
	default:
		of.Type = otlptranslator.MetricTypeHistogram
	}
	if full, err = metricNamer.Build(of); err != nil {
		return "", "", fmt.Errorf("no name for Prometheus can be made of it: %w", err)
	}
	if err := metric.ValidateName(full); err != nil {
		return "", "", err
	}
	return full, plainUnit(unitNamer.Build(unit)), nil
}

// plainUnit returns a unit that a descriptor can have, or none.
func plainUnit(unit string) string {
	if strings.Trim(unit, "abcdefghijklmnopqrstuvwxyz_") != "" {
		return ""
	}
	return unit
}
