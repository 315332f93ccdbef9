package normalise

import "github.com/metertree/metertree/policy"

// Enum passes the listed values and makes every other one policy.Other.
func Enum(values ...string) Normaliser {
	listed := make(map[string]struct{}, len(values))
	for _, value := range values {
		listed[value] = struct{}{}
	}
	return Normaliser{
		apply: func(value string) string {
			if _, known := listed[value]; known {
				return value
			}
			return policy.Other
		},
		values: max(len(listed), 1),
	}
}
