package aggregator_test

import (
	"math"
	"strconv"
	"strings"
	"testing"

	"github.com/metertree/metertree/examples/extend/aggregator"
	"github.com/metertree/metertree/meter"
	"github.com/metertree/metertree/metertest"
)

// shop counts who used which of its parts.
type shop struct{ search, checkout aggregator.Distinct }

func newShop(scope meter.Scope) (*shop, error) {
	s := &shop{}
	return s, aggregator.Register(scope, map[string]*aggregator.Distinct{
		"search": &s.search, "checkout": &s.checkout,
	})
}

func TestRegister(t *testing.T) {
	m := metertest.New(t)
	s, err := newShop(m.Scope().Scope("users"))
	if err != nil {
		t.Fatal(err)
	}
	for i := range 1000 {
		s.search.Observe("user" + strconv.Itoa(i))
		if i%4 == 0 {
			s.checkout.Observe("user" + strconv.Itoa(i))
		}
	}
	now := m.Read()
	near := func(what string, got, want float64) {
		if math.Abs(got-want) > 0.15*want {
			t.Errorf("%s: %v, want about %v", what, got, want)
		}
	}
	near("search", now.Gauge("users_distinct", "component", "search"), 1000)
	near("checkout", now.Gauge("users_distinct", "component", "checkout"), 250)
	if all, most := now.Gauge("users_distinct_overall"), now.Gauge("users_distinct", "component", "search"); all != most {
		t.Errorf("%v used anything and %v searched, who are all", all, most)
	}
}

func TestRegisterTwice(t *testing.T) {
	scope := metertest.NewWith(t, metertest.Options{AllowDropped: true}).Scope()
	if _, err := newShop(scope); err != nil {
		t.Fatal(err)
	}
	if _, err := newShop(scope); err == nil || !strings.Contains(err.Error(), "distinct_overall") {
		t.Errorf("registering twice gives %v, want an error that names the metrics", err)
	}
}
