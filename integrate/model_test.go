package integrate

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/metertree/metertree/metric"
	"github.com/metertree/metertree/registry"
)

// The model of an integrator is a list of what was recorded. Values are
// integers, so that floats add up exactly in any order.

// recorded is one update, under the labels that the exporter is to see.
type recorded struct {
	metric string
	labels map[string]string
	value  float64
}

// program makes random updates of metrics of every kind, forgets and deletes
// series, and keeps the list.
type program struct {
	registry *registry.Registry
	rng      *rand.Rand
	defined  map[string]*registry.Instrument
	kinds    map[string]metric.Descriptor
	list     []recorded
	// deletes is set where series may be deleted.
	deletes bool
}

var modelled = []metric.Descriptor{
	{Name: "ints_total", Kind: metric.Counter},
	{Name: "floats_total", Kind: metric.Counter, Number: metric.Float64},
	{Name: "inflight", Kind: metric.UpDownCounter},
	{Name: "inflight_bytes", Kind: metric.UpDownCounter, Number: metric.Float64},
	{Name: "sizes", Kind: metric.Histogram, Bounds: []float64{1, 2, 4, 8}},
	{Name: "ranges", Kind: metric.Histogram, Exponential: metric.ExponentialLayout{Size: 40, ZeroThreshold: 0x1p-128}},
	{Name: "extremes", Kind: metric.Histogram, Aggregation: metric.MinMaxSumCount},
	{Name: "values", Kind: metric.Histogram, Aggregation: metric.Exact, ExactLimit: 1000},
	{Name: "part_a_total", Kind: metric.Counter},
	{Name: "part_b_total", Kind: metric.Counter},
}

func newProgram(t *testing.T, seed uint64, forgetAfter int) *program {
	p := &program{
		registry: registry.New(registry.Options{ForgetAfter: forgetAfter}),
		rng:      rand.New(rand.NewPCG(seed, 1)),
		defined:  map[string]*registry.Instrument{},
		kinds:    map[string]metric.Descriptor{},
	}
	for _, d := range modelled {
		d.Keys, d.DefaultKeys = []string{"a", "b", "c"}, []string{"b", "none"}
		p.defined[d.Name], p.kinds[d.Name] = define(t, p.registry, d), d
	}
	return p
}

