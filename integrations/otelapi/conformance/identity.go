package conformance

import (
	"slices"
	"strings"
	"sync"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"
)

func identityChecks() []check {
	return []check{
		{name: "identity/same", rule: "instruments that are identical are one", run: sameIdentity},
		{name: "identity/case", rule: "the case of letters makes no difference between names", run: caseOfNames},
		{name: "identity/scopes", rule: "instruments of different scopes are different", run: scopes},
		{name: "identity/same scope", rule: "meters of the same scope are one", run: sameScope},
		{name: "identity/kind", rule: "instruments of one name that differ in kind both work, and are reported", run: conflictingKind},
		{name: "identity/number", rule: "instruments of one name that differ in their type of number both work, and are reported", run: conflictingNumber},
		{name: "identity/unit", rule: "instruments of one name that differ in unit both work, and are reported", run: conflictingUnit},
		{name: "identity/description", rule: "instruments that differ in description lose nothing, and are reported", run: conflictingDescription},
		{name: "identity/merged description", rule: "instruments that differ in description alone are shown as one series", run: mergedDescription},
		{name: "identity/concurrent", rule: "instruments can be made concurrently", run: concurrentCreation},
		{name: "identity/names", rule: "names begin with a letter and have up to 255 letters, digits and _.-/", run: names},
		{name: "identity/usable", rule: "what is returned with an error can be used", run: usableWithError},
		{name: "identity/unnamed meter", rule: "a meter without a name works", run: unnamedMeter},
	}
}

func sameIdentity(p *probe) {
	m := p.meter()
	for range 2 {
		must[metric.Int64Counter](p)(m.Int64Counter("requests", metric.WithUnit("{request}"), metric.WithDescription("d"))).Add(p.ctx, 2)
	}
	p.expect("requests", 4)
}

func caseOfNames(p *probe) {
	m := p.meter()
	must[metric.Int64Counter](p)(m.Int64Counter("requests")).Add(p.ctx, 1)
	must[metric.Int64Counter](p)(m.Int64Counter("Requests")).Add(p.ctx, 2)
	p.expect("requests", 3)
}

func scopes(p *probe) {
	for i, m := range []metric.Meter{
		p.Provider.Meter("one"),
		p.Provider.Meter("two"),
		p.Provider.Meter("two", metric.WithInstrumentationVersion("1")),
		p.Provider.Meter("two", metric.WithInstrumentationVersion("1"), metric.WithSchemaURL("https://example.com/1")),
		p.Provider.Meter("two", metric.WithInstrumentationAttributes(attribute.String("a", "b"))),
	} {
		must[metric.Int64Counter](p)(m.Int64Counter("requests")).Add(p.ctx, int64(i+1))
	}
	p.expect("requests", 1, 2, 3, 4, 5)
	var found []string
	for _, point := range p.collect().named("requests") {
		found = append(found, point.Scope)
	}
	slices.Sort(found)
	if want := []string{"one", "two", "two", "two", "two"}; !slices.Equal(found, want) {
		p.failf("the scopes are %q, want %q", found, want)
	}
}

func sameScope(p *probe) {
	for range 2 {
		m := p.Provider.Meter("lib", metric.WithInstrumentationVersion("1"), metric.WithInstrumentationAttributes(attribute.Int("a", 1)))
		must[metric.Int64Counter](p)(m.Int64Counter("requests")).Add(p.ctx, 1)
	}
	p.expect("requests", 2)
}

// apart fails unless the values are all there, under whichever name.
func (p *probe) apart(before int, what string, want ...float64) {
	var got []float64
	for _, point := range p.collect() {
		if strings.HasPrefix(point.Name, "requests") {
			got = append(got, point.Value)
		}
	}
	slices.Sort(got)
	if !slices.Equal(got, want) {
		p.failf("instruments that differ in %s have the values %v, want %v", what, got, want)
	}
	p.reported(before, "a difference in "+what)
}

