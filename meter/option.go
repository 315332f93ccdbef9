package meter

import (
	"maps"
	"slices"
	"time"

	"github.com/metertree/metertree/aggregate"
	"github.com/metertree/metertree/metric"
	"github.com/metertree/metertree/policy"
	"github.com/metertree/metertree/registry"
)

// Option declares something about an instrument.
type Option interface {
	apply(*registry.Definition)
}

type optionFunc func(*registry.Definition)

func (f optionFunc) apply(d *registry.Definition) { f(d) }

// Help says in one sentence what is measured, or what a ratio tells.
func Help(sentence string) SharedOption { return helpOption(sentence) }

type helpOption string

func (h helpOption) apply(d *registry.Definition) { d.Help = string(h) }

func (h helpOption) applyRatio(r *metric.Ratio) { r.Help = string(h) }

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

// DefaultKeys names the labels that are recommended for exporting: an exporter
// that is asked for those only sums the others away. They may be keys or labels
// of the scope. Without it all labels are recommended; given no names, none is.
func DefaultKeys(names ...string) Option {
	names = append(make([]string, 0, len(names)), names...) // not nil, which means all
	return optionFunc(func(d *registry.Definition) { d.DefaultKeys = names })
}

// Buckets gives a histogram's inclusive upper bounds, increasing; +Inf is
// implied. Without it a histogram has metric.DefaultLatencyBounds, in seconds.
func Buckets(bounds ...float64) Option {
	bounds = slices.Clone(bounds)
	return optionFunc(func(d *registry.Definition) { d.Bounds = bounds })
}

// Exponential gives a histogram exponential buckets, which adapt to the values:
// at most size for each sign, and 160 if size is 0. A quantile is then off by no
// more than a share of its value that depends on the range of the values alone:
// with 160 buckets 2.2 % if the greatest is 900 times the least.
func Exponential(size int) Option {
	return optionFunc(func(d *registry.Definition) {
		if size == 0 {
			size = aggregate.DefaultSketchSize
		}
		d.Exponential = metric.ExponentialLayout{Size: size, ZeroThreshold: aggregate.DefaultZeroThreshold}
	})
}

// MinMaxSumCount makes a histogram keep the extremes, the sum and the count of
// its values, and no buckets. It costs the least, and has no quantiles.
func MinMaxSumCount() Option {
	return optionFunc(func(d *registry.Definition) { d.Aggregation = metric.MinMaxSumCount })
}

// Exact makes a histogram keep each of its values in their order, up to limit in
// each series, and metric.DefaultExactLimit if limit is 0. It is for tests and
// for values that are few.
func Exact(limit int) Option {
	return optionFunc(func(d *registry.Definition) {
		d.Aggregation = metric.Exact
		d.ExactLimit = limit
	})
}

// Fold declares how the series of a gauge make up their parent in the tree.
// Without it they do not combine.
func Fold(fold metric.Fold) Option {
	return optionFunc(func(d *registry.Definition) { d.Fold = fold })
}

// Monotonic declares that a gauge never falls, such as a high-water mark. It
// starts at zero; a write that would make it fall is dropped and counted. Once a
// series was forgotten or deleted, it may start lower again.
func Monotonic() Option {
	return optionFunc(func(d *registry.Definition) { d.Monotonic = true })
}

// SeriesBudget sets how many label sets the metric admits before further ones
// are merged on the key with the most values.
func SeriesBudget(series int) Option {
	return optionFunc(func(d *registry.Definition) { d.SeriesBudget = series })
}

// KeyBudget sets how many values a key may have before further ones are merged.
func KeyBudget(key string, values int) Option {
	return optionFunc(func(d *registry.Definition) {
		d.KeyBudgets = maps.Clone(d.KeyBudgets)
		if d.KeyBudgets == nil {
			d.KeyBudgets = map[string]int{}
		}
		d.KeyBudgets[key] = values
	})
}

// Values maps the values of a key to those that series are kept under, such as
// routes to their template: package policy/normalise has functions for it. The
// function must leave alone what it has given itself, may be called from any
// goroutine, and should not allocate. It does not run for values that have a
// series already.
func Values(key string, normalise func(string) string) Option {
	return optionFunc(func(d *registry.Definition) {
		d.Values = maps.Clone(d.Values)
		if d.Values == nil {
			d.Values = map[string]func(string) string{}
		}
		d.Values[key] = normalise
	})
}

// RenamedFrom exposes the metric under its old full name too, from since until
// before until, so that dashboards and alerts can follow; before since it has the
// old name alone. Give it once for each earlier name, the latest first.
func RenamedFrom(old string, since, until time.Time) Option {
	return optionFunc(func(d *registry.Definition) {
		next := d.Name
		if n := len(d.Renames); n > 0 {
			next = d.Renames[n-1].Old
		}
		d.Renames = append(slices.Clip(d.Renames), policy.Rename{Old: old, New: next, Since: since, Until: until})
	})
}

// PerTenant declares that the metric makes sense for single tenants. Whether it
// shows them is up to the operator's tenant guard.
func PerTenant() Option {
	return optionFunc(func(d *registry.Definition) { d.PerTenant = true })
}

// Waive takes the metric out of a rule about names, given by the ID that the
// rule's findings show. The reason is for whoever reads the definition later; a
// waiver without one is an error.
func Waive(rule, reason string) Option {
	return optionFunc(func(d *registry.Definition) {
		d.Waivers = append(slices.Clip(d.Waivers), registry.Waiver{Rule: rule, Reason: reason})
	})
}

// ForgetAfter sets for how many collections a series must be idle to be
// forgotten, unless a bound handle pins it; a negative number keeps idle
// series. A series that comes back starts from zero.
func ForgetAfter(collections int) Option {
	return optionFunc(func(d *registry.Definition) { d.ForgetAfter = collections })
}
