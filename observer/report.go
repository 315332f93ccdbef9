package observer

import (
	"fmt"
	"strings"
	"time"
	"unicode/utf8"
)

// Report is what is known about one component.
type Report struct {
	Name   string `json:"name"`
	Health Health `json:"health"`
	State  string `json:"state,omitempty"`
	// Since is when the health was first seen to be as it is, or, while an answer
	// is due, UnansweredSince.
	Since time.Time `json:"since"`
	// CheckedAt is when the component answered last; nil if it never has.
	CheckedAt *time.Time `json:"checked_at,omitempty"`
	// UnansweredSince is when the component was asked that has not answered in
	// time and still has not; nil if none is due.
	UnansweredSince *time.Time `json:"unanswered_since,omitempty"`
	// LastError stays after a recovery. It was seen from LastErrorSince, without
	// another status between, until LastErrorAt.
	LastError      string     `json:"last_error,omitempty"`
	LastErrorSince *time.Time `json:"last_error_since,omitempty"`
	LastErrorAt    *time.Time `json:"last_error_at,omitempty"`
}

// finding is a status as text that can be kept.
type finding struct {
	health     Health
	state, err string
}

// found makes a finding of a status. It runs the error's code, which may panic.
func found(s Status) finding {
	f := finding{health: s.Health, state: shortened(s.State)}
	switch s.Health {
	case Up, Unknown, Degraded, Down:
	case "":
		f.health = Unknown
	default:
		f.health = Unknown
		f.state = shortened(fmt.Sprintf("reports the health %q, which is none of up, unknown, degraded and down", s.Health))
	}
	if s.Err != nil {
		f.err = shortened(s.Err.Error())
	}
	return f
}

// maxText is how much of a state or an error is kept, in bytes.
const maxText = 1000

func shortened(s string) string {
	if len(s) > maxText {
		cut := maxText
		for !utf8.RuneStart(s[cut]) && cut > maxText-utf8.UTFMax {
			cut--
		}
		s = s[:cut] + "…"
	}
	return strings.ToValidUTF8(s, "\uFFFD")
}

// take puts a finding into the report. Interrupted says that it was unknown how
// the component is before.
func (r *Report) take(f finding, before finding, interrupted bool, now time.Time) {
	if r.Health != f.health || interrupted {
		r.Since = now
	}
	r.Health, r.State, r.CheckedAt = f.health, f.state, &now
	if f.err == "" {
		return
	}
	if f.err != before.err || r.LastErrorSince == nil {
		r.LastErrorSince = &now
	}
	r.LastError, r.LastErrorAt = f.err, &now
}

// late returns the report of a component that was asked and does not answer.
func (r Report) late(asked, now time.Time, downAfter time.Duration) Report {
	waited := now.Sub(asked)
	if r.CheckedAt == nil {
		r.State = fmt.Sprintf("no answer for %s", span(waited))
	} else {
		r.State = fmt.Sprintf("no answer for %s; was %s before", span(waited), r.Health)
	}
	r.Health, r.Since, r.UnansweredSince = Unknown, asked, &asked
	if waited >= downAfter {
		r.Health = Down
	}
	return r
}

// waiting returns the report of a component that could not be asked yet.
func (r Report) waiting(now time.Time) Report {
	r.Health, r.Since = Unknown, now
	r.State = "not asked: too many others are being asked"
	return r
}

// span writes a duration in at most two units.
func span(d time.Duration) string {
	d = max(d, 0)
	switch {
	case d < time.Second:
		return d.Round(time.Millisecond).String()
	case d < time.Minute:
		return d.Truncate(time.Second).String()
	case d < time.Hour:
		return fmt.Sprintf("%dm%ds", int(d.Minutes()), int(d.Seconds())%60)
	case d < 24*time.Hour:
		return fmt.Sprintf("%dh%dm", int(d.Hours()), int(d.Minutes())%60)
	}
	return fmt.Sprintf("%dd%dh", int(d.Hours())/24, int(d.Hours())%24)
}
