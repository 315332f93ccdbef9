package integrate

import (
	"errors"
	"fmt"
	"slices"

	"github.com/metertree/metertree/aggregate"
	"github.com/metertree/metertree/metric"
)

// View changes how the instruments that it matches are exported, in the aspects
// that it sets: name, labels, what of the values, fold. All views that match an
// instrument apply together.
//
// What of the values can be exported depends on what is kept of them:
//
//   - explicit buckets become fewer buckets with some of the same bounds, or sum
//     and count;
//   - exponential buckets become fewer, or explicit ones whose bounds are powers
//     of two, or sum and count;
//   - exact values become anything;
//   - min-max-sum-count becomes sum and count.
//
// Anything else is an error. Views that are installed with Views.Define decide
// what is kept in the first place.
//
// What declares metrics, metertree_metric_info and metertree_ratio_info, tells of
// them as the views export them. Its own labels are not those that a view means
// which does not name it.
type View struct {
	Match Match
	// Rename is the full name to export under. Metrics that get one name are
	// merged, and must be of one kind.
	Rename string
	// Keep lists the labels to export; an instrument that lacks one of them is
	// exported without it. Nil leaves them to the grouping, and an empty slice
	// keeps none.
	Keep []string
	// Drop lists labels that are not exported. Views that drop different labels
	// add up.
	Drop []string
	// Add are labels to export with constant values. One that the instrument has
	// must be dropped by the same view or another one.
	Add metric.Labels
	// Aggregation is what to export of the values, and metric.Drop hides the
	// instrument. metric.SumAggregation of a histogram is sum and count.
	Aggregation metric.Aggregation
	// Buckets are the bounds of a histogram's buckets, and imply
	// metric.ExplicitBuckets. An empty slice leaves sum and count.
	Buckets []float64
	// Size is how many exponential buckets there may be for each sign, and
	// implies metric.ExponentialBuckets. 0 leaves it as it is kept.
	Size int
	// Fold says how a gauge's series combine. With metric.FoldLast that is the
	// series whose value changed at the latest collection, of several the last in
	// the order of labels.
	Fold metric.Fold
}

// aggregation returns what the view asks for, buckets taken as what they imply.
func (v *View) aggregation() metric.Aggregation {
	switch {
	case v.Aggregation != metric.AggregationDefault:
		return v.Aggregation
	case v.Buckets != nil:
		return metric.ExplicitBuckets
	case v.Size != 0:
		return metric.ExponentialBuckets
	}
	return metric.AggregationDefault
}

// validate reports the first thing about the view that cannot be meant.
func (v *View) validate() error {
	if err := v.Match.validate(); err != nil {
		return err
	}
	if v.Rename != "" {
		if err := metric.ValidateName(v.Rename); err != nil {
			return err
		}
	}
	if err := v.validateLabels(); err != nil {
		return err
	}
	if err := v.validateValues(); err != nil {
		return err
	}
	if v.Rename == "" && v.Keep == nil && len(v.Drop)+len(v.Add) == 0 && v.aggregation() == metric.AggregationDefault && v.Fold == metric.FoldNone {
		return errors.New("it changes nothing: set a name, labels, an aggregation or a fold, or take it out")
	}
	return nil
}

func (v *View) validateLabels() error {
	for _, names := range [][]string{v.Keep, v.Drop, labelNames(v.Add)} {
		for i, name := range names {
			if err := metric.ValidateLabelName(name); err != nil {
				return err
			}
			if slices.Contains(names[:i], name) {
				return fmt.Errorf("label %q is listed twice: list it once", name)
			}
		}
	}
	for _, name := range v.Keep {
		if slices.Contains(v.Drop, name) {
			return fmt.Errorf("label %q is both kept and dropped: take it out of Keep or of Drop", name)
		}
		if _, added := v.Add.Get(name); added {
			return fmt.Errorf("label %q is both kept and added: take it out of Keep or of Add", name)
		}
	}
	return nil
}

func (v *View) validateValues() error {
	if v.Aggregation > metric.Drop {
		return fmt.Errorf("unknown %s: use one of the metric.Aggregation constants", v.Aggregation)
	}
	if v.Fold > metric.FoldLast {
		return fmt.Errorf("unknown %s: use one of the metric.Fold constants", v.Fold)
	}
	wants := v.aggregation()
	if v.Buckets != nil && wants != metric.ExplicitBuckets {
		return fmt.Errorf("buckets %v go with explicit buckets, not with %s: leave one of the two out", v.Buckets, wants)
	}
	if v.Size != 0 && wants != metric.ExponentialBuckets {
		return fmt.Errorf("a size of %d goes with exponential buckets, not with %s: leave one of the two out", v.Size, wants)
	}
	if v.Size != 0 {
		if _, err := aggregate.NewSketch(aggregate.SketchOptions{Size: v.Size}); err != nil {
			return err
		}
	}
	if err := metric.ValidateBounds(v.Buckets); err != nil {
		return err
	}
	return v.validateKind()
}

// validateKind reports values that no instrument of the matched kind can have.
func (v *View) validateKind() error {
	kind := v.Match.Kind
	if kind == 0 {
		return nil
	}
	if wants := v.aggregation(); !fitsKind(wants, kind) {
		return fmt.Errorf("a %s cannot be exported as %s: choose an aggregation of its kind", kind, wants)
	}
	if v.Fold != metric.FoldNone && kind != metric.Gauge {
		return fmt.Errorf("a %s has no fold: only gauges need one", kind)
	}
	return nil
}

// fitsKind reports whether instruments of a kind can have an aggregation.
func fitsKind(wants metric.Aggregation, kind metric.Kind) bool {
	switch wants {
	case metric.AggregationDefault, metric.Drop:
		return true
	case metric.SumAggregation:
		return kind != metric.Gauge
	case metric.LastValue:
		return kind == metric.Gauge
	}
	return kind == metric.Histogram
}

func labelNames(labels metric.Labels) []string {
	names := make([]string, 0, len(labels))
	for _, l := range labels {
		names = append(names, l.Name)
	}
	return names
}
