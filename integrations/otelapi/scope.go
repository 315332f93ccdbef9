package otelapi

import (
	"slices"
	"strings"

	"go.opentelemetry.io/otel/attribute"

	"github.com/metertree/metertree/metric"
	"github.com/metertree/metertree/registry"
)

// scopePrefix begins the labels that tell the instrumentation scope.
const scopePrefix = "otel_scope_"

// scopeLabels are the labels of all series of a scope; those without a value are
// left out.
func scopeLabels(id scopeID) metric.Labels {
	var labels metric.Labels
	for _, l := range labelsOf(id.attributes.ToSlice(), nil).list {
		labels = labels.With(metric.Label{Name: scopePrefix + strings.TrimPrefix(l.Name, reservedPrefix), Value: l.Value})
	}
	// What the scope is comes before what its attributes call themselves.
	for _, l := range []metric.Label{{Name: "name", Value: id.name}, {Name: "version", Value: id.version}, {Name: "schema_url", Value: id.schemaURL}} {
		if l.Value != "" {
			labels = labels.With(metric.Label{Name: scopePrefix + l.Name, Value: l.Value})
		}
	}
	return labels
}

// describeTarget shows the resource as the labels of target_info.
func describeTarget(r *registry.Registry, resource attribute.Set) error {
	labels := labelsOf(resource.ToSlice(), nil).list
	if len(labels) == 0 {
		return nil
	}
	info, err := r.Define(registry.Definition{Descriptor: metric.Descriptor{
		Name: "target_info", Kind: metric.Gauge, Keys: labels.names(), Fold: metric.FoldSum,
		Help: "Constant 1, labelled with the attributes of the resource that is measured.",
	}, ForgetAfter: -1})
	if err != nil {
		return err
	}
	info.SetGauge(1, labels.values()...)
	return nil
}

// labelList is a list of labels sorted by name.
type labelList []metric.Label

func (l labelList) names() []string {
	names := make([]string, len(l))
	for i := range l {
		names[i] = l[i].Name
	}
	return names
}

func (l labelList) values() []string {
	values := make([]string, len(l))
	for i := range l {
		values[i] = l[i].Value
	}
	return values
}

// with returns the list with one label more, which it has not.
func (l labelList) with(name, value string) labelList {
	at, _ := slices.BinarySearchFunc(l, name, func(have metric.Label, name string) int { return strings.Compare(have.Name, name) })
	return slices.Insert(slices.Clone(l), at, metric.Label{Name: name, Value: value})
}
