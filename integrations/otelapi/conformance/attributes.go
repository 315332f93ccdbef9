package conformance

import (
	"fmt"
	"math/rand/v2"
	"slices"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"
)

func attributeChecks() []check {
	return []check{
		{name: "attributes/order", rule: "the order of attributes makes no difference", run: orderOfAttributes},
		{name: "attributes/last wins", rule: "of attributes with one key the last has the last word", run: lastAttributeWins},
		{name: "attributes/options", rule: "the attributes of several options are merged in their order", run: severalOptions},
		{name: "attributes/types", rule: "values of different types are different", run: typesOfAttributes},
		{name: "attributes/empty", rule: "an empty value is not the same as none", run: emptyAttributes},
		{name: "attributes/empty first", rule: "a set with an empty value is not the empty set, whichever comes first", run: emptyAttributesFirst},
		{name: "attributes/keys", rule: "keys that differ in punctuation alone are different", run: punctuationOfKeys},
		{name: "attributes/new keys", rule: "nothing is lost when an attribute appears that was not there before", run: newKeys},
		{name: "attributes/slices", rule: "slices are compared by what is in them", run: slicesAsAttributes},
		{name: "attributes/many", rule: "a set may have many attributes", run: manyAttributes},
		{name: "attributes/text", rule: "values are told apart whatever is in them", run: textOfAttributes},
		{name: "attributes/reserved", rule: "attributes may have names that mean something elsewhere", run: reservedAttributes},
		{name: "attributes/prepared", rule: "a prepared set is the same as its attributes", run: preparedSets},
		{name: "attributes/random", rule: "totals of random sets are those of a model", run: randomAttributes},
	}
}

// counter returns the counter that these checks use, and what adds to it.
func (p *probe) counter() func(v int64, options ...metric.AddOption) {
	c := must[metric.Int64Counter](p)(p.meter().Int64Counter("requests"))
	return func(v int64, options ...metric.AddOption) { c.Add(p.ctx, v, options...) }
}

var with = metric.WithAttributes

func orderOfAttributes(p *probe) {
	add := p.counter()
	a, b := attribute.String("a", "1"), attribute.Int("b", 2)
	add(1, with(a, b))
	add(2, with(b, a))
	p.expect("requests", 3)
}

func lastAttributeWins(p *probe) {
	add := p.counter()
	add(1, with(attribute.Int("a", 1), attribute.Int("b", 1), attribute.Int("a", 2)))
	add(2, with(attribute.Int("b", 1), attribute.Int("a", 2)))
	p.expect("requests", 3)
	if got := p.collect().with(map[string]string{"a": "2", "b": "1"}); !slices.Equal(got, []float64{3}) {
		p.failf("the last value of a has %v, want [3]", got)
	}
}

func severalOptions(p *probe) {
	add := p.counter()
	add(1, with(attribute.Int("a", 1)), metric.WithAttributeSet(attribute.NewSet(attribute.Int("b", 1))), with(attribute.Int("a", 2)))
	add(2, with(attribute.Int("a", 2), attribute.Int("b", 1)))
	p.expect("requests", 3)
}

func typesOfAttributes(p *probe) {
	add := p.counter()
	add(1, with(attribute.Int("a", 1)))
	add(2, with(attribute.String("a", "1")))
	add(4, with(attribute.Float64("a", 1)))
	add(8, with(attribute.String("a", "true")))
	add(16, with(attribute.Bool("a", true)))
	for range 2 {
		add(32, with(attribute.StringSlice("a", []string{"x"})))
		add(64, with(attribute.String("a", `["x"]`)))
	}
	p.expect("requests", 1, 2, 4, 8, 16, 64, 128)
}

func emptyAttributes(p *probe) {
	add := p.counter()
	for range 2 {
		add(1)
		add(2, with(attribute.String("a", "")))
		add(4, with(attribute.String("b", "")))
		add(8, with(attribute.String("a", ""), attribute.String("b", "x")))
		add(16, with(attribute.String("b", "x")))
	}
	p.expect("requests", 2, 4, 8, 16, 32)
}

func emptyAttributesFirst(p *probe) {
	add := p.counter()
	g := p.gauge("observed")
	p.register(observing(func(o metric.Observer) {
		o.ObserveInt64(g, 1, with(attribute.String("a", "")))
		o.ObserveInt64(g, 2)
	}), g)
	for range 2 {
		add(1, with(attribute.String("a", "")))
		add(2)
	}
	p.expect("requests", 2, 4)
	p.expect("observed", 1, 2)
}

