package meter

import (
	"slices"

	"github.com/metertree/metertree/metric"
	"github.com/metertree/metertree/registry"
)

// Option declares something about an instrument.
type Option interface {
	apply(*registry.Definition)
}

type optionFunc func(*registry.Definition)

func (f optionFunc) apply(d *registry.Definition) { f(d) }

// Help says in one sentence what is measured.
func Help(sentence string) Option {
	return optionFunc(func(d *registry.Definition) { d.Help = sentence })
}

// Unit gives the base unit in the plural, such as "seconds" or "bytes".
func Unit(unit string) Option {
	return optionFunc(func(d *registry.Definition) { d.Unit = unit })
}

// Keys names the labels whose values are given with each update, in the order
// of the values.
func Keys(names ...string) Option {
	names = slices.Clone(names)
	return optionFunc(func(d *registry.Definition) { d.Keys = names })
}

// Buckets gives a histogram's inclusive upper bounds, increasing; +Inf is
// implied. Without it a histogram has metric.DefaultLatencyBounds, in seconds.
func Buckets(bounds ...float64) Option {
	bounds = slices.Clone(bounds)
	return optionFunc(func(d *registry.Definition) { d.Bounds = bounds })
}

// Fold declares how the series of a gauge make up their parent in the tree.
// Without it they do not combine.
func Fold(fold metric.Fold) Option {
	return optionFunc(func(d *registry.Definition) { d.Fold = fold })
}

// SeriesBudget sets how many label sets the metric admits before further ones
// are merged on the key with the most values.
func SeriesBudget(series int) Option {
	return optionFunc(func(d *registry.Definition) { d.SeriesBudget = series })
}

// ForgetAfter sets for how many collections a series must be idle to be
// forgotten, unless a bound handle pins it; a negative number keeps idle
// series. A series that comes back starts from zero.
func ForgetAfter(collections int) Option {
	return optionFunc(func(d *registry.Definition) { d.ForgetAfter = collections })
}
