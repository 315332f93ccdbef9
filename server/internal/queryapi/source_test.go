package queryapi

import (
	"testing"
	"time"
)

// TestFirstQuestionIsOfThePresent holds the clock of a source to the moment that it
// was made: who asks right after the first scrape must see it.
func TestFirstQuestionIsOfThePresent(t *testing.T) {
	made := time.Date(2026, 7, 1, 12, 0, 1, 700e6, time.UTC)
	now := made
	clock := Options{CacheFor: 2 * time.Second, Now: func() time.Time { return now }}.tree().Now
	for _, step := range []struct{ after, want time.Duration }{
		{0, 0},
		{1999 * time.Millisecond, 0},
		{2 * time.Second, 2 * time.Second},
		{time.Hour + time.Second, time.Hour},
		{-time.Millisecond, -2 * time.Second}, // the clock was set back
	} {
		now = made.Add(step.after)
		if got := clock().Sub(made); got != step.want {
			t.Errorf("%v after the source was made the present is %v after; want %v", step.after, got, step.want)
		}
	}
}
