package normalise

import "github.com/metertree/metertree/policy"

// Normaliser maps the values of a label. The zero value leaves them as they are.
type Normaliser struct {
	apply  func(string) string
	values int
}

// Of makes a normaliser of a function, which must be pure and idempotent. Its
// outputs are taken to have no bound.
func Of(apply func(string) string) Normaliser { return Normaliser{apply: apply} }

// Apply returns the value to use for the given one.
func (n Normaliser) Apply(value string) string {
	if n.apply == nil || policy.Reserved(value) {
		return value
	}
	return n.apply(value)
}

// Values returns how many different outputs there can be besides the reserved
// values; 0 means that there is no bound.
func (n Normaliser) Values() int { return n.values }

// Condition returns what the normaliser does for a label that policy.Labels
// allows only under a condition.
func (n Normaliser) Condition() policy.Condition {
	if n.values > 0 {
		return policy.Normalised
	}
	return 0
}

// Chain applies normalisers one after the other. Its outputs are those of the
// last one. Chain a normaliser to one whose outputs it leaves as they are, or
// the chain is not idempotent.
func Chain(steps ...Normaliser) Normaliser {
	if len(steps) == 0 {
		return Normaliser{}
	}
	return Normaliser{
		apply: func(value string) string {
			for _, step := range steps {
				value = step.Apply(value)
			}
			return value
		},
		values: steps[len(steps)-1].values,
	}
}
