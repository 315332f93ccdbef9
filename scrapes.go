package metertree

import (
	"context"
	"errors"

	"github.com/metertree/metertree/export/prometheus"
	"github.com/metertree/metertree/meter"
)

// scrapes meters how /metrics is answered.
type scrapes struct {
	total   meter.Counter
	seconds meter.Histogram
	bytes   meter.Counter
}

func newScrapes(scope meter.Scope) (*scrapes, error) {
	total, err := scope.NewCounter("scrapes_total", meter.Keys("format", "outcome"),
		meter.Help("Requests for the exposition that were answered (ok), cut by their deadline (deadline), given up by the scraper (gone), turned away (busy) or failed (error)."))
	if err != nil {
		return nil, err
	}
	seconds, err := scope.NewHistogram("scrape_duration_seconds", meter.Unit("seconds"), meter.Keys("format"),
		meter.Help("Time to answer a request for the exposition, collectors included."))
	if err != nil {
		return nil, err
	}
	bytes, err := scope.NewCounter("scrape_bytes_total", meter.Unit("bytes"), meter.Keys("format"),
		meter.Help("Size of what was exposed, before compression."))
	return &scrapes{total, seconds, bytes}, err
}

func (s *scrapes) count(scrape prometheus.Scrape) {
	format := scrape.Format.String()
	s.total.Add(1, format, outcome(scrape.Err))
	s.seconds.Observe(scrape.Duration.Seconds(), format)
	s.bytes.Add(scrape.Bytes, format)
}

func outcome(err error) string {
	switch {
	case err == nil:
		return "ok"
	case errors.Is(err, prometheus.ErrTooManyScrapes):
		return "busy"
	case errors.Is(err, context.DeadlineExceeded):
		return "deadline"
	case errors.Is(err, context.Canceled):
		return "gone"
	}
	return "error"
}
