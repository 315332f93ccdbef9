package demo

import (
	"errors"

	"github.com/metertree/metertree/admission"
	"github.com/metertree/metertree/policy"
	"github.com/metertree/metertree/policy/naming"
	"github.com/metertree/metertree/policy/tenant"
)

// perTenant are the metrics that show accounts: few, and each declares that it
// makes sense for one.
var perTenant = policy.Patterns{"contextd_tenant_*", "contextd_store_documents"}

// admit says which metrics are taken: those with good names and bounded labels,
// and accounts where they are to be seen.
func admit() (admission.Options, error) {
	labels, labelsErr := policy.NewLabels(policy.LabelOptions{
		// Package modelusage normalises their values before they are labels.
		Allowed: []string{"provider", "model_name"},
	})
	names, namesErr := naming.New(naming.Options{})
	tenants, tenantsErr := tenant.New(tenant.Options{Metrics: perTenant, Limit: 20})
	return admission.Options{Labels: labels, Naming: names, Tenants: tenants}, errors.Join(labelsErr, namesErr, tenantsErr)
}
