package metric

import (
	"errors"
	"fmt"
	"slices"
)

// Descriptor is everything that is declared once about an instrument and
// travels with it to exporters and viewers. It is a value; the slices it holds
// are never written after definition.
type Descriptor struct {
	// Name is the full exposed name, scope segments included.
	Name string
	// Scope holds the scope's segments, outermost first; nil for the root.
	Scope []string
	// Kind and Number say what is measured and how it is kept.
	Kind   Kind
	Number Number
	// Unit is the base unit in the plural ("seconds", "bytes"), or empty.
	Unit string
	// Help is one sentence for people.
	Help string
	// Role is the golden signal that the metric is of its scope.
	Role Role
	// Keys are the names of the labels given per update, in the order of the
	// values.
	Keys []string
	// DefaultKeys are the labels to export where not every label is wanted. A
	// name that is no label of the series stands for an empty value. Nil means
	// all labels.
	DefaultKeys []string
	// Const are the labels inherited from the scope, sorted by name.
	Const Labels
	// Fold declares how a gauge's children combine.
	Fold Fold
	// Monotonic says of a gauge that it never falls, such as a high-water mark.
	Monotonic bool
	// Bounds are a histogram's upper bounds, inclusive, increasing, without
	// +Inf.
	Bounds []float64
	// Exponential makes a histogram one with exponential buckets; it then has
	// no Bounds.
	Exponential ExponentialLayout
	// Aggregation says what is kept of the values, if not what follows from the
	// kind and the buckets.
	Aggregation Aggregation
	// ExactLimit is how many values a series keeps whose aggregation is Exact;
	// 0 means DefaultExactLimit.
	ExactLimit int
}

// DefaultExactLimit is how many values a series with the aggregation Exact
// keeps if its definition does not say.
const DefaultExactLimit = 1024

// Validate reports the first thing that makes the descriptor unusable: a name,
// label name or bucket layout outside what every exporter can carry.
func (d Descriptor) Validate() error {
	if err := ValidateName(d.Name); err != nil {
		return err
	}
	if err := validateUnit(d.Unit); err != nil {
		return fmt.Errorf("metric %s: %w", d.Name, err)
	}
	if d.Kind < Counter || d.Kind > Histogram {
		return fmt.Errorf("metric %s: unknown kind %d: use one of the metric.Kind constants", d.Name, d.Kind)
	}
	if err := d.validateKeys(); err != nil {
		return fmt.Errorf("metric %s: %w", d.Name, err)
	}
	if err := d.validateRole(); err != nil {
		return fmt.Errorf("metric %s: %w", d.Name, err)
	}
	if d.Monotonic && d.Kind != Gauge {
		return fmt.Errorf("metric %s: a %s cannot be declared monotonic: only gauges can, and counters always are", d.Name, d.Kind)
	}
	if err := d.validateAggregation(); err != nil {
		return fmt.Errorf("metric %s: %w", d.Name, err)
	}
	if d.Kind == Histogram {
		if err := d.validateBuckets(); err != nil {
			return fmt.Errorf("metric %s: %w", d.Name, err)
		}
	}
	return nil
}

func (d Descriptor) validateBuckets() error {
	if d.Exponential != (ExponentialLayout{}) && len(d.Bounds) > 0 {
		return errors.New("a histogram has either exponential buckets or bounds: declare one of them")
	}
	if kept := d.Kept(); kept != ExplicitBuckets && len(d.Bounds) > 0 {
		return fmt.Errorf("bounds are of no use to a histogram kept as %s: declare one of them", kept)
	}
	return ValidateBounds(d.Bounds)
}

func (d Descriptor) validateKeys() error {
	for _, key := range d.DefaultKeys {
		if err := ValidateLabelName(key); err != nil {
			return err
		}
	}
	keys := d.AllKeys()
	for i, key := range keys {
		if err := ValidateLabelName(key); err != nil {
			return err
		}
		if d.Kind == Histogram && key == "le" {
			return errors.New(`label "le" is reserved for a histogram's buckets: choose another name`)
		}
		if d.Kind == Histogram && key == "quantile" {
			return errors.New(`label "quantile" is reserved for what is made of a histogram: choose another name`)
		}
		if i > 0 && keys[i-1] == key {
			return fmt.Errorf("label %q is declared twice: give each label once, either on the scope or as a key", key)
		}
	}
	return nil
}

// SampleNames returns the names of the samples that expositions write for the
// metric, its own name among them.
func (d Descriptor) SampleNames() []string {
	var suffixes []string
	switch {
	case d.Kind != Histogram:
	case d.Kept() == MinMaxSumCount:
		suffixes = []string{"_sum", "_count", "_min", "_max"}
	case d.Kept() == Exact:
		suffixes = []string{"_sum", "_count", "_quantile"}
	case d.Kept() == SumAggregation:
		suffixes = []string{"_sum", "_count"}
	default:
		suffixes = []string{"_bucket", "_sum", "_count"}
	}
	names := []string{d.Name}
	for _, suffix := range suffixes {
		names = append(names, d.Name+suffix)
	}
	return names
}

// AllKeys returns the names of all labels, inherited and per update, sorted.
// The slice is the caller's.
func (d Descriptor) AllKeys() []string {
	keys := slices.Clone(d.Keys)
	for _, l := range d.Const {
		keys = append(keys, l.Name)
	}
	slices.Sort(keys)
	return keys
}
