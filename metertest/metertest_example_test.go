//go:build !metertree_off

package metertest_test

import (
	"fmt"

	"github.com/metertree/metertree/meter"
	"github.com/metertree/metertree/metertest"
)

// t stands for the *testing.T of a test, and prints what the test says.
var t printer

type printer struct{}

func (printer) Helper()                      {}
func (printer) Cleanup(func())               {}
func (printer) Errorf(f string, args ...any) { fmt.Printf(f+"\n", args...) }
func (printer) Fatalf(f string, args ...any) { fmt.Printf(f+"\n", args...) }

// A test hands the scope to the code under test, and asks what that counted.
func Example() {
	m := metertest.New(t)
	orders := m.Scope().Scope("shop").Counter("orders_total", meter.Keys("country", "status"))
	orders.Inc("de", "ok")
	orders.Inc("de", "error")
	orders.Inc("fr", "ok")

	fmt.Println(m.Counter("shop_orders_total", "country", "de", "status", "ok"))
	fmt.Println(m.Counter("shop_orders_total", "status", "ok"))
	m.Absent("shop_orders_total", "status", "timeout")
	m.Counter("shop_orders_total", "country", "it")
	// Output:
	// 1
	// 2
	// metertest: there is no shop_orders_total{country="it"}; shop_orders_total has
	// 	{country="de",status="error"} 1
	// 	{country="de",status="ok"} 1
	// 	{country="fr",status="ok"} 1
}

// Delta leaves out what was counted before, so that parts of a test do not depend on
// one another.
func ExampleMetrics_Delta() {
	m := metertest.New(t)
	seconds := m.Scope().Histogram("order_seconds", meter.Unit("seconds"), meter.Buckets(0.1, 0.2, 0.4))
	seconds.Observe(0.3)

	changed := m.Delta(func() {
		seconds.Observe(0.15)
		seconds.Observe(0.05)
	})
	h := changed.Histogram("order_seconds")
	fmt.Printf("%d values, in all %.2f, of which %d within 0.1\n", h.Count, h.Sum, h.Within(0.1))
	// Output: 2 values, in all 0.20, of which 1 within 0.1
}

// Equal compares expositions and tells every difference.
func ExampleEqual() {
	m := metertest.New(t)
	orders := m.Scope().Counter("orders_total", meter.Keys("country"))
	orders.Add(2, "fr")
	orders.Add(1, "de")
	metertest.Equal(t, m.Exposition(), `
orders_total{country="de"} 1
orders_total{country="fr"} 3
orders_total{country="it"} 1
`)
	// Output:
	// metertest: the expositions differ (- wanted, + got):
	// - orders_total{country="fr"} 3
	// + orders_total{country="fr"} 2
	// - orders_total{country="it"} 1
}
