package otelapi

import (
	"fmt"
	"strings"

	"github.com/prometheus/otlptranslator"

	"github.com/metertree/metertree/metric"
)

// validateName holds a name to OpenTelemetry's syntax of instrument names.
func validateName(name string) error {
	if name == "" {
		return fmt.Errorf("otelapi: the name of an instrument is empty: begin with a letter")
	}
	if len(name) > 255 {
		return fmt.Errorf("otelapi: the name of instrument %.20q… has %d characters: use at most 255", name, len(name))
	}
	for i, c := range name {
		letter := 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z'
		if !letter && (i == 0 || !strings.ContainsRune("0123456789_.-/", c)) {
			return fmt.Errorf("otelapi: the name of instrument %q has %q at position %d: begin with a letter, and use letters, digits and _.-/", name, c, i)
		}
	}
	return nil
}

var (
	metricNamer = otlptranslator.MetricNamer{WithMetricSuffixes: true}
	unitNamer   otlptranslator.UnitNamer
)

// exposedName returns the name that an instrument has in the registry.
func exposedName(id identity) (string, error) {
	kinds := map[metric.Kind]otlptranslator.MetricType{
		metric.Counter:       otlptranslator.MetricTypeMonotonicCounter,
		metric.UpDownCounter: otlptranslator.MetricTypeNonMonotonicCounter,
		metric.Gauge:         otlptranslator.MetricTypeGauge,
		metric.Histogram:     otlptranslator.MetricTypeHistogram,
	}
	return metricNamer.Build(otlptranslator.Metric{Name: id.name, Unit: id.unit, Type: kinds[id.kind]})
}

// numbered tells the n-th metric of a name from those before.
func numbered(name string, n int) string {
	if n < 2 {
		return name
	}
	if stem, counts := strings.CutSuffix(name, "_total"); counts {
		return fmt.Sprintf("%s_%d_total", stem, n)
	}
	return fmt.Sprintf("%s_%d", name, n)
}

// exposedUnit returns the unit in words, or nothing if it has none.
func exposedUnit(unit string) string {
	words := strings.ToLower(unitNamer.Build(unit))
	if strings.ContainsFunc(words, func(c rune) bool { return (c < 'a' || c > 'z') && c != '_' }) {
		return ""
	}
	return words
}

// scopeOf returns the segments of a name that say where the instrument belongs:
// all but the last.
func scopeOf(name string) []string {
	segments := strings.Split(name, ".")
	var scope []string
	for _, s := range segments[:len(segments)-1] {
		if s != "" {
			scope = append(scope, labelName(s))
		}
	}
	return scope
}
