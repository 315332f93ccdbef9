package promtree

import (
	"context"
	"time"
)

const (
	// defaultWindow is the range of rates where targets are scraped often enough,
	// or nothing tells how often.
	defaultWindow = time.Minute
	// wideWindow is tried where defaultWindow holds too few samples for a rate, as
	// of what is pushed once a minute.
	wideWindow = 5 * time.Minute
	// longestWindow bounds what slow targets make of it.
	longestWindow = 15 * time.Minute
	// windowKept is how long a window is used before targets are looked at again.
	windowKept = time.Minute
)

// rateWindow is the range that rates are taken over: as it was set, or four times
// the interval of the slowest target, so that one or two failed scrapes leave
// enough samples.
func (s *Source) rateWindow() time.Duration {
	if s.options.RateWindow > 0 {
		return s.options.RateWindow
	}
	if k := s.last.Load(); k != nil && k.window > 0 {
		return k.window
	}
	return defaultWindow
}

// scraped finds the window from how often targets are scraped, or keeps the last.
func (s *Source) scraped(ctx context.Context, found Catalogue, last *known, now time.Time) (window time.Duration, at time.Time) {
	if last != nil && now.Sub(last.windowAt) < windowKept {
		return last.window, last.windowAt
	}
	if s.options.RateWindow > 0 || found.Series["up"] == 0 {
		return 0, now
	}
	ctx, cancel := within(ctx, 0.2)
	defer cancel()
	// Over a longer time the count is more exact; a young server has less.
	for _, length := range []time.Duration{10 * time.Minute, 3 * time.Minute} {
		answer, err := s.instant(ctx, scrapesExpr(length), now)
		if err == nil && len(answer) == 1 && answer[0].Value > 0 {
			return windowFor(time.Duration(float64(length) / answer[0].Value)), now
		}
	}
	if last != nil {
		return last.window, now
	}
	return 0, now
}

// scrapesExpr is how often the slowest target was scraped, of those that were
// there all the time.
func scrapesExpr(length time.Duration) expr {
	up := selectSeries(matcher{nameLabel, equal, "up"})
	return "min(count_over_time(" + up + "[" + duration(length) + "]) and " + up + " offset " + duration(length) + " and " + up + ")"
}

// windowFor rounds up to what a clock shows.
func windowFor(interval time.Duration) time.Duration {
	const grain = 15 * time.Second
	// A count is one less than it could be: an interval of 60.1 s is one of 60 s.
	window := (4*interval - time.Second + grain).Truncate(grain)
	return min(max(window, defaultWindow), longestWindow)
}
