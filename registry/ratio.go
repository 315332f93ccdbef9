package registry

import (
	"fmt"
	"iter"
	"maps"
	"slices"

	"github.com/metertree/metertree/metric"
)

// Name returns the full name of the instrument's metric.
func (i *Instrument) Name() string { return i.family.Name }

// DefineRatio declares a ratio of metrics that are defined already, and works out
// its axes. It fails as metric.Ratio's Complete does, if a metric is not known,
// and if the name is that of a metric or of another ratio. A ratio ends with
// either of its metrics.
func (r *Registry) DefineRatio(ratio metric.Ratio) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	numerator, err := r.describeLocked(ratio.Name, ratio.Numerator.Metric)
	if err != nil {
		return err
	}
	denominator, err := r.describeLocked(ratio.Name, ratio.Denominator.Metric)
	if err != nil {
		return err
	}
	if ratio, err = ratio.Complete(numerator, denominator); err != nil {
		return err
	}
	if owner, taken := r.owners[ratio.Name]; taken {
		return fmt.Errorf("ratio %s has the name under which metric %s is exposed: choose another name", ratio.Name, owner)
	}
	if have, defined := r.ratios[ratio.Name]; defined {
		return have.Conflict(ratio)
	}
	ratio.Scope = slices.Clone(ratio.Scope)
	r.ratios[ratio.Name] = ratio
	r.changes++
	return nil
}

// describeLocked returns what is known of a metric that a ratio divides.
func (r *Registry) describeLocked(ratio, name string) (metric.Descriptor, error) {
	f := r.families[name]
	if f == nil {
		return metric.Descriptor{}, fmt.Errorf("ratio %s divides metric %q, which is not defined: define the metric first", ratio, name)
	}
	return f.declared(), nil
}

// clashLocked reports a sample name that a ratio has.
func (r *Registry) clashLocked(metric string, samples []string) error {
	for _, name := range samples {
		if _, taken := r.ratios[name]; taken {
			return fmt.Errorf("metric %s would be exposed as %s, which is the name of a ratio: choose another name", metric, name)
		}
	}
	return nil
}

// endRatiosLocked forgets the ratios of a metric that is closed.
func (r *Registry) endRatiosLocked(name string) {
	maps.DeleteFunc(r.ratios, func(_ string, ratio metric.Ratio) bool {
		return ratio.Numerator.Metric == name || ratio.Denominator.Metric == name
	})
}

// Ratios yields every ratio, ordered by name. A metric that is not exposed under
// its present name yet has its earlier one.
func (r *Registry) Ratios() iter.Seq[metric.Ratio] {
	return func(yield func(metric.Ratio) bool) {
		for _, ratio := range r.currentRatios() {
			if !yield(ratio) {
				return
			}
		}
	}
}

func (r *Registry) currentRatios() []metric.Ratio {
	r.mu.Lock()
	defer r.mu.Unlock()
	var ratios []metric.Ratio
	for _, name := range slices.Sorted(maps.Keys(r.ratios)) {
		ratio := r.ratios[name]
		ratio.Numerator.Metric = r.families[ratio.Numerator.Metric].exposedName()
		ratio.Denominator.Metric = r.families[ratio.Denominator.Metric].exposedName()
		ratios = append(ratios, ratio)
	}
	return ratios
}
