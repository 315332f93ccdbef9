package main

import (
	"errors"
	"fmt"
	"net/http"
	"strconv"

	"github.com/metertree/metertree/collect/httpmetrics"
	"github.com/metertree/metertree/meter"
)

type server struct {
	prices  *prices
	metrics *metrics
}

// newHandler answers requests, and defines its metrics in a scope.
func newHandler(scope meter.Scope) (http.Handler, error) {
	metrics, err := newMetrics(scope.Scope("parcels"))
	if err != nil {
		return nil, err
	}
	middleware, err := httpmetrics.NewServer(scope, httpmetrics.ServerOptions{})
	if err != nil {
		return nil, err
	}
	s := &server{newPrices(), metrics}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /quote/{country}/{way}/{kilograms}", s.getQuote)
	mux.HandleFunc("PUT /price/{country}/{way}/{cents}", s.putPrice)
	return middleware.Wrap(mux), nil
}

func (s *server) getQuote(w http.ResponseWriter, r *http.Request) {
	kilograms, err := strconv.Atoi(r.PathValue("kilograms"))
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	s.metrics.inFlight.Add(1)
	defer s.metrics.inFlight.Add(-1)
	to := route{r.PathValue("country"), r.PathValue("way")}
	cents, err := s.prices.quote(to, kilograms)
	s.metrics.quoted(to, err)
	if err != nil {
		http.Error(w, err.Error(), statusOf(err))
		return
	}
	fmt.Fprintf(w, "%d cents\n", cents)
}

func (s *server) putPrice(w http.ResponseWriter, r *http.Request) {
	cents, err := strconv.Atoi(r.PathValue("cents"))
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	to := route{r.PathValue("country"), r.PathValue("way")}
	if err := s.prices.set(to, cents); err != nil {
		http.Error(w, err.Error(), statusOf(err))
		return
	}
	s.metrics.priceSet(to)
}

func statusOf(err error) int {
	switch {
	case errors.Is(err, errNoRoute):
		return http.StatusNotFound
	case errors.Is(err, errTooHeavy):
		return http.StatusUnprocessableEntity
	default:
		return http.StatusInternalServerError
	}
}
