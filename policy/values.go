package policy

import (
	"strings"
	"sync"
	"sync/atomic"
)

// Values keeps the values of one key of one metric to a budget. Series take the
// values they have, and give them back when they end; a value counts while a
// series has it. All methods may be called from any goroutine.
//
// Updates ask Resolve, which neither locks nor allocates. While there is room it
// knows no value and lets all pass, because a value that is new goes on to
// admission, which locks anyway and calls Take. Once the budget is used up the
// set is published as an immutable map, until a value is given back.
type Values struct {
	limit int
	// full holds the values taken while there is no room, and else is nil.
	full atomic.Pointer[map[string]struct{}]

	mu sync.Mutex
	// used counts the series that have each value.
	used map[string]int
}

// NewValues returns an empty set with the given budget; 0 is no bound.
func NewValues(limit int) *Values {
	return &Values{limit: limit, used: map[string]int{}}
}

// Resolve returns the value that a series with the given one would have: itself,
// or Overflow if the budget is used up without it. It neither locks nor
// allocates.
func (v *Values) Resolve(value string) string {
	full := v.full.Load()
	if full == nil || Reserved(value) {
		return value
	}
	if _, taken := (*full)[value]; taken {
		return value
	}
	return Overflow
}

// Take notes that a series is admitted with the given value, and returns the
// value that it shall have: the given one, or Overflow if the budget is used up.
// Every Take is to be followed by a Give of what it returned, when the series
// ends.
func (v *Values) Take(value string) string {
	if v.limit <= 0 || Reserved(value) {
		return value
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.used[value] == 0 {
		if len(v.used) >= v.limit {
			return Overflow
		}
		// The caller's string may be part of something large.
		value = strings.Clone(value)
	}
	v.used[value]++
	if len(v.used) == v.limit && v.full.Load() == nil {
		v.publishLocked()
	}
	return value
}

// Give notes that a series ended which had the given value.
func (v *Values) Give(value string) {
	if v.limit <= 0 || Reserved(value) {
		return
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	switch v.used[value] {
	case 0:
		return
	case 1:
		delete(v.used, value)
		v.full.Store(nil)
	default:
		v.used[value]--
	}
}

func (v *Values) publishLocked() {
	full := make(map[string]struct{}, len(v.used))
	for value := range v.used {
		full[value] = struct{}{}
	}
	v.full.Store(&full)
}

// Len returns how many values are taken.
func (v *Values) Len() int {
	v.mu.Lock()
	defer v.mu.Unlock()
	return len(v.used)
}
