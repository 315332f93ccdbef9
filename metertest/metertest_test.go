//go:build !metertree_off

package metertest_test

import (
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/metertree/metertree/meter"
	"github.com/metertree/metertree/metertest"
	"github.com/metertree/metertree/metric"
	"github.com/metertree/metertree/registry"
)

// double is a test that goes on after Fatalf and remembers what was said.
type double struct {
	said     []string
	cleanups []func()
}

func (d *double) Helper()                      {}
func (d *double) Cleanup(f func())             { d.cleanups = append(d.cleanups, f) }
func (d *double) Errorf(f string, args ...any) { d.said = append(d.said, fmt.Sprintf(f, args...)) }
func (d *double) Fatalf(f string, args ...any) { d.Errorf("fatal: "+f, args...) }

// end is the end of the test.
func (d *double) end() {
	for _, f := range d.cleanups {
		f()
	}
}

// told returns what was said since the last call.
func (d *double) told() string {
	all := strings.Join(d.said, "\n")
	d.said = nil
	return all
}

// shop is the code under test.
type shop struct {
	orders  meter.Counter
	open    meter.UpDownCounter
	stock   meter.Gauge
	seconds meter.Histogram
}

func newShop(s meter.Scope) shop {
	s = s.Scope("shop")
	return shop{
		orders:  s.Counter("orders_total", meter.Keys("country", "status")),
		open:    s.UpDownCounter("open", meter.Keys("country")),
		stock:   s.Gauge("stock", meter.Keys("item")),
		seconds: s.Histogram("order_seconds", meter.Keys("country"), meter.Unit("seconds"), meter.Buckets(1, 2, 4)),
	}
}

func (s shop) trade() {
	s.orders.Add(2, "de", "ok")
	s.orders.Add(1, "de", "error")
	s.orders.Add(4, "fr", "ok")
	s.orders.Add(8, "", "ok")
	s.open.Add(3, "de")
	s.open.Add(-1, "fr")
	s.stock.Set(12.5, "cup")
	s.stock.Set(7, "jar")
	s.seconds.Observe(0.5, "de")
	s.seconds.Observe(1.5, "de")
	s.seconds.Observe(3, "fr")
}

func TestValues(t *testing.T) {
	m := metertest.New(t)
	newShop(m.Scope()).trade()
	for _, test := range []struct {
		what      string
		got, want float64
	}{
		{"one series", m.Counter("shop_orders_total", "country", "de", "status", "ok"), 2},
		{"in any order", m.Counter("shop_orders_total", "status", "ok", "country", "de"), 2},
		{"a sum", m.Counter("shop_orders_total", "country", "de"), 3},
		{"all", m.Counter("shop_orders_total"), 15},
		{"label unset", m.Counter("shop_orders_total", "country", ""), 8},
		{"up-down counters", m.UpDownCounter("shop_open"), 2},
		{"gauge", m.Gauge("shop_stock", "item", "cup"), 12.5},
		{"sum of values", m.Histogram("shop_order_seconds", "country", "de").Sum, 2},
		{"mean", m.Histogram("shop_order_seconds", "country", "de").Mean(), 1},
		{"count", float64(m.Histogram("shop_order_seconds").Count), 3},
		{"median", m.Histogram("shop_order_seconds").Quantile(0.5), 1.5},
		{"within", float64(m.Histogram("shop_order_seconds").Within(2)), 2},
		{"quantile of nothing", m.Delta(func() {}).Histogram("shop_order_seconds").Quantile(0.5), math.NaN()},
	} {
		if test.got != test.want && !(math.IsNaN(test.got) && math.IsNaN(test.want)) {
			t.Errorf("%s: %v, want %v", test.what, test.got, test.want)
		}
	}
	m.Absent("shop_orders_total", "country", "it")
	m.Absent("shop_returns_total")
	if got, want := fmt.Sprint(m.Read().Names()), "[shop_open shop_order_seconds shop_orders_total shop_stock]"; got != want {
		t.Errorf("names %s, want %s", got, want)
	}
}

