package merge

// Rules number the ways of merging that versions of this program had. A journal is
// replayed under those that it was written under, so that what was acknowledged,
// and what was refused, stays so.
type Rules int

// The rules, each of which includes those before it.
const (
	// OriginalRules take a start that is not known for one of its own.
	OriginalRules Rules = iota
	// JoinedRules let totals without a start go on where those with one are, count
	// periods that grew, refuse guessed counters below zero, and end totals with
	// their group.
	JoinedRules
)

// CurrentRules are those of this version.
const CurrentRules = JoinedRules

// Under makes the rules those by which the next batches are merged.
func (s *State) Under(rules Rules) { s.rules = rules }

// joined reports whether JoinedRules are in force.
func (s *State) joined() bool { return s.rules >= JoinedRules }
