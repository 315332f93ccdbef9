package integrate

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/metertree/metertree/metric"
	"github.com/metertree/metertree/registry"
)

// declare exposes what a registry's metrics and ratios are declared as.
func declare(tb testing.TB, r *registry.Registry) {
	tb.Helper()
	callback := func(name string, read registry.Callback) {
		err := r.DefineFunc(registry.Definition{Descriptor: metric.Descriptor{
			Name: name, Kind: metric.Gauge, Fold: metric.FoldSum, Keys: infoKeys[name],
			Const: metric.Labels{{Name: "site", Value: "a"}},
		}}, read)
		if err != nil {
			tb.Fatal(err)
		}
	}
	tell := func(o *registry.Observer, labels metric.Labels) {
		var values []string
		for _, l := range labels {
			values = append(values, l.Value)
		}
		o.Float(1, values...)
	}
	callback(metric.MetricInfo, func(o *registry.Observer) {
		for d := range r.Declarations() {
			tell(o, d.Info())
		}
	})
	callback(metric.RatioInfo, func(o *registry.Observer) {
		for ratio := range r.Ratios() {
			tell(o, ratio.Info())
		}
	})
}

// infos returns the labels of the declarations in a checkpoint.
func infos(t *testing.T, c *Checkpoint, name string) (all []map[string]string) {
	t.Helper()
	var last metric.LabelSet
	for f := range c.Families() {
		if f.Descriptor.Name != name {
			continue
		}
		for p := range f.Points {
			if p.Float != 1 || p.Labels <= last {
				t.Errorf("%s{%s} is %v after %s, want 1, in order", name, p.Labels, p.Float, last)
			}
			last = p.Labels
			all = append(all, maps.Collect(p.Labels.All(f.Keys)))
			*p = metric.Point{} // as a reader may
		}
	}
	return all
}

// declaredMetrics returns the declarations of metrics but the registry's own, as
// "name(axes)".
func declaredMetrics(t *testing.T, c *Checkpoint) (all []string) {
	t.Helper()
	for _, info := range infos(t, c, metric.MetricInfo) {
		if !strings.HasPrefix(info["metric"], "metertree_") {
			all = append(all, info["metric"]+"("+info["axes"]+")")
		}
	}
	slices.Sort(all)
	return all
}

// declaredRatios returns the declarations of ratios, as "name(axes)=numerator/denominator".
func declaredRatios(t *testing.T, c *Checkpoint) (all []string) {
	t.Helper()
	for _, info := range infos(t, c, metric.RatioInfo) {
		all = append(all, fmt.Sprintf("%s(%s)=%s/%s", info["ratio"], info["axes"], info["numerator"], info["denominator"]))
	}
	slices.Sort(all)
	return all
}

// shop is a registry with metrics, some without series, and ratios.
func shop(tb testing.TB) *registry.Registry {
	tb.Helper()
	r := registry.New(registry.Options{})
	declare(tb, r)
	calls := metric.Descriptor{Name: "calls_total", Kind: metric.Counter, Keys: []string{"status", "op", "user"}, DefaultKeys: []string{"op"}}
	define(tb, r, calls).AddInt(1, "ok", "put", "ann")
	define(tb, r, metric.Descriptor{Name: "tries_total", Kind: metric.Counter, Keys: []string{"op", "user"}}).AddInt(1, "put", "ann")
	define(tb, r, metric.Descriptor{Name: "rare_total", Kind: metric.Counter, Keys: []string{"user", "op"}})
	define(tb, r, metric.Descriptor{Name: "level", Kind: metric.Gauge, Number: metric.Float64}).SetGauge(3)
	where := func(name, label, value string) metric.Selection {
		return metric.Selection{Metric: name, Matchers: metric.Matchers{{Label: label, Values: []string{value}}}}
	}
	for _, ratio := range []metric.Ratio{
		{Name: "error_ratio", Numerator: where("calls_total", "status", "error"), Denominator: metric.Selection{Metric: "calls_total"}},
		{Name: "try_ratio", Numerator: metric.Selection{Metric: "tries_total"}, Denominator: metric.Selection{Metric: "calls_total"}},
		{Name: "rare_ratio", Numerator: where("rare_total", "user", "ann"), Denominator: where("calls_total", "user", "ann")},
	} {
		if err := r.DefineRatio(ratio); err != nil {
			tb.Fatal(err)
		}
	}
	return r
}