func punctuationOfKeys(p *probe) {
	add := p.counter()
	for range 2 {
		add(1, with(attribute.String("a.b", "x")))
		add(2, with(attribute.String("a_b", "x")))
		add(4, with(attribute.String("a-b", "x")))
		add(8, with(attribute.String("a.b", "x"), attribute.String("a_b", "y")))
		add(16, with(attribute.String("a_b", "x;y")))
	}
	p.expect("requests", 2, 4, 8, 16, 32)
}

func newKeys(p *probe) {
	add := p.counter()
	add(1, with(attribute.Int("a", 1)))
	p.collect()
	add(2, with(attribute.Int("a", 1), attribute.Int("b", 1)))
	add(4)
	p.collect()
	add(8, with(attribute.Int("c", 1)))
	add(16, with(attribute.Int("a", 1)))
	p.expect("requests", 2, 4, 8, 17)
}

func slicesAsAttributes(p *probe) {
	add := p.counter()
	for range 2 {
		add(1, with(attribute.IntSlice("a", []int{1, 2})))
		add(2, with(attribute.IntSlice("a", []int{1, 3})))
		add(4, with(attribute.BoolSlice("a", []bool{true})))
		add(8, with(attribute.Float64Slice("a", []float64{1, 2})))
	}
	p.expect("requests", 2, 4, 8, 16)
}

func manyAttributes(p *probe) {
	add := p.counter()
	var all []attribute.KeyValue
	for i := range 40 {
		all = append(all, attribute.Int(fmt.Sprintf("key_%02d", i), i))
		add(1, with(all...))
	}
	add(2, metric.WithAttributeSet(attribute.NewSet(all...)))
	add(4, with(append(slices.Clone(all[:39]), attribute.Int("key_39", 0))...))
	want := append(slices.Repeat([]float64{1}, 39), 3, 4)
	p.expect("requests", want...)
}

func textOfAttributes(p *probe) {
	add := p.counter()
	texts := []string{"a", `"`, `\`, "\n", `\n`, "a=\"b\",c=\"d\"", ";", "ä", "\xff", "\xfe", "\uFFFD", "\x00", " "}
	var want []float64
	for i, text := range texts {
		for range 2 {
			add(1<<i, with(attribute.String("a", text)))
		}
		want = append(want, float64(int(2)<<i))
	}
	p.expect("requests", want...)
}

func reservedAttributes(p *probe) {
	add := p.counter()
	h := must[metric.Float64Histogram](p)(p.meter().Float64Histogram("histogram"))
	for i, key := range []string{"le", "quantile", "__name__", "otel_scope_name", "otel.scope.name", "otel.metric.overflow", "otel_attributes", "0", "_"} {
		add(1<<i, with(attribute.String(key, "x")))
		h.Record(p.ctx, float64(int(1)<<i), with(attribute.String(key, "x")))
	}
	for _, name := range []string{"requests", "histogram"} {
		if got := p.collect().named(name); len(got) != 9 || got.total() != 511 {
			p.failf("%s has %d series with the sum %v, want 9 with 511", name, len(got), got.total())
		}
	}
}

func preparedSets(p *probe) {
	add := p.counter()
	set := metric.WithAttributeSet(attribute.NewSet(attribute.String("b", "x"), attribute.Int("a", 1)))
	for range 1000 {
		add(1, set)
		add(1, with(attribute.Int("a", 1), attribute.String("b", "x")))
	}
	p.expect("requests", 2000)
}

func randomAttributes(p *probe) {
	add := p.counter()
	random := rand.New(rand.NewPCG(1, 2))
	values := []attribute.Value{
		attribute.StringValue("1"), attribute.IntValue(1), attribute.BoolValue(true), attribute.StringValue("true"),
		attribute.StringValue(""), attribute.Float64Value(1.5), attribute.StringSliceValue([]string{"1"}), attribute.StringValue("x"),
	}
	model := map[string]float64{}
	for n := range 4000 {
		var all []attribute.KeyValue
		for _, key := range []attribute.Key{"a", "b", "c.d", "c_d"} {
			if random.IntN(2) == 0 {
				all = append(all, attribute.KeyValue{Key: key, Value: values[random.IntN(len(values))]})
			}
		}
		set := attribute.NewSet(slices.Clone(all)...)
		random.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
		add(int64(n), with(all...))
		key := ""
		for _, kv := range set.ToSlice() {
			key += fmt.Sprintf("%s=%d:%q,", kv.Key, kv.Value.Type(), kv.Value.String())
		}
		model[key] += float64(n)
	}
	var want []float64
	for _, v := range model {
		want = append(want, v)
	}
	slices.Sort(want)
	if got := p.collect().named("requests"); !slices.Equal(got.values(), want) {
		p.failf("%d series add up to %v, want %d with %v", len(got), got.total(), len(want), sum(want))
	}
}

func sum(values []float64) (total float64) {
	for _, v := range values {
		total += v
	}
	return total
}
