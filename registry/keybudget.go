package registry

import "github.com/metertree/metertree/policy"

// keyBudget bounds the values of one key; the zero value does not.
type keyBudget struct {
	values *policy.Values
	// merged counts the label sets that came with a value beyond the budget.
	merged Bound
}

// setKeyBudgets gives keys their budgets.
func (f *family) setKeyBudgets(limits map[string]int) {
	if len(limits) == 0 {
		return
	}
	f.budgets = make([]keyBudget, len(f.keys))
	for at, key := range f.keys {
		if limit := limits[key]; limit > 0 {
			f.budgets[at] = keyBudget{policy.NewValues(limit), f.overflowCount(key)}
		}
	}
}

// countOverflow counts the keys whose value, as an update gave it, was beyond
// its budget.
func (f *family) countOverflow(kept []string) {
	for at, budget := range f.budgets {
		if budget.values != nil && kept[at] == Overflow {
			budget.merged.AddInt(1)
			if f.registry.firstOf(f.Name, f.keys[at]) {
				f.announceKey(f.keys[at])
			}
		}
	}
}

// takeValuesLocked notes that a series has the given values. If a key has no
// room for its value it changes that to Overflow, and returns false.
func (f *family) takeValuesLocked(values []string) bool {
	for at, budget := range f.budgets {
		if budget.values == nil {
			continue
		}
		if kept := budget.values.Take(values[at]); kept != values[at] {
			f.giveValuesLocked(values[:at])
			values[at] = kept
			return false
		}
	}
	return true
}

// giveValuesLocked notes that a series with the given values ended.
func (f *family) giveValuesLocked(values []string) {
	for at, value := range values {
		if len(f.budgets) > 0 && f.budgets[at].values != nil {
			f.budgets[at].values.Give(value)
		}
	}
}

func (f *family) announceKey(key string) {
	f.registry.options.Logger.Warn("budget of values reached; further values of the key are merged",
		"metric", f.Name, "key", key,
		"remedy", "normalise its values, or raise the budget with meter.KeyBudget")
}