func TestDeclarationsFollowViews(t *testing.T) {
	whole := []string{"calls_total(op,status,user)", "level()", "rare_total(user,op)", "tries_total(op,user)"}
	ratios := []string{"error_ratio(op,user)=calls_total/calls_total", "rare_ratio(op)=rare_total/calls_total", "try_ratio(op,user)=tries_total/calls_total"}
	for _, test := range []struct {
		what            string
		grouping        Grouping
		views           []View
		metrics, ratios []string
	}{
		{what: "no views", metrics: whole, ratios: ratios},
		{"a new name", Ungrouped, []View{{Match: Match{Name: "calls_total"}, Rename: "requests_total"}},
			[]string{"level()", "rare_total(user,op)", "requests_total(op,status,user)", "tries_total(op,user)"},
			[]string{"error_ratio(op,user)=requests_total/requests_total", "rare_ratio(op)=rare_total/requests_total", "try_ratio(op,user)=tries_total/requests_total"}},
		{"a label less", Ungrouped, []View{{Drop: []string{"user"}}},
			[]string{"calls_total(op,status)", "level()", "rare_total(op)", "tries_total(op)"},
			[]string{"error_ratio(op)=calls_total/calls_total", "try_ratio(op)=tries_total/calls_total"}},
		{"a label that is selected by", Ungrouped, []View{{Match: Match{Name: "calls_total"}, Drop: []string{"status"}, Add: metric.Labels{{Name: "status", Value: "any"}}}},
			[]string{"calls_total(op,status,user)", "level()", "rare_total(user,op)", "tries_total(op,user)"},
			ratios[1:]},
		{"a hidden metric", Ungrouped, []View{{Match: Match{Name: "tries_*"}, Aggregation: metric.Drop}, {Match: Match{Name: "rare_total"}, Aggregation: metric.Drop}},
			[]string{"calls_total(op,status,user)", "level()"}, ratios[:1]},
		{"default keys", DefaultKeys, nil,
			[]string{"calls_total(op)", "level()", "rare_total(user,op)", "tries_total(op,user)"},
			[]string{"try_ratio(op)=tries_total/calls_total"}},
		{"one name for two", Ungrouped, []View{{Match: Match{Kind: metric.Counter, Name: "tries_total"}, Rename: "calls_total"}},
			[]string{"calls_total(op,status,user)", "level()", "rare_total(user,op)"}, nil},
		{"a ratio's name", Ungrouped, []View{{Match: Match{Name: "level"}, Rename: "try_ratio"}},
			[]string{"calls_total(op,status,user)", "rare_total(user,op)", "tries_total(op,user)", "try_ratio()"}, ratios[:2]},
		// Labels that declare are not those that the views mean, but others are.
		{"other labels", Ungrouped, []View{{Drop: []string{"role", "scope", "site"}}}, whole, ratios},
		{"few labels", Ungrouped, []View{{Keep: []string{"op"}}},
			[]string{"calls_total(op)", "level()", "rare_total(op)", "tries_total(op)"}, []string{"try_ratio(op)=tries_total/calls_total"}},
	} {
		for _, temporality := range []metric.Temporality{metric.Delta, metric.Cumulative} {
			r := shop(t)
			in := newIntegrator(t, r, Options{Grouping: test.grouping, Temporality: temporality, Views: newViews(t, test.views...)})
			for range 3 {
				c := take(t, in)
				if got := declaredMetrics(t, c); !slices.Equal(got, test.metrics) {
					t.Errorf("%s: metrics\n%q, want\n%q", test.what, got, test.metrics)
				}
				if got := declaredRatios(t, c); !slices.Equal(got, test.ratios) {
					t.Errorf("%s: ratios\n%q, want\n%q", test.what, got, test.ratios)
				}
				ack(t, c)
			}
			var listed []string
			for ratio := range in.Ratios() {
				listed = append(listed, fmt.Sprintf("%s(%s)=%s/%s", ratio.Name, strings.Join(ratio.Axes, ","), ratio.Numerator.Metric, ratio.Denominator.Metric))
			}
			if !slices.Equal(listed, test.ratios) {
				t.Errorf("%s: Ratios yields\n%q, want\n%q", test.what, listed, test.ratios)
			}
		}
	}
}

func TestDroppedLabelsOfDeclarations(t *testing.T) {
	in := newIntegrator(t, shop(t), Options{Views: newViews(t, View{Drop: []string{"site"}})})
	for _, info := range infos(t, take(t, in), metric.MetricInfo) {
		if _, has := info["site"]; has {
			t.Fatalf("a label that the view drops is in %v", info)
		}
	}
}

// What is declared changes with definitions and with views.
func TestDeclarationsAreKeptUpToDate(t *testing.T) {
	r := shop(t)
	in := newIntegrator(t, r, Options{Views: newViews(t, View{Match: Match{Name: "level"}, Aggregation: metric.Drop})})
	has := func(what, one string, want bool) {
		t.Helper()
		if got := declaredMetrics(t, take(t, in)); slices.Contains(got, one) != want {
			t.Errorf("%s: %q in %q is not %v", what, one, got, want)
		}
	}
	has("hidden", "level()", false)
	i := define(t, r, metric.Descriptor{Name: "later_total", Kind: metric.Counter, Keys: []string{"op"}})
	has("defined later", "later_total(op)", true)
	i.AddInt(1, "put")
	has("with a series", "later_total(op)", true)
	i.Close()
	has("closed", "later_total(op)", false)
	if err := in.Replace(newViews(t, View{Match: Match{Name: "later_total"}, Rename: "late_total"})); err != nil {
		t.Fatal(err)
	}
	has("shown again", "level()", true)
	define(t, r, metric.Descriptor{Name: "later_total", Kind: metric.Counter, Keys: []string{"op", "zone"}})
	has("defined anew", "late_total(op,zone)", true)
	if err := in.Replace(nil); err != nil {
		t.Fatal(err)
	}
	has("no views", "later_total(op,zone)", true)
}

