package main

import (
	"errors"
	"sync"
)

var (
	errNoRoute  = errors.New("we do not go there that way")
	errTooHeavy = errors.New("that is too heavy for us")
	errNoPrice  = errors.New("the price of it is missing")
)

const maxKilograms = 48

// route is where a parcel goes, and how.
type route struct{ country, way string }

// prices are what a kilogram costs in cents; 0 is a price that is missing.
type prices struct {
	mu    sync.Mutex
	cents map[route]int
}

func newPrices() *prices {
	p := &prices{cents: map[route]int{}}
	for i, country := range []string{"de", "fr", "jp", "us"} {
		for j, way := range []string{"sea", "rail", "air"} {
			p.cents[route{country, way}] = 50 * (i + 1) * (j + 1)
		}
	}
	return p
}

func (p *prices) quote(r route, kilograms int) (cents int, err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	price, known := p.cents[r]
	switch {
	case !known:
		return 0, errNoRoute
	case kilograms > maxKilograms:
		return 0, errTooHeavy
	case price == 0:
		return 0, errNoPrice
	}
	return price * kilograms, nil
}

func (p *prices) set(r route, cents int) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if _, known := p.cents[r]; !known {
		return errNoRoute
	}
	p.cents[r] = cents
	return nil
}
