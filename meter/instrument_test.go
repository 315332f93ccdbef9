//go:build !metertree_off

package meter_test

import (
	"sync"
	"testing"
	"time"

	"github.com/metertree/metertree/meter"
)

func TestDirectAndBoundReachTheSameSeries(t *testing.T) {
	s, r := newScope()
	c := s.Counter("c_total", meter.Keys("a", "b"))
	c.Add(1, "x", "y")
	c.Inc("x", "y")
	c.Bind("x", "y").Add(4)
	c.Bind("x", "y").Inc()
	f := s.FloatCounter("f_total", meter.Keys("a"))
	f.Add(0.5, "x")
	f.Bind("x").Add(0.25)
	u := s.UpDownCounter("u", meter.Keys("a"))
	u.Add(5, "x")
	u.Bind("x").Add(-7)
	g := s.Gauge("g", meter.Keys("a"))
	g.Set(4, "x")
	g.Bind("x").Add(-1)
	g.Add(0.5, "x")
	g.Bind("y").Set(9)
	h := s.Histogram("h", meter.Keys("a"), meter.Buckets(1, 2))
	h.Observe(1, "x")
	h.Bind("x").Observe(1.5)
	h.Observe(-3, "x")
	expect(t, r,
		`c_total{a="x",b="y"} 7`,
		`f_total{a="x"} 0.75`,
		`g{a="x"} 3.5`,
		`g{a="y"} 9`,
		`h{a="x"} [2 1 0] -0.5`,
		`u{a="x"} -2`)
}

func TestObserveSinceMeasuresSeconds(t *testing.T) {
	s, r := newScope()
	h := s.Histogram("h_seconds", meter.Buckets(3599, 3700))
	h.ObserveSince(time.Now().Add(-time.Hour))
	h.Bind().ObserveSince(time.Now().Add(-time.Hour))
	if got := shown(r)[0]; got[:len(`h_seconds{} [0 2 0] 720`)] != `h_seconds{} [0 2 0] 720` {
		t.Errorf("shown %s, want two observations of an hour", got)
	}
}

func TestHandlesAreForConcurrentUse(t *testing.T) {
	s, r := newScope()
	c := s.Counter("c_total", meter.Keys("a"))
	bound := c.Bind("x")
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 5000 {
				c.Inc("x")
				bound.Inc()
			}
		})
	}
	wg.Wait()
	expect(t, r, `c_total{a="x"} 80000`)
}

func TestTypedLabels(t *testing.T) {
	type Status string
	type call struct {
		Operation  string
		HTTPStatus Status
		Peer       string `label:"remote"`
	}
	s, r := newScope()
	c := meter.MustCounter[call](s, "c_total")
	c.Add(2, call{"put", "ok", "p"})
	c.Inc(call{"put", "ok", "p"})
	c.With(call{Operation: "get"}).Add(5)
	g := meter.MustGauge[call](s, "g")
	g.Set(1, call{"put", "ok", "p"})
	g.Add(1, call{"put", "ok", "p"})
	g.With(call{"get", "ok", "p"}).Set(7)
	g.Delete(call{"get", "ok", "p"})
	h := meter.MustHistogram[call](s, "h", meter.Buckets(1))
	f := meter.MustFloatCounter[call](s, "f_total")
	f.Add(0.5, call{"put", "ok", "p"})
	f.With(call{"put", "ok", "p"}).Add(0.25)
	u := meter.MustUpDownCounter[call](s, "u")
	u.Add(5, call{"put", "ok", "p"})
	u.With(call{"put", "ok", "p"}).Add(-7)
	h.Observe(1, call{"put", "ok", "p"})
	h.With(call{"put", "ok", "p"}).Observe(2)
	expect(t, r,
		`c_total{http_status="",operation="get",remote=""} 5`,
		`c_total{http_status="ok",operation="put",remote="p"} 3`,
		`f_total{http_status="ok",operation="put",remote="p"} 0.75`,
		`g{http_status="ok",operation="put",remote="p"} 2`,
		`h{http_status="ok",operation="put",remote="p"} [1 1] 3`,
		`u{http_status="ok",operation="put",remote="p"} -2`)
	for name, i := range map[string]interface {
		Delete(call) bool
		Enabled() bool
		Close()
	}{"counter": c, "float counter": f, "up-down counter": u, "gauge": g, "histogram": h} {
		if !i.Delete(call{"put", "ok", "p"}) {
			t.Errorf("%s: Delete found no series", name)
		}
		if !i.Enabled() {
			t.Errorf("a live %s says it is not enabled", name)
		}
		i.Close()
		if i.Enabled() {
			t.Errorf("a closed %s says it is enabled", name)
		}
	}
	expect(t, r)
}