// Whatever the views are, what is exported is declared, as it is exported, once.
func TestRandomDeclarations(t *testing.T) {
	for seed := range uint64(40) {
		p := newProgram(t, seed, 0)
		declare(t, p.registry)
		if err := p.registry.DefineRatio(metric.Ratio{Name: "part_ratio",
			Numerator:   metric.Selection{Metric: "part_a_total"},
			Denominator: metric.Selection{Metric: "part_b_total", Matchers: metric.Matchers{{Label: "a", Values: []string{"x"}}}},
		}); err != nil {
			t.Fatal(err)
		}
		options := Options{Grouping: Grouping(p.rng.IntN(2)), Temporality: metric.Temporality(p.rng.IntN(2))}
		options.Views = randomLabelViews(t, p.rng)
		in := newIntegrator(t, p.registry, options)
		for range 5 {
			p.step()
			if in.plan.declarations != nil {
				checkDeclared(t, fmt.Sprintf("seed %d, %+v", seed, options.Views.views), take(t, in))
			}
		}
	}
}

func randomLabelViews(t *testing.T, rng *rand.Rand) *Views {
	var list []View
	pick := func(of ...string) string { return of[rng.IntN(len(of))] }
	for range rng.IntN(3) {
		list = append(list, View{Drop: []string{pick("a", "b", "c", "none")}})
	}
	if rng.IntN(2) == 0 {
		list = append(list, View{Match: Match{Name: "part_*"}, Rename: pick("parts_total", "part_a_total", "part_b_total")})
	}
	if rng.IntN(2) == 0 {
		list = append(list, View{Match: Match{Kind: metric.Histogram}, Aggregation: []metric.Aggregation{metric.Drop, metric.SumAggregation}[rng.IntN(2)]})
	}
	if rng.IntN(2) == 0 {
		list = append(list, View{Add: metric.Labels{{Name: "zone", Value: "z"}}})
	}
	return newViews(t, list...)
}

func checkDeclared(t *testing.T, what string, c *Checkpoint) {
	t.Helper()
	declared := map[string]map[string]string{}
	for _, info := range infos(t, c, metric.MetricInfo) {
		if declared[info["metric"]] != nil {
			t.Errorf("%s: %s is declared twice", what, info["metric"])
		}
		declared[info["metric"]] = info
	}
	exported := map[string][]string{}
	for f := range c.Families() {
		name := f.Descriptor.Name
		exported[name] = f.Keys
		info := declared[name]
		if info == nil {
			t.Errorf("%s: %s is not declared", what, name)
			continue
		}
		axes := slices.DeleteFunc(strings.Split(info["axes"], ","), func(axis string) bool { return axis == "" })
		slices.Sort(axes)
		if !slices.Equal(axes, f.Keys) || info["kind"] != f.Descriptor.Kind.String() || info["aggregation"] != f.Descriptor.Kept().String() {
			t.Errorf("%s: %s with the labels %q is declared as %v", what, name, f.Keys, info)
		}
	}
	for _, info := range infos(t, c, metric.RatioInfo) {
		ratio, err := metric.ParseRatioInfo(func(label string) string { return info[label] })
		if err != nil {
			t.Errorf("%s: %v", what, err)
		}
		for _, side := range []metric.Selection{ratio.Numerator, ratio.Denominator} {
			keys, has := exported[side.Metric]
			if !has {
				continue // it has no series yet
			}
			for _, m := range side.Matchers {
				if !slices.Contains(keys, m.Label) {
					t.Errorf("%s: %v selects by a label that is not among %q", what, side, keys)
				}
			}
			for _, axis := range ratio.Axes {
				if !slices.Contains(keys, axis) {
					t.Errorf("%s: ratio %s has the axis %q, and %s the labels %q", what, ratio.Name, axis, side.Metric, keys)
				}
			}
		}
	}
}

// Without views, the families of declarations are those of the registry; with
// views they are made when something has changed.
func TestDeclarationsCostNothingUnlessTheyChange(t *testing.T) {
	r := shop(t)
	plain := newIntegrator(t, r, Options{Views: newViews(t)})
	take(t, plain)
	if plain.plan.declarations != nil {
		t.Error("declarations are retold without a view")
	}
	in := newIntegrator(t, r, Options{Views: newViews(t, View{Match: Match{Name: "level"}, Rename: "height"})})
	take(t, in)
	d := in.plan.declarations
	infos(t, take(t, in), metric.MetricInfo)
	made := d.metrics.Load()
	infos(t, take(t, in), metric.MetricInfo)
	if made == nil || d.metrics.Load() != made {
		t.Error("declarations are made anew though nothing has changed")
	}
}
