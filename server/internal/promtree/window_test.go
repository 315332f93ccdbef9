package promtree

import (
	"testing"
	"time"
)

func TestWindowFor(t *testing.T) {
	for interval, want := range map[time.Duration]time.Duration{
		2 * time.Second:          time.Minute,
		15 * time.Second:         time.Minute,
		15200 * time.Millisecond: time.Minute,
		30 * time.Second:         2 * time.Minute,
		60 * time.Second:         4 * time.Minute,
		5 * time.Minute:          longestWindow,
	} {
		if got := windowFor(interval); got != want {
			t.Errorf("scraped every %s: a window of %s, want %s", interval, got, want)
		}
	}
	if got, want := scrapesExpr(3*time.Minute), expr("min(count_over_time(up[3m]) and up offset 3m and up)"); got != want {
		t.Errorf("%s, want %s", got, want)
	}
}
