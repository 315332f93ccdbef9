package rivals

// reducesEarly tells of a library that has the groups alone.
const reducesEarly = "it drops the label in every update and has only the groups to collect; " +
	"no reader of its can then see the series"

// reduction is what collections have shown.
type reduction struct {
	groups int
	total  float64
	// deltas says that collections add up.
	deltas bool
}

// show takes down what a collection shows.
func (r *reduction) show(groups int, total float64) {
	r.groups = groups
	if r.deltas {
		total += r.total
	}
	r.total = total
}

// check is a Population's Check: the last collection must have come after the
// last update.
func (r *reduction) check(groups, updates int) error {
	return populated(r.groups, groups, r.total, updates)
}