// TestKept reads histograms of which something other than buckets is kept.
func TestKept(t *testing.T) {
	d := &double{}
	m := metertest.New(d)
	exact := m.Scope().Histogram("exact", meter.Exact(10))
	wide := m.Scope().Histogram("wide", meter.Exponential(20))
	few := m.Scope().Histogram("few", meter.MinMaxSumCount())
	observe := func() {
		for _, v := range []float64{4, 1, 2} {
			exact.Observe(v)
			wide.Observe(v)
			few.Observe(v)
		}
	}
	observe()
	changed := m.Delta(observe)
	for _, name := range []string{"exact", "wide", "few"} {
		all, part := m.Histogram(name), changed.Histogram(name)
		if all.Count != 6 || all.Sum != 14 || part.Count != 3 || part.Sum != 7 {
			t.Errorf("%s: %+v, of which %+v were last", name, all, part)
		}
	}
	if got := changed.Histogram("exact").Quantile(0.5); got != 2 {
		t.Errorf("median of every value: %v", got)
	}
	if h := m.Histogram("exact"); h.Within(2) != 4 || h.Quantile(0) != 1 || h.Quantile(1) != 4 {
		t.Errorf("of every value: %+v", h)
	}
	if got := changed.Histogram("wide").Quantile(1); got < 2 || got > 4 {
		t.Errorf("greatest value in exponential buckets: %v", got)
	}
	m.Histogram("few").Quantile(0.5)
	if said := d.told(); !strings.Contains(said, "few keeps no buckets") {
		t.Errorf("a quantile without buckets says %q", said)
	}
	m.Histogram("wide").Within(3)
	if said := d.told(); !strings.Contains(said, "no bucket with the bound 3: its bounds are [") {
		t.Errorf("a bound that is none says %q", said)
	}
}

func TestDelta(t *testing.T) {
	m := metertest.New(t)
	s := newShop(m.Scope())
	s.trade()
	changed := m.Delta(func() {
		s.orders.Add(5, "de", "ok")
		s.orders.Add(1, "it", "ok") // new
		s.open.Add(-2, "de")
		s.stock.Set(10, "cup")
		s.seconds.Observe(1.5, "de")
		s.orders.Delete("fr", "ok")
		s.orders.Add(7, "fr", "ok") // began again
	})
	for _, test := range []struct {
		what      string
		got, want float64
	}{
		{"counted", changed.Counter("shop_orders_total", "country", "de"), 5},
		{"new", changed.Counter("shop_orders_total", "country", "it"), 1},
		{"began again", changed.Counter("shop_orders_total", "country", "fr"), 7},
		{"untouched", changed.Counter("shop_orders_total", "country", ""), 0},
		{"not there", changed.Counter("shop_orders_total", "country", "es"), 0},
		{"went down", changed.UpDownCounter("shop_open"), -2},
		{"gauge", changed.Gauge("shop_stock", "item", "cup"), -2.5},
		{"no gauge", changed.Gauge("shop_stock", "item", "bowl"), 0},
		{"count", float64(changed.Histogram("shop_order_seconds").Count), 1},
		{"sum", changed.Histogram("shop_order_seconds").Sum, 1.5},
		{"quantile", changed.Histogram("shop_order_seconds").Quantile(1), 2},
	} {
		if test.got != test.want {
			t.Errorf("%s: %v, want %v", test.what, test.got, test.want)
		}
	}
	changed.Absent("shop_orders_total", "country", "")
}

// TestMessages: what is not there is told together with what is.
func TestMessages(t *testing.T) {
	d := &double{}
	m := metertest.New(d)
	m.Counter("shop_orders_total")
	if said := d.told(); !strings.Contains(said, "nothing is defined in this scope") {
		t.Errorf("without metrics: %q", said)
	}
	s := newShop(m.Scope())
	m.Counter("shop_orders_total")
	if said := d.told(); !strings.Contains(said, `with the labels ["country" "status"], and has no series yet`) {
		t.Errorf("without series: %q", said)
	}
	s.trade()
	changed := m.Delta(func() { s.orders.Inc("de", "ok") })
	for what, test := range map[string]struct {
		ask  func()
		says string
	}{
		"similar names":  {func() { m.Counter("order_total") }, "fatal: metertest: order_total: there is no such metric; there are\n\tshop_orders_total{country,status} (counter)\n\tshop_order_seconds{country} (histogram)\n\t"},
		"other series":   {func() { m.Counter("shop_orders_total", "country", "ed") }, "there is no shop_orders_total{country=\"ed\"}; shop_orders_total has\n\t{status=\"ok\"} 8\n\t{country=\"de\",status=\"error\"} 1"},
		"other labels":   {func() { m.Counter("shop_orders_total", "contry", "de") }, `it has no label "contry": its labels are ["country" "status"]`},
		"other kind":     {func() { m.Gauge("shop_orders_total") }, "it is of the kind counter, not gauge"},
		"half a pair":    {func() { m.Gauge("shop_stock", "item") }, `labels ["item"] are not pairs`},
		"label twice":    {func() { m.Gauge("shop_stock", "item", "cup", "item", "jar") }, `label "item" is given twice`},
		"several gauges": {func() { m.Gauge("shop_stock") }, "is 2 gauges, of which there is no one value: give more labels\n\t{item=\"cup\"} 12.5\n\t{item=\"jar\"} 7"},
		"unwanted":       {func() { m.Absent("shop_order_seconds", "country", "de") }, "is there, and should not be\n\t{country=\"de\"} 2 values, in all 2"},
		"half, unwanted": {func() { m.Absent("shop_stock", "item") }, `labels ["item"] are not pairs`},
		"changed":        {func() { changed.Absent("shop_orders_total") }, "should not be\n\t{country=\"de\",status=\"ok\"} 1"},
		"no change of":   {func() { changed.Counter("shop_return_total") }, "there is no such metric"},
	} {
		if test.ask(); !strings.Contains(d.told(), test.says) {
			test.ask()
			t.Errorf("%s: %q does not say %q", what, d.told(), test.says)
		}
	}
}

