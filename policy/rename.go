package policy

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/metertree/metertree/metric"
)

// Rename is a metric's change of name. Code defines the metric under its new
// name. Before Since it is exposed under the old one only; from Since until
// before Until under both, so that dashboards and alerts can follow; from Until
// on under the new one only.
type Rename struct {
	Old, New string
	// Since may be the zero time: the window is open already.
	Since, Until time.Time
}

// RenameState is where a rename stands at a time.
type RenameState uint8

const (
	// Announced renames expose the old name.
	Announced RenameState = iota
	// Overlapping renames expose both names.
	Overlapping
	// Completed renames expose the new name, and can be taken out of the code.
	Completed
)

// String returns "announced", "overlapping" or "completed".
func (s RenameState) String() string {
	switch s {
	case Announced:
		return "announced"
	case Overlapping:
		return "overlapping"
	case Completed:
		return "completed"
	}
	return fmt.Sprintf("state(%d)", uint8(s))
}

// At tells where the rename stands.
func (r Rename) At(now time.Time) RenameState {
	switch {
	case now.Before(r.Since):
		return Announced
	case now.Before(r.Until):
		return Overlapping
	}
	return Completed
}

// Notice says for people where the rename stands and what there is to do.
func (r Rename) Notice(now time.Time) string {
	switch r.At(now) {
	case Announced:
		return fmt.Sprintf("metric %s will be renamed %s on %s: queries need a change between then and %s",
			r.Old, r.New, day(r.Since), day(r.Until))
	case Overlapping:
		return fmt.Sprintf("metric %s is being renamed %s and is exposed under both names until %s: change the queries that use the old one",
			r.Old, r.New, day(r.Until))
	}
	return fmt.Sprintf("metric %s was renamed %s and has not been exposed under its old name since %s: remove the rename from the code",
		r.Old, r.New, day(r.Until))
}

func day(t time.Time) string { return t.UTC().Format(time.DateOnly) }

// validate reports what makes the rename unusable by itself.
func (r Rename) validate() error {
	for _, name := range []string{r.Old, r.New} {
		if err := metric.ValidateName(name); err != nil {
			return fmt.Errorf("rename of %q to %q: %w", r.Old, r.New, err)
		}
	}
	switch {
	case r.Old == r.New:
		return fmt.Errorf("rename of %s: its old and new name are the same: remove it", r.Old)
	case r.Until.IsZero():
		return fmt.Errorf("rename of %s to %s has no end: give Until, the time from which the old name is gone", r.Old, r.New)
	case !r.Since.Before(r.Until):
		return fmt.Errorf("rename of %s to %s ends on %s, not after it begins on %s: swap the times", r.Old, r.New, day(r.Until), day(r.Since))
	}
	return nil
}

// Renames are renames that fit together. They are immutable; nil holds none. A
// name that was changed twice is a chain of two renames, whose windows may
// overlap.
type Renames struct {
	byNew map[string]Rename
	byOld map[string]Rename
}

// NewRenames checks that each rename is valid and that together they give every
// metric one name: none is renamed to two, no two to one, and none in a circle.
func NewRenames(list []Rename) (*Renames, error) {
	r := &Renames{byNew: map[string]Rename{}, byOld: map[string]Rename{}}
	for _, one := range list {
		if err := one.validate(); err != nil {
			return nil, err
		}
		if other, twice := r.byOld[one.Old]; twice {
			return nil, fmt.Errorf("metric %s is renamed both %s and %s: keep one of them", one.Old, other.New, one.New)
		}
		if other, twice := r.byNew[one.New]; twice {
			return nil, fmt.Errorf("metrics %s and %s are both renamed %s: give them different names, or make them one metric with a label", other.Old, one.Old, one.New)
		}
		r.byOld[one.Old], r.byNew[one.New] = one, one
	}
	for _, one := range list {
		// Every name has one successor at most, so a circle comes back to where
		// it began.
		for next := one.New; ; next = r.byOld[next].New {
			if next == one.Old {
				return nil, fmt.Errorf("rename of %s comes back to itself by way of %s: remove one of the renames", one.Old, one.New)
			}
			if _, on := r.byOld[next]; !on {
				break
			}
		}
	}
	return r, nil
}

// Names returns the names under which the metric defined as name is exposed, the
// oldest first. It is name alone if nothing renames to it.
func (r *Renames) Names(name string, now time.Time) []string {
	if r == nil {
		return []string{name}
	}
	rename, renamed := r.byNew[name]
	if !renamed {
		return []string{name}
	}
	switch rename.At(now) {
	case Announced:
		return r.Names(rename.Old, now)
	case Overlapping:
		return append(r.Names(rename.Old, now), name)
	}
	return []string{name}
}

// Notices returns what there is to say about the renames that lead to the metric
// defined as name, the latest first.
func (r *Renames) Notices(name string, now time.Time) (notices []string) {
	if r == nil {
		return nil
	}
	for rename, renamed := r.byNew[name]; renamed; rename, renamed = r.byNew[rename.Old] {
		notices = append(notices, rename.Notice(now))
	}
	return notices
}

// Check reports the old names that are still in use, because defined tells that
// a metric has them as its own: it would be exposed twice under one name.
func (r *Renames) Check(defined func(name string) bool) error {
	if r == nil {
		return nil
	}
	var clashes []error
	for _, old := range slices.Sorted(maps.Keys(r.byOld)) {
		if defined(old) {
			clashes = append(clashes, fmt.Errorf("metric %s is renamed %s but is still defined under its old name: define it as %s only",
				old, r.byOld[old].New, r.byOld[old].New))
		}
	}
	return errors.Join(clashes...)
}

// Replacement returns the rename that replaces a name, if one does. A definition
// under a replaced name should be refused.
func (r *Renames) Replacement(old string) (rename Rename, ok bool) {
	if r != nil {
		rename, ok = r.byOld[old]
	}
	return rename, ok
}
