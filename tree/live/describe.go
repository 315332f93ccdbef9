package live

import (
	"github.com/metertree/metertree/metric"
	"github.com/metertree/metertree/tree"
)

// describe turns what is declared into what a viewer needs.
func describe(d *metric.Descriptor) tree.Family {
	md := tree.MetadataOf(*d)
	return tree.Family{
		Name: d.Name, Kind: md.Kind, Unit: md.Unit, Help: md.Help, Fold: md.Fold, Role: md.Role, Axes: md.Axes,
		Parts: partsOf(d),
	}
}

// partsOf are the names that an exposition has for the series.
func partsOf(d *metric.Descriptor) []string {
	switch {
	case d.Kind != metric.Histogram:
		return []string{d.Name}
	case hasBuckets(d):
		return []string{d.Name + "_bucket", d.Name + "_count", d.Name + "_sum"}
	default:
		return []string{d.Name + "_count", d.Name + "_sum"}
	}
}

func hasBuckets(d *metric.Descriptor) bool {
	kept := d.Kept()
	return kept == metric.ExplicitBuckets || kept == metric.ExponentialBuckets
}

// valueOf is the number of a point: of a histogram, how many observations.
func valueOf(d *metric.Descriptor, p *metric.Point) float64 {
	switch {
	case d.Kind != metric.Histogram && d.Number == metric.Float64:
		return p.Float
	case d.Kind != metric.Histogram:
		return float64(p.Int)
	}
	switch d.Kept() {
	case metric.MinMaxSumCount:
		return float64(p.Summary.Count)
	case metric.Exact:
		if p.Exact == nil {
			return 0
		}
		return float64(p.Exact.Count())
	case metric.ExponentialBuckets:
		if p.Exponential == nil {
			return 0
		}
		return float64(p.Exponential.Count())
	default:
		return float64(p.Histogram.Count())
	}
}
