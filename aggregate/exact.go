package aggregate

import (
	"fmt"

	"github.com/metertree/metertree/internal/cell"
)

// MaxExactLimit is the greatest limit that NewExact takes.
const MaxExactLimit = cell.MaxValues

// Exact keeps every value, in the order of arrival, up to a limit. Make one
// with NewExact. It must not be copied.
//
// It never holds more than 8 bytes for each value of the limit and, until then,
// no more than 16 for each value it has, or for 32. A value beyond the limit is
// not kept: it counts in the state's Missed and MissedSum, so that count and sum
// stay exact, and a quantile is then refused with an error.
type Exact struct {
	drops
	values cell.Values
}

// NewExact returns an aggregator for up to limit values.
func NewExact(limit int) (*Exact, error) {
	if limit < 1 || limit > MaxExactLimit {
		return nil, fmt.Errorf("exact aggregator with a limit of %d values: choose from 1 to %d, or use a sketch",
			limit, MaxExactLimit)
	}
	e := &Exact{}
	e.values.Init(limit)
	return e, nil
}

// Observe keeps v. A value that is not finite is ignored and counted.
func (e *Exact) Observe(v float64) {
	if !e.rejects(v) {
		e.values.Observe(v)
	}
}

// Checkpoint reads the values so far. It ends before the first value that is
// still under way, so a later state begins with all of an earlier one.
func (e *Exact) Checkpoint(to *ExactState) {
	to.Limit = e.values.Limit()
	to.Values, to.Missed, to.MissedSum = e.values.Read(to.Values[:0])
}
