package push

import (
	"errors"
	"fmt"
)

// Reason says why a point is refused. Its text is a label value.
type Reason string

// The reasons. Those from TooNew on depend on what came before.
const (
	Malformed Reason = "malformed"
	NotFinite Reason = "not_finite"
	Negative  Reason = "negative"
	BadName   Reason = "name"
	TooLong   Reason = "label_limit"
	Unmerged  Reason = "unmergeable"

	TooNew      Reason = "too_new"
	TooOld      Reason = "too_old"
	OutOfOrder  Reason = "out_of_order"
	Overlap     Reason = "overlap"
	Conflict    Reason = "conflict"
	OtherType   Reason = "type"
	OtherBounds Reason = "bounds"
	StreamLimit Reason = "stream_limit"
	SeriesLimit Reason = "series_limit"
	Overflow    Reason = "overflow"
)

// Reasons are all of them.
var Reasons = []Reason{
	Malformed, NotFinite, Negative, BadName, TooLong, Unmerged, TooNew, TooOld, OutOfOrder,
	Overlap, Conflict, OtherType, OtherBounds, StreamLimit, SeriesLimit, Overflow,
}

// Refusals count points by the reason for which they are refused.
type Refusals struct {
	Counts map[Reason]int
	// First has one line for the first point of each reason.
	First map[Reason]Refusal
}

// Refusal is why one point is refused.
type Refusal struct {
	Metric string
	Reason Reason
	// Cause says what is wrong and what to do.
	Cause string
}

// Error implements error.
func (r Refusal) Error() string { return r.Metric + ": " + r.Cause }

// Add counts a point that is refused.
func (r *Refusals) Add(one Refusal) { r.AddMany(one, 1) }

// AddMany counts points that are refused for the same reason.
func (r *Refusals) AddMany(one Refusal, n int) {
	if r.Counts == nil {
		r.Counts, r.First = map[Reason]int{}, map[Reason]Refusal{}
	}
	if _, known := r.First[one.Reason]; !known {
		r.First[one.Reason] = one
	}
	r.Counts[one.Reason] += n
}

// Merge adds what another has.
func (r *Refusals) Merge(other Refusals) {
	for reason, n := range other.Counts {
		r.AddMany(other.First[reason], n)
	}
}

// Total is how many points are refused.
func (r *Refusals) Total() (n int) {
	for _, count := range r.Counts {
		n += count
	}
	return n
}

// Only reports whether every refusal has the reason, and there is one.
func (r *Refusals) Only(reason Reason) bool {
	return len(r.Counts) == 1 && r.Counts[reason] > 0
}

// String is one line for whoever pushed, in the order of Reasons.
func (r *Refusals) String() string {
	text := ""
	for _, reason := range Reasons {
		if n := r.Counts[reason]; n > 0 {
			if text != "" {
				text += "; "
			}
			text += fmt.Sprintf("%d refused (%s): %v", n, reason, r.First[reason])
		}
	}
	return text
}

// Errors of whole requests.
var (
	// ErrMalformed says that the body is not what its protocol demands.
	ErrMalformed = errors.New("malformed")
	// ErrTooLarge says that a request exceeds a limit as a whole.
	ErrTooLarge = errors.New("too large")
)