func TestLongMessages(t *testing.T) {
	d := &double{}
	m := metertest.New(d)
	for i := range 30 {
		m.Scope().Counter(fmt.Sprintf("m%d_total", i), meter.Keys("x")).Inc("a")
		m.Scope().Counter("c_total", meter.Keys("x")).Inc(fmt.Sprint(i))
	}
	m.Counter("other")
	if said := d.told(); !strings.Contains(said, "… and 11 more") {
		t.Errorf("many metrics: %q", said)
	}
	m.Counter("c_total", "x", "a")
	if said := d.told(); !strings.Contains(said, "… and 10 more") {
		t.Errorf("many series: %q", said)
	}
}

// TestDropped: what the registry dropped is an error at the end of the test.
func TestDropped(t *testing.T) {
	for _, allowed := range []bool{false, true} {
		d := &double{}
		m := metertest.NewWith(d, metertest.Options{AllowDropped: allowed})
		s := newShop(m.Scope())
		s.orders.Inc("de") // a label value is missing
		s.orders.Add(-1, "de", "ok")
		m.Scope().Counter("not a name")
		d.end()
		said := d.told()
		if allowed {
			if said != "" {
				t.Errorf("allowed, and yet: %q", said)
			}
			continue
		}
		for _, part := range []string{`1 updates were dropped: {metric="shop_orders_total",reason="wrong_arity"}`, `reason="negative"`, "definitions were refused"} {
			if !strings.Contains(said, part) {
				t.Errorf("%q does not say %q", said, part)
			}
		}
	}
	d := &double{}
	newShop(metertest.New(d).Scope()).trade()
	if d.end(); d.told() != "" {
		t.Error("a test in which nothing was dropped fails")
	}
}

func TestOfARegistry(t *testing.T) {
	r := registry.New(registry.Options{})
	g := meter.New(r).Gauge("g", meter.Fold(metric.FoldSum))
	g.Set(3)
	m := metertest.Of(t, r)
	if got := m.Gauge("g"); got != 3 || m.Registry() != r {
		t.Errorf("gauge %v", got)
	}
}

func TestEqual(t *testing.T) {
	d := &double{}
	metertest.Equal(d, "a 1\n", "a 1\n")
	if said := d.told(); said != "" {
		t.Errorf("what is equal: %q", said)
	}
	metertest.Equal(d, "a 1\n", "a 2\n")
	if said := d.told(); !strings.Contains(said, "(- wanted, + got):\n- a 2\n+ a 1\n") {
		t.Errorf("what differs: %q", said)
	}
	metertest.Equal(d, "a 1\n", "a\n")
	if said := d.told(); !strings.HasPrefix(said, "fatal: metertest: the exposition wanted: line 1") {
		t.Errorf("what cannot be read: %q", said)
	}
}

func TestExpositionIsReadBack(t *testing.T) {
	m := metertest.New(t)
	newShop(m.Scope()).trade()
	odd := m.Scope().Counter("odd_total", meter.Keys("path"))
	odd.Inc("a\"} b{\n\\")
	metertest.Equal(t, m.Exposition(), m.Exposition())
	if text := m.Exposition(); strings.Contains(text, "metertree_") || !strings.Contains(text, "# TYPE shop_orders_total counter\n") {
		t.Errorf("exposition:\n%s", text)
	}
}
