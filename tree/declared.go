package tree

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/metertree/metertree/metric"
)

// Declarations collects what the series of metric.MetricInfo and metric.RatioInfo
// say, for implementations of Source whose data hold them. Where declarations of
// one name differ, such as while a service is replaced by its next version, the
// same one is taken whatever their order. The zero value is ready. It is not safe
// for concurrent use.
type Declarations struct {
	metrics map[string]metric.Descriptor
	ratios  map[string]metric.Ratio
	faults  map[string]bool
}

// Add takes one series of the stored name, whose labels the function returns.
// Names that declare nothing are passed over.
func (d *Declarations) Add(name string, label func(name string) string) {
	switch name {
	case metric.MetricInfo:
		declared, err := metric.ParseMetricInfo(label)
		d.metrics = keep(d, d.metrics, declared.Name, declared, err)
	case metric.RatioInfo:
		declared, err := metric.ParseRatioInfo(label)
		d.ratios = keep(d, d.ratios, declared.Name, declared, err)
	}
}

// keep adds a declaration of a name, or the reason why it cannot be used.
func keep[D interface{ Info() metric.Labels }](d *Declarations, all map[string]D, name string, declared D, err error) map[string]D {
	if all == nil {
		all = make(map[string]D)
	}
	if err != nil {
		d.fault(err.Error())
		return all
	}
	old, known := all[name]
	if !known {
		all[name] = declared
		return all
	}
	if order := slices.CompareFunc(declared.Info(), old.Info(), compareLabels); order != 0 {
		d.fault(fmt.Sprintf("%s is declared in several ways; one of them is used", name))
		if order < 0 {
			all[name] = declared
		}
	}
	return all
}

func compareLabels(a, b metric.Label) int { return strings.Compare(a.Value, b.Value) }

func (d *Declarations) fault(text string) {
	if d.faults == nil {
		d.faults = make(map[string]bool)
	}
	d.faults[text] = true
}

// Ratios returns the declared ratios, sorted by name.
func (d *Declarations) Ratios() []metric.Ratio {
	ratios := make([]metric.Ratio, 0, len(d.ratios))
	for _, name := range slices.Sorted(maps.Keys(d.ratios)) {
		ratios = append(ratios, d.ratios[name])
	}
	return ratios
}

// Notices tells, as sentences, which declarations could not be used as they are.
func (d *Declarations) Notices() []string { return slices.Sorted(maps.Keys(d.faults)) }

// Into returns what else is known of families, by name, with what is declared
// here, which goes before. The map is not written.
func (d *Declarations) Into(known map[string]Metadata) map[string]Metadata {
	all := make(map[string]Metadata, len(known)+len(d.metrics))
	maps.Copy(all, known)
	for name, declared := range d.metrics {
		own, typed := MetadataOf(declared), all[name]
		if typed.Kind.Observes() && own.Kind.Observes() {
			own.Kind = typed.Kind // how it is exposed says how its series are read
		}
		if own.Unit == "" {
			own.Unit = typed.Unit
		}
		own.Help = typed.Help
		all[name] = own
	}
	return all
}

// MetadataOf is what a descriptor declares, in terms of the tree.
func MetadataOf(d metric.Descriptor) Metadata {
	md := Metadata{Unit: d.Unit, Help: d.Help, Fold: FoldSum, Role: d.Role, Axes: d.Axes()}
	switch d.Kind {
	case metric.Counter:
		md.Kind = KindCounter
	case metric.Histogram:
		md.Kind = KindHistogram
	case metric.Gauge:
		md.Kind, md.Fold = KindGauge, FoldOf(d.Fold)
	default: // an UpDownCounter
		md.Kind = KindGauge
	}
	if d.Unit == "seconds" && d.Kind == metric.Gauge && strings.HasSuffix(d.Name, "_timestamp_seconds") {
		md.Unit = UnitTimestamp // the name's ending is how a moment is declared
	}
	return md
}

// FoldOf is a gauge's declared fold, in terms of the tree.
func FoldOf(f metric.Fold) Fold {
	switch f {
	case metric.FoldSum:
		return FoldSum
	case metric.FoldMin:
		return FoldMin
	case metric.FoldMax:
		return FoldMax
	case metric.FoldAvg:
		return FoldAvg
	case metric.FoldLast:
		return FoldLast
	default:
		return FoldNone
	}
}