// step makes some updates.
func (p *program) step() {
	for range p.rng.IntN(20) {
		d := p.kinds[modelled[p.rng.IntN(len(modelled))].Name]
		values := make([]string, 3)
		labels := map[string]string{}
		for i, key := range d.Keys {
			values[i] = []string{"x", `"`, "", `y\`, "z,"}[p.rng.IntN(3+i)]
			labels[key] = values[i]
		}
		v := float64(p.rng.IntN(12))
		i := p.defined[d.Name]
		switch {
		case p.deletes && p.rng.IntN(10) == 0:
			i.Delete(values...)
			continue
		case d.Kind == metric.Histogram:
			i.Observe(v, values...)
		case d.Number == metric.Float64:
			i.AddFloat(v, values...)
		default:
			i.AddInt(int64(v), values...)
		}
		p.list = append(p.list, recorded{d.Name, labels, v})
	}
}

// model is what an integrator is to show of what was recorded since from, when
// it has the given views.
func (p *program) model(list []recorded, grouping Grouping, views *Views) totals {
	want := totals{}
	for _, r := range list {
		d := p.kinds[r.metric]
		keep := d.Keys
		if grouping == DefaultKeys {
			keep = d.DefaultKeys
		}
		s, _ := views.settings(&d)
		if s.keep != nil {
			keep = s.keep
		}
		name := d.Name
		if s.rename != "" {
			name = s.rename
		}
		bounds := d.Bounds
		if s.aggregation == metric.ExplicitBuckets {
			bounds = s.buckets
		}
		explicit := d.Kept() == metric.ExplicitBuckets && s.aggregation == metric.AggregationDefault || s.aggregation == metric.ExplicitBuckets
		var set metric.Labels
		for _, key := range keep {
			if !slices.Contains(s.drop, key) {
				set = set.With(metric.Label{Name: key, Value: r.labels[key]})
			}
		}
		set = set.With(s.add...)
		addModelled(want, &d, name, set, r.value, explicit, bounds)
	}
	return want
}

func addModelled(to totals, d *metric.Descriptor, name string, set metric.Labels, v float64, explicit bool, bounds []float64) {
	var keys, values []string
	for _, l := range set {
		if l.Value == "" {
			continue
		}
		keys, values = append(keys, l.Name), append(values, l.Value)
	}
	labels := "{" + metric.EncodeLabels(keys, values).String() + "}"
	if d.Kind != metric.Histogram {
		to[name+labels] += v
		return
	}
	to[name+"_sum"+labels] += v
	to[name+"_count"+labels]++
	if !explicit && d.Kept() != metric.SumAggregation {
		return
	}
	le := "+Inf"
	if at, _ := slices.BinarySearch(bounds, v); at < len(bounds) {
		le = fmt.Sprint(bounds[at])
	}
	to[name+"_bucket_"+le+labels]++
}

// withoutInf drops the only bucket of distributions that are shown as sum and
// count, which the model does not tell from others.
func (t totals) withoutInf() totals {
	for name := range t {
		if strings.Contains(name, "_bucket_+Inf") {
			delete(t, name)
		}
	}
	return t
}

// randomViews are views that can be applied to every modelled metric.
func randomViews(t *testing.T, rng *rand.Rand) *Views {
	var list []View
	some := func() bool { return rng.IntN(2) == 0 }
	keep := [][]string{{}, {"a"}, {"c", "a"}, {"b"}, {"a", "b", "c"}, {"b", "c"}}
	for _, d := range modelled {
		if some() {
			continue
		}
		v := View{Match: Match{Name: d.Name}, Keep: keep[rng.IntN(len(keep))]}
		if some() {
			v.Add = metric.Labels{{Name: "zone", Value: fmt.Sprint(rng.IntN(2))}}
		}
		switch d.Kept() {
		case metric.ExplicitBuckets:
			v.Buckets = [][]float64{nil, {2}, {1, 8}, {}}[rng.IntN(4)]
		case metric.ExponentialBuckets:
			switch rng.IntN(3) {
			case 0:
				v.Buckets = []float64{2, 8}
			case 1:
				v.Size = 10
			}
		case metric.MinMaxSumCount:
			v.Aggregation = []metric.Aggregation{0, metric.SumAggregation}[rng.IntN(2)]
		case metric.Exact:
			v.Aggregation = []metric.Aggregation{0, metric.SumAggregation, metric.MinMaxSumCount, metric.ExponentialBuckets}[rng.IntN(4)]
			if v.Aggregation == 0 && some() {
				v.Buckets = []float64{3, 5.5}
			}
		}
		list = append(list, v)
	}
	if some() {
		list = append(list, View{Match: Match{Name: "part_*"}, Rename: "parts_total"})
	}
	if some() {
		list = append(list, View{Match: Match{Name: "*_total"}, Drop: []string{"none"}})
	}
	return newViews(t, list...)
}

// TestAcknowledgedDeltas checks that what is acknowledged adds up to what was
// recorded, by the labels that the views export, whatever is forgotten or
// deleted, whichever deliveries fail, and whenever views are replaced.
func TestAcknowledgedDeltas(t *testing.T) {
	for seed := range uint64(25) {
		p := newProgram(t, seed, 1)
		p.deletes = true
		grouping := Grouping(seed % 2)
		views := randomViews(t, p.rng)
		in := newIntegrator(t, p.registry, Options{Temporality: metric.Delta, Grouping: grouping, Views: views})
		got, want := totals{}, totals{}
		pending := 0
		deliver := func() {
			c := take(t, in)
			if p.rng.IntN(3) > 0 {
				return
			}
			got.add(c)
			ack(t, c)
		}
		for range 20 {
			p.step()
			deliver()
			if p.rng.IntN(5) > 0 {
				continue
			}
			// Whatever is pending is acknowledged by the views before or by those
			// after; settle it, so that the model knows by which.
			settle(t, in, got)
			for name, v := range p.model(p.list[pending:], grouping, views) {
				want[name] += v
			}
			pending = len(p.list)
			views = randomViews(t, p.rng)
			if err := in.Replace(views); err != nil {
				t.Fatal(err)
			}
		}
		settle(t, in, got)
		for name, v := range p.model(p.list[pending:], grouping, views) {
			want[name] += v
		}
		if got, want := got.withoutInf().String(), want.withoutInf().String(); got != want {
			t.Fatalf("seed %d: acknowledged and recorded differ:\n%s", seed, difference(got, want))
		}
		in.Close()
	}
}

// settle acknowledges until series that have ended must have given all.
func settle(t *testing.T, in *Integrator, got totals) {
	for range 3 {
		collectGarbage()
		c := take(t, in)
		got.add(c)
		ack(t, c)
	}
}

// TestTotalsAreWhatWasRecorded checks totals at every checkpoint, while views are
// replaced.
func TestTotalsAreWhatWasRecorded(t *testing.T) {
	for seed := range uint64(40) {
		p := newProgram(t, seed, 0)
		grouping := Grouping(seed % 2)
		views := randomViews(t, p.rng)
		in := newIntegrator(t, p.registry, Options{Grouping: grouping, Views: views})
		for step := range 30 {
			p.step()
			if p.rng.IntN(4) > 0 {
				got := totals{}
				got.add(take(t, in))
				want := p.model(p.list, grouping, views)
				if got, want := got.withoutInf().String(), want.withoutInf().String(); got != want {
					t.Fatalf("seed %d, step %d: totals are not what was recorded:\n%s", seed, step, difference(got, want))
				}
			}
			if p.rng.IntN(4) == 0 {
				views = randomViews(t, p.rng)
				if err := in.Replace(views); err != nil {
					t.Fatal(err)
				}
			}
		}
		in.Close()
	}
}

// TestTotalsNeverFall forgets and deletes series and checks that the total of a
// group never falls but by beginning anew, which needs a later start.
func TestTotalsNeverFall(t *testing.T) {
	for seed := range uint64(10) {
		p := newProgram(t, seed, 1)
		p.deletes = true
		in := newIntegrator(t, p.registry, Options{Views: newViews(t, View{Keep: []string{"a"}})})
		type held struct {
			start, value int64
		}
		last := map[string]held{}
		for range 60 {
			p.step()
			if p.rng.IntN(4) == 0 {
				collectGarbage()
			}
			for f := range take(t, in).Families() {
				if f.Descriptor.Name != "ints_total" {
					continue
				}
				for point := range f.Points {
					now, was := held{point.Start.UnixNano(), point.Int}, last[point.Labels.String()]
					if now.start <= was.start && now.value < was.value {
						t.Fatalf("seed %d: {%s} fell from %d to %d since the same time", seed, point.Labels, was.value, now.value)
					}
					last[string([]byte(point.Labels))] = now
				}
			}
		}
		in.Close()
	}
}

// TestOrderOfReductions checks that merging on a and then on b is merging on b
// and then on a, and on both at once, also when it is done by replacing views.
func TestOrderOfReductions(t *testing.T) {
	ways := [][][]string{
		{{"a", "b", "c"}, {"b", "c"}, {"c"}},
		{{"a", "b", "c"}, {"a", "c"}, {"c"}},
		{{"c"}},
	}
	for seed := range uint64(10) {
		p := newProgram(t, seed, 0)
		var in []*Integrator
		by := func(keys []string) *Views {
			return newViews(t,
				View{Keep: keys, Add: metric.Labels{{Name: "x"}}},
				// The values themselves stay in the order of arrival only as long as
				// nothing was merged.
				View{Match: Match{Name: "values"}, Buckets: []float64{1, 2, 3, 4, 5, 6, 7, 8, 9, 10}})
		}
		for _, way := range ways {
			in = append(in, newIntegrator(t, p.registry, Options{Views: by(way[0])}))
		}
		for step := range 3 {
			p.step()
			for i, way := range ways {
				if err := in[i].Replace(by(way[min(step, len(way)-1)])); err != nil {
					t.Fatal(err)
				}
				take(t, in[i])
			}
		}
		want := shown(take(t, in[2]))
		for i := range 2 {
			if got := shown(take(t, in[i])); got != want {
				t.Fatalf("seed %d: way %d:\n%s", seed, i, difference(got, want))
			}
		}
	}
}

// difference lists the lines that two texts do not share.
func difference(got, want string) string {
	var b strings.Builder
	a, c := strings.Split(got, "\n"), strings.Split(want, "\n")
	for _, line := range a {
		if !slices.Contains(c, line) {
			fmt.Fprintln(&b, "got  ", line)
		}
	}
	for _, line := range c {
		if !slices.Contains(a, line) {
			fmt.Fprintln(&b, "want ", line)
		}
	}
	return b.String()
}
