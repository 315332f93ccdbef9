package main

import (
	"errors"

	"github.com/metertree/metertree/meter"
)

// quoted are the labels of a quote.
type quoted struct{ Country, Way, Status string }

type metrics struct {
	quotes   meter.CounterOf[quoted]
	changes  meter.Counter
	inFlight meter.UpDownCounter
}

func newMetrics(scope meter.Scope) (*metrics, error) {
	quotes, err := meter.NewCounter[quoted](scope, "quotes_total",
		meter.Help("Quotes that were asked for, by what came of them."))
	if err != nil {
		return nil, err
	}
	err = meter.Ratio(scope, "quote_failure_ratio", quotes,
		meter.Where("status", "no_route", "too_heavy", "no_price"),
		meter.Help("Quotes without a price, of all."))
	if err != nil {
		return nil, err
	}
	return &metrics{
		quotes: quotes,
		changes: scope.Counter("price_changes_total",
			meter.Keys("country", "way"), meter.Help("Prices that were set.")),
		inFlight: scope.UpDownCounter("quotes_in_flight",
			meter.Help("Quotes that are being made.")),
	}, nil
}

func (m *metrics) quoted(r route, err error) {
	switch {
	case err == nil:
		m.quotes.Inc(quoted{r.country, r.way, "ok"})
	case errors.Is(err, errNoRoute): // a client made it up: it becomes no label
		m.quotes.Inc(quoted{"unknown", "unknown", "no_route"})
	case errors.Is(err, errTooHeavy):
		m.quotes.Inc(quoted{r.country, r.way, "too_heavy"})
	default:
		m.quotes.Inc(quoted{r.country, r.way, "no_price"})
	}
}

func (m *metrics) priceSet(r route) {
	m.changes.Inc(r.country, r.way)
}
