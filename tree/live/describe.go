package live

import (
	"strings"

	"github.com/metertree/metertree/metric"
	"github.com/metertree/metertree/tree"
)

// describe turns what is declared into what a viewer needs. Only the kind is
// translated.
func describe(d *metric.Descriptor) tree.Family {
	f := tree.Family{Name: d.Name, Unit: d.Unit, Help: d.Help, Fold: tree.FoldSum, Parts: []string{d.Name}}
	switch d.Kind {
	case metric.Counter:
		f.Kind = tree.KindCounter
	case metric.Histogram:
		f.Kind = tree.KindHistogram
		f.Parts = []string{d.Name + "_count", d.Name + "_sum"}
		if hasBuckets(d) {
			f.Parts = append([]string{d.Name + "_bucket"}, f.Parts...)
		}
	case metric.Gauge:
		f.Kind, f.Fold = tree.KindGauge, foldOf(d.Fold)
	default: // an UpDownCounter
		f.Kind = tree.KindGauge
	}
	if d.Unit == "seconds" && d.Kind == metric.Gauge && strings.HasSuffix(d.Name, "_timestamp_seconds") {
		f.Unit = tree.UnitTimestamp // the name's ending is how a moment is declared
	}
	return f
}

func hasBuckets(d *metric.Descriptor) bool {
	kept := d.Kept()
	return kept == metric.ExplicitBuckets || kept == metric.ExponentialBuckets
}

func foldOf(f metric.Fold) tree.Fold {
	switch f {
	case metric.FoldSum:
		return tree.FoldSum
	case metric.FoldMin:
		return tree.FoldMin
	case metric.FoldMax:
		return tree.FoldMax
	case metric.FoldAvg:
		return tree.FoldAvg
	default:
		return tree.FoldNone
	}
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
