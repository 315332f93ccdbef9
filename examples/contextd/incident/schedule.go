// Package incident lets things go wrong on a schedule, so that there is something
// to find in the metrics.
package incident

import (
	"fmt"
	"strings"
	"time"
)

// Schedule says when incidents happen. The zero Schedule has none.
type Schedule struct {
	// First is the time before the first one starts.
	First time.Duration
	// Every is the time from the start of one to the start of the next.
	Every time.Duration
	// Lasting is how long each one lasts; it is shorter than Every.
	Lasting time.Duration
}

// DefaultSchedule has the first incident after 20 s, then one every 90 s, of 40 s
// each.
func DefaultSchedule() Schedule {
	return Schedule{First: 20 * time.Second, Every: 90 * time.Second, Lasting: 40 * time.Second}
}

// Off is how the zero Schedule is written.
const Off = "off"

// ParseSchedule reads what String writes: first/every/lasting, such as
// 20s/90s/40s, or off.
func ParseSchedule(text string) (Schedule, error) {
	if text == Off {
		return Schedule{}, nil
	}
	parts := strings.Split(text, "/")
	if len(parts) != 3 {
		return Schedule{}, fmt.Errorf("incident schedule %q: write first/every/lasting such as %s, or %s", text, DefaultSchedule(), Off)
	}
	var s Schedule
	for i, field := range []*time.Duration{&s.First, &s.Every, &s.Lasting} {
		var err error
		if *field, err = time.ParseDuration(parts[i]); err != nil {
			return Schedule{}, fmt.Errorf("incident schedule %q: %q is not a duration: write one such as 20s or 2m", text, parts[i])
		}
	}
	return s, s.check()
}

func (s Schedule) check() error {
	if s == (Schedule{}) {
		return nil
	}
	if s.First < 0 || s.Lasting <= 0 || s.Every <= s.Lasting {
		return fmt.Errorf("incident schedule %s: let incidents last longer than 0 and shorter than the time from one to the next", s)
	}
	return nil
}

// String writes the schedule as ParseSchedule reads it.
func (s Schedule) String() string {
	if s == (Schedule{}) {
		return Off
	}
	return fmt.Sprintf("%v/%v/%v", s.First, s.Every, s.Lasting)
}

// MarshalText implements encoding.TextMarshaler.
func (s Schedule) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// UnmarshalText implements encoding.TextUnmarshaler.
func (s *Schedule) UnmarshalText(text []byte) (err error) {
	*s, err = ParseSchedule(string(text))
	return err
}
