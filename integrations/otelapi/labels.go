package otelapi

import (
	"slices"
	"strconv"
	"strings"

	"github.com/prometheus/otlptranslator"
	"go.opentelemetry.io/otel/attribute"

	"github.com/metertree/metertree/metric"
)

const (
	// overflowLabel marks the series of attribute sets beyond the limit, as
	// OpenTelemetry's specification has it.
	overflowLabel = "otel_metric_overflow"
	// fullLabel holds an attribute set whose other labels are those of another.
	fullLabel = "otel_attributes"
	// reservedPrefix comes before names that attributes cannot have as labels.
	reservedPrefix = "key_"
)

// labelNames remembers which attribute each label of an instrument stands for.
type labelNames map[string]labelSource

type labelSource struct {
	key  attribute.Key
	kind attribute.Type
}

// labelled is an attribute set as labels.
type labelled struct {
	list labelList
	// plain is set if the set could be made again from the labels: see form.
	plain bool
}

// labelsOf makes labels of attributes, which are sorted by key and have each key
// once. Attributes whose keys make the same label name have their values joined
// with semicolons, and an empty value is no label. The names are added to those
// known, which may be nil.
func labelsOf(attributes []attribute.KeyValue, known labelNames) labelled {
	made := labelled{plain: true}
	sources := make(map[string]bool, len(attributes))
	for _, kv := range attributes {
		name, value := labelName(string(kv.Key)), kv.Value.String()
		if !known.stands(name, kv) || sources[name] || value == "" {
			made.plain = false
		}
		switch at := slices.IndexFunc(made.list, func(l metric.Label) bool { return l.Name == name }); {
		case at >= 0:
			made.list[at].Value += ";" + value
		case value != "":
			made.list = append(made.list, metric.Label{Name: name, Value: value})
		}
		sources[name] = true
	}
	slices.SortFunc(made.list, func(a, b metric.Label) int { return strings.Compare(a.Name, b.Name) })
	return made
}

// stands reports whether the label of a name stands for the attribute's key and
// type and no other, and for a value of a type that is written unambiguously.
func (n labelNames) stands(name string, kv attribute.KeyValue) bool {
	if n == nil {
		return true
	}
	source := labelSource{kv.Key, kv.Value.Type()}
	have, known := n[name]
	if !known {
		n[name], have = source, source
	}
	switch source.kind {
	case attribute.STRING, attribute.INT64, attribute.BOOL:
		return have == source
	}
	return false
}

var labelNamer otlptranslator.LabelNamer

// labelName returns the label that an attribute's key becomes. Names that mean
// something else get a prefix.
func labelName(key string) string {
	name, err := labelNamer.Build(key)
	switch {
	case err != nil:
		return reservedPrefix + "_"
	case strings.HasPrefix(name, "__"), strings.HasPrefix(name, scopePrefix),
		name == overflowLabel, name == fullLabel, name == "le", name == "quantile":
		return reservedPrefix + strings.TrimLeft(name, "_")
	}
	return name
}

// noAttributes is the empty set in full: an empty text would be no label.
const noAttributes = "{}"

// inFull writes attributes so that sets that differ do so in what is written,
// types included, and never as an empty text.
func inFull(attributes []attribute.KeyValue) string {
	if len(attributes) == 0 {
		return noAttributes
	}
	var b strings.Builder
	for i, kv := range attributes {
		if i > 0 {
			b.WriteByte(',')
		}
		b.WriteString(strconv.Quote(string(kv.Key)))
		b.WriteByte('=')
		b.WriteString(strings.ToLower(kv.Value.Type().String()))
		b.WriteByte(':')
		b.WriteString(strconv.Quote(kv.Value.String()))
	}
	return b.String()
}
