// Package admission puts the policies of package policy into effect: it decides
// which definitions a registry takes, and which of their label values get a
// series of their own.
//
//	p, err := admission.New(admission.Options{Labels: policy.DefaultLabels(), …})
//	r := registry.New(registry.Options{Define: p.Define})
//	stop := p.Attach(r)
//
// A definition is refused if it has a label that the label policy forbids, or
// breaks a rule about names without a waiver. What is left to say about names is
// logged. Metrics that declare meter.PerTenant, and that the tenant guard covers,
// have series for the busiest tenants; in all others the tenant's label is empty.
package admission
