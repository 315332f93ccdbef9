package registry

import "github.com/metertree/metertree/metric"

// Callback reads a family's values at a collection and gives each to the
// observer. It must not keep the observer. A panic ends the family's part of
// the collection and is counted as a drop.
type Callback func(*Observer)

// Observer takes the values that a callback reads. The label values are those
// of the descriptor's keys in their order; a label set is given once.
type Observer struct {
	family *family
	parts  *Instrument
	points []metric.Point
}

// Int gives the value of an Int64 family.
func (o *Observer) Int(v int64, values ...string) {
	o.add(metric.Point{Int: v}, values)
}

// Float gives the value of a Float64 family or a gauge.
func (o *Observer) Float(v float64, values ...string) {
	o.add(metric.Point{Float: v}, values)
}

// Histogram gives a distribution. Its slices must stay unchanged until the
// collection is over; one without exactly one count more than bounds is dropped
// and counted.
func (o *Observer) Histogram(h metric.HistogramPoint, values ...string) {
	if len(h.Counts) != len(h.Bounds)+1 {
		o.family.registry.drop(o.family.Name, BadBuckets)
		return
	}
	o.add(metric.Point{Histogram: h}, values)
}

func (o *Observer) add(p metric.Point, values []string) {
	if len(values) != o.parts.keys {
		o.family.registry.drop(o.family.Name, WrongArity)
		return
	}
	p.Labels = metric.EncodeLabels(o.family.keys, o.parts.allValues(nil, values))
	o.points = append(o.points, p)
}
