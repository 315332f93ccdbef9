package admission

import (
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"slices"

	"github.com/metertree/metertree/metric"
	"github.com/metertree/metertree/policy"
	"github.com/metertree/metertree/policy/naming"
	"github.com/metertree/metertree/policy/tenant"
	"github.com/metertree/metertree/registry"
)

// DefaultTenantLabel is the label that holds the tenant if Options.TenantLabel
// is empty.
const DefaultTenantLabel = "account_id"

// Options choose the policies. The zero value admits every definition, and no
// tenants.
type Options struct {
	// Labels says which labels metrics may have; nil takes all.
	Labels *policy.Labels
	// Naming judges names; nil takes all.
	Naming *naming.Linter
	// Budgets bound series and values of keys.
	Budgets policy.Budgets
	// Tenants decides who has series of their own; nil is nobody.
	Tenants *tenant.Guard
	// TenantLabel is the label that holds the tenant; empty means
	// DefaultTenantLabel.
	TenantLabel string
	// Logger receives what rules advise about names; nil logs nothing.
	Logger *slog.Logger
}

// Policy is the policies of one registry. All methods may be called from any
// goroutine.
type Policy struct {
	options Options
	tenants tenants
}

// New returns a policy, or what is wrong with its budgets or the name of the
// tenant's label.
func New(options Options) (*Policy, error) {
	if err := options.Budgets.Validate(); err != nil {
		return nil, err
	}
	if options.TenantLabel == "" {
		options.TenantLabel = DefaultTenantLabel
	}
	if err := metric.ValidateLabelName(options.TenantLabel); err != nil {
		return nil, fmt.Errorf("Options.TenantLabel: %w", err)
	}
	if options.Logger == nil {
		options.Logger = slog.New(slog.DiscardHandler)
	}
	return &Policy{options: options, tenants: tenants{guard: options.Tenants}}, nil
}

// Define judges a definition and completes it with what bounds its values. It is
// to be used as registry.Options.Define.
func (p *Policy) Define(d *registry.Definition) error {
	// The library's own metrics are bounded by what there is of metrics.
	if len(d.Scope) > 0 && d.Scope[0] == ownScope {
		return nil
	}
	guarded := slices.Contains(d.Keys, p.options.TenantLabel) && d.PerTenant
	err := errors.Join(
		p.options.Labels.CheckMetric(d.Descriptor, func(key string) policy.Condition { return p.condition(d, key, guarded) }),
		p.checkNames(d),
	)
	if err != nil {
		return err
	}
	p.setBudgets(d)
	if guarded {
		return p.setTenants(d)
	}
	return nil
}

// ownScope is the first segment of the library's own metrics.
const ownScope = "metertree"

// condition tells what is done to the values of a key.
func (p *Policy) condition(d *registry.Definition, key string, guarded bool) policy.Condition {
	var c policy.Condition
	if key == p.options.TenantLabel && guarded {
		c |= policy.Guarded
	}
	if d.Values[key] != nil || d.KeyBudgets[key] > 0 {
		c |= policy.Normalised
	}
	return c
}

// checkNames returns the errors among what the rules find and the definition
// does not waive, and logs the rest.
func (p *Policy) checkNames(d *registry.Definition) error {
	waived := map[string]bool{}
	for _, w := range d.Waivers {
		if err := (naming.Waiver{Rule: w.Rule, Metric: policy.Pattern(d.Name), Reason: w.Reason}).Validate(); err != nil {
			return err
		}
		waived[w.Rule] = true
	}
	if p.options.Naming == nil {
		return nil
	}
	var broken []error
	for _, f := range p.options.Naming.Check(naming.Of(d.Descriptor)) {
		switch {
		case waived[f.Rule] || waived["*"]:
		case f.Severity == naming.Error:
			broken = append(broken, fmt.Errorf("metric %s: %s (rule %s): or waive the rule with meter.Waive and the reason", f.Metric, f.Message, f.Rule))
		default:
			p.options.Logger.Info("a metric's name could be better", "metric", f.Metric, "rule", f.Rule, "advice", f.Message)
		}
	}
	return errors.Join(broken...)
}

// setBudgets gives the definition the budgets it does not have by itself.
func (p *Policy) setBudgets(d *registry.Definition) {
	if d.SeriesBudget == 0 {
		d.SeriesBudget = p.options.Budgets.SeriesOf(d.Name)
	}
	for _, key := range d.Keys {
		limit := p.options.Budgets.ValuesOf(d.Name, key)
		if limit == 0 || d.KeyBudgets[key] > 0 {
			continue
		}
		d.KeyBudgets = maps.Clone(d.KeyBudgets)
		if d.KeyBudgets == nil {
			d.KeyBudgets = map[string]int{}
		}
		d.KeyBudgets[key] = limit
	}
}

// setTenants puts a metric with tenants under the guard. If the guard does not
// cover it, it has none.
func (p *Policy) setTenants(d *registry.Definition) error {
	label, err := p.options.Tenants.Label(d.Descriptor, p.options.TenantLabel)
	if err != nil {
		return err
	}
	d.Normaliser = label
	return nil
}