func TestBatchAppliesAll(t *testing.T) {
	s, r := newScope()
	c, f := s.Counter("c_total").Bind(), s.FloatCounter("f_total").Bind()
	u, g := s.UpDownCounter("u").Bind(), s.Gauge("g").Bind()
	h := s.Histogram("h", meter.Buckets(1)).Bind()
	var b meter.Batch
	fill := func() {
		b.Add(c, 1)
		b.Add(c, -1) // dropped, and the rest is not
		b.AddFloat(f, 0.5)
		b.AddUpDown(u, -2)
		b.Set(g, 3)
		b.Observe(h, 4)
	}
	fill()
	if b.Len() != 6 {
		t.Errorf("Len() = %d, want 6", b.Len())
	}
	b.Apply()
	b.Apply()
	expect(t, r, `c_total{} 1`, `f_total{} 0.5`, `g{} 3`, `h{} [0 1] 4`, `u{} -2`)
	if n := testing.AllocsPerRun(100, func() { fill(); b.Apply() }); n != 0 {
		t.Errorf("a reused batch allocates %v times, want 0", n)
	}
}

func TestCallbacks(t *testing.T) {
	s, r := newScope()
	s = s.Scope("x").With("const", "1")
	for _, err := range []error{
		s.CounterFunc("c_total", func(o *meter.Observer) { o.Float(7) }),
		s.GaugeFunc("g", func(o *meter.Observer) { o.Float(2, "b"); o.Float(1, "a") }, meter.Keys("k")),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	expect(t, r, `x_c_total{const="1"} 7`, `x_g{const="1",k="a"} 1`, `x_g{const="1",k="b"} 2`)
}

func TestExponentialHistogram(t *testing.T) {
	s, r := newScope()
	h := s.Histogram("h", meter.Exponential(0))
	for _, v := range []float64{-4, 0, 1, 3, 3, 1000} {
		h.Observe(v)
	}
	for f := range r.Collect(t.Context()) {
		for p := range f.Points {
			if f.Descriptor.Name != "h" {
				continue
			}
			e := p.Exponential
			if e.Count() != 6 || e.Sum != 1003 || e.Zero != 1 || len(e.Positive) > 160 {
				t.Errorf("count %d, sum %v, zero %d, %d buckets; want 6, 1003, 1 and at most 160",
					e.Count(), e.Sum, e.Zero, len(e.Positive))
			}
		}
	}
	if _, err := s.NewHistogram("both", meter.Exponential(0), meter.Buckets(1)); err == nil {
		t.Error("a histogram with exponential buckets and bounds was accepted")
	}
	if _, err := s.NewHistogram("tiny", meter.Exponential(1)); err == nil {
		t.Error("a sketch of one bucket was accepted")
	}
}

func TestUpdatesDoNotAllocate(t *testing.T) {
	type labels struct{ A, B, C string }
	s, _ := newScope()
	keys := meter.Keys("a", "b", "c")
	c, g, h := s.Counter("c_total", keys), s.Gauge("g", keys), s.Histogram("h", keys)
	f, u := s.FloatCounter("f_total", keys), s.UpDownCounter("u", keys)
	typed := meter.MustCounter[labels](s, "typed_total")
	typedFloat := meter.MustFloatCounter[labels](s, "typed_seconds_total")
	typedUpDown := meter.MustUpDownCounter[labels](s, "typed_u")
	odd := s.Counter("odd_total", meter.Keys("a"))
	e := s.Histogram("e", keys, meter.Exponential(0))
	for range 100 {
		e.Observe(1, "x", "y", "z") // beyond the values that a sketch keeps at first
	}
	bound, boundGauge, boundHistogram := c.Bind("x", "y", "z"), g.Bind("x", "y", "z"), h.Bind("x", "y", "z")
	x, y, z := "x", "y", "z"
	for name, update := range map[string]func(){
		"direct counter":   func() { c.Add(1, x, y, z) },
		"direct float":     func() { f.Add(1, x, y, z) },
		"direct up-down":   func() { u.Add(-1, x, y, z) },
		"direct gauge":     func() { g.Set(1, x, y, z) },
		"direct histogram": func() { h.Observe(1, x, y, z) },
		"exponential":      func() { e.Observe(1, x, y, z) },
		"typed counter":    func() { typed.Add(1, labels{x, y, z}) },
		"typed float":      func() { typedFloat.Add(1, labels{x, y, z}) },
		"typed up-down":    func() { typedUpDown.Add(-1, labels{x, y, z}) },
		"bound counter":    func() { bound.Add(1) },
		"bound gauge":      func() { boundGauge.Set(1) },
		"bound histogram":  func() { boundHistogram.Observe(1) },
		"escaped value":    func() { odd.Add(1, "a\"b\\c\n") },
		"wrong arity":      func() { c.Add(1) },
		"negative":         func() { c.Add(-1, x, y, z) },
		"binding":          func() { c.Bind(x, y, z) },
	} {
		if n := testing.AllocsPerRun(1000, update); n != 0 {
			t.Errorf("%s allocates %v times, want 0", name, n)
		}
	}
}