func conflictingKind(p *probe) {
	before := p.reports()
	m := p.meter()
	c := must[metric.Int64Counter](p)(m.Int64Counter("requests"))
	u := must[metric.Int64UpDownCounter](p)(m.Int64UpDownCounter("requests"))
	g := must[metric.Int64Gauge](p)(m.Int64Gauge("requests"))
	h := must[metric.Float64Histogram](p)(m.Float64Histogram("requests"))
	for range 2 {
		c.Add(p.ctx, 1)
		u.Add(p.ctx, 10)
		g.Record(p.ctx, 100)
		h.Record(p.ctx, 1000)
	}
	p.apart(before, "kind", 2, 20, 100, 2000)
}

func conflictingNumber(p *probe) {
	before := p.reports()
	m := p.meter()
	must[metric.Int64Counter](p)(m.Int64Counter("requests")).Add(p.ctx, 1)
	must[metric.Float64Counter](p)(m.Float64Counter("requests")).Add(p.ctx, .5)
	p.apart(before, "the type of number", .5, 1)
}

func conflictingUnit(p *probe) {
	before := p.reports()
	m := p.meter()
	must[metric.Int64Counter](p)(m.Int64Counter("requests", metric.WithUnit("{a}"))).Add(p.ctx, 1)
	must[metric.Int64Counter](p)(m.Int64Counter("requests", metric.WithUnit("{b}"))).Add(p.ctx, 2)
	p.apart(before, "unit", 1, 2)
}

func conflictingDescription(p *probe) {
	before := p.reports()
	m := p.meter()
	must[metric.Int64Counter](p)(m.Int64Counter("requests", metric.WithDescription("one"))).Add(p.ctx, 1)
	must[metric.Int64Counter](p)(m.Int64Counter("requests", metric.WithDescription("two"))).Add(p.ctx, 2)
	if got := p.collect().named("requests").total(); got != 3 {
		p.failf("instruments that differ in description add up to %v, want 3", got)
	}
	p.reported(before, "a difference in description")
}

func mergedDescription(p *probe) {
	m := p.meter()
	must[metric.Int64Counter](p)(m.Int64Counter("requests", metric.WithDescription("one"))).Add(p.ctx, 1)
	must[metric.Int64Counter](p)(m.Int64Counter("requests", metric.WithDescription("two"))).Add(p.ctx, 2)
	p.expect("requests", 3)
}

func concurrentCreation(p *probe) {
	const goroutines = 16
	var wg sync.WaitGroup
	errs := make([]error, goroutines)
	for g := range goroutines {
		wg.Go(func() {
			m := p.Provider.Meter("conformance")
			c, err := m.Int64Counter("requests")
			c.Add(p.ctx, 1)
			errs[g] = err
		})
	}
	wg.Wait()
	for _, err := range errs {
		if err != nil {
			p.failf("making an instrument: %v", err)
		}
	}
	p.expect("requests", goroutines)
}

func names(p *probe) {
	m := p.meter()
	for _, name := range []string{"a", "A", "a0", "a.b-c/d_e", strings.Repeat("x", 255)} {
		if _, err := m.Int64Counter(name); err != nil {
			p.failf("the valid name %q is an error: %v", name, err)
		}
	}
	for _, name := range []string{"", "0a", "_a", ".a", "a b", "a\x00", "ä", "a:b", "a@b", strings.Repeat("x", 256)} {
		if _, err := m.Int64Counter(name); err == nil {
			p.failf("the invalid name %q is no error", name)
		}
		if _, err := m.Float64ObservableGauge(name); err == nil {
			p.failf("the invalid name %q is no error for an observable", name)
		}
	}
}

func usableWithError(p *probe) {
	m := p.meter()
	c, err := m.Int64Counter("")
	h, err2 := m.Float64Histogram("histogram", metric.WithExplicitBucketBoundaries(2, 1))
	if err == nil || err2 == nil {
		p.failf("an empty name and falling bounds are no errors: %v, %v", err, err2)
	}
	c.Add(p.ctx, 1, metric.WithAttributes(attribute.Int("a", 1)))
	h.Record(p.ctx, 3)
	p.collect()
}

func unnamedMeter(p *probe) {
	must[metric.Int64Counter](p)(p.Provider.Meter("").Int64Counter("requests")).Add(p.ctx, 1)
	p.expect("requests", 1)
}
