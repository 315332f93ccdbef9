package registry

import (
	"fmt"

	"github.com/metertree/metertree/internal/cell"
	"github.com/metertree/metertree/metric"
	"github.com/metertree/metertree/policy"
)

// Definition is what Define needs besides the descriptor.
type Definition struct {
	metric.Descriptor
	// SeriesBudget overrides the registry's; 0 keeps it.
	SeriesBudget int
	// ForgetAfter overrides the registry's; 0 keeps it, and a negative number
	// keeps idle series.
	ForgetAfter int
	// Values map the values of some keys to those that series are kept under,
	// each by itself. A function must leave alone what it has given, may be
	// called from any goroutine, and should not allocate.
	Values map[string]func(string) string
	// Normaliser comes after Values and looks at all labels together; nil keeps
	// them as they are.
	Normaliser Normaliser
	// PerTenant declares that the metric makes sense for single tenants. By
	// itself it changes nothing; whoever admits definitions may ask for it.
	PerTenant bool
	// Waivers are rules about names that do not apply, with the reasons. They
	// are for whoever admits definitions.
	Waivers []Waiver
	// KeyBudgets bound how many values keys may have; beyond, a key's value is
	// merged. A key without a budget has as many as there are series.
	KeyBudgets map[string]int
	// Renames say under which names the metric was exposed before, each name a
	// link of the chain that leads to the present one.
	Renames []policy.Rename
	// Open declares that not all labels of the metric are known yet. It may then
	// be defined again with other keys and constant labels, but otherwise in the
	// same way; all together are exposed as one metric with all of their labels,
	// of which a series has empty values where its definition has none. Budgets,
	// and what is kept of values, are those of each set of labels. No ratio can
	// be declared of an open metric.
	Open bool
}

// Waiver says why a rule about names does not apply to a definition.
type Waiver struct{ Rule, Reason string }

// complete fills in what follows from the rest.
func (d *Definition) complete() {
	if d.Kind == metric.Gauge {
		d.Number = metric.Float64
	}
	if d.Kept() == metric.Exact && d.ExactLimit == 0 {
		d.ExactLimit = metric.DefaultExactLimit
	}
}

func (d *Definition) validate() error {
	if err := d.Validate(); err != nil {
		return err
	}
	if d.Kept() == metric.Exact && (d.ExactLimit < 1 || d.ExactLimit > cell.MaxValues) {
		return fmt.Errorf("metric %s: a limit of %d exact values: choose from 1 to %d, or keep buckets", d.Name, d.ExactLimit, cell.MaxValues)
	}
	if err := d.validateRenames(); err != nil {
		return err
	}
	if e := d.Exponential; e != (metric.ExponentialLayout{}) {
		if err := cell.CheckSketch(e.Size, e.ZeroThreshold); err != nil {
			return fmt.Errorf("metric %s: %w", d.Name, err)
		}
	}
	return nil
}

// sampleNames returns the names of samples under the present name and every
// earlier one.
func (d *Definition) sampleNames() (names []string) {
	named := d.Descriptor
	for _, named.Name = range d.names() {
		names = append(names, named.SampleNames()...)
	}
	return names
}
