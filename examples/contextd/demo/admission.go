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
	names, namesErr := naming.New(naming.Options{})
	tenants, tenantsErr := tenant.New(tenant.Options{Metrics: perTenant, Limit: 20})
	return admission.Options{Labels: policy.DefaultLabels(), Naming: names, Tenants: tenants}, errors.Join(namesErr, tenantsErr)
}
