package joined

import (
	"fmt"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/metertree/metertree/metric"
	"github.com/metertree/metertree/tree"
	"github.com/metertree/metertree/tree/treetest"
)

// The same samples twice: of one metric with a label, and of siblings named after
// the values of that label.
func both(rng *rand.Rand) (labelled, siblings *tree.Snapshot) {
	one, several := tree.NewSnapshotBuilder(), tree.NewSnapshotBuilder()
	for _, m := range []struct {
		before, after string
		md            tree.Metadata
	}{
		{"shop", "jobs_done_total", tree.Metadata{Kind: tree.KindCounter}},
		{"shop", "queue_fill", tree.Metadata{Kind: tree.KindGauge, Fold: tree.FoldAvg}},
		{"shop", "oldest_item", tree.Metadata{Kind: tree.KindGauge, Fold: tree.FoldMax}},
		{"shop", "wait_time_seconds", tree.Metadata{Kind: tree.KindHistogram}},
	} {
		add := func(suffix, worker string, value float64, ls []tree.Label) {
			own := slices.Clone(ls)
			several.Add(tree.Sample{Name: m.before + "_worker" + worker + "_" + m.after + suffix, Labels: own, Value: value})
			ls = append(slices.Clone(ls), tree.Label{Name: "worker", Value: worker})
			slices.SortFunc(ls, func(a, b tree.Label) int { return strings.Compare(a.Name, b.Name) })
			one.Add(tree.Sample{Name: m.before + "_" + m.after + suffix, Labels: ls, Value: value})
		}
		one.Declare(m.before+"_"+m.after, m.md)
		for _, worker := range []string{"1", "2", "3"} {
			several.Declare(m.before+"_worker"+worker+"_"+m.after, m.md)
			for _, host := range []string{"a", "b", ""} {
				if rng.IntN(4) == 0 && host != "" {
					continue
				}
				var ls []tree.Label
				if host != "" {
					ls = append(ls, tree.Label{Name: "host", Value: host})
				}
				if m.md.Kind != tree.KindHistogram {
					add("", worker, float64(rng.IntN(100)), ls)
					continue
				}
				count := float64(rng.IntN(50))
				for le, v := range map[string]float64{"0.1": count, "1": count + 5, "+Inf": count + 7} {
					add("_bucket", worker, v, append(slices.Clone(ls), tree.Label{Name: "le", Value: le}))
				}
				add("_count", worker, count+7, ls)
			}
		}
	}
	return one.Build(), several.Build()
}

// queries are walks and selections below a metric.
func queries(f tree.Family) (all []tree.Query) {
	root := tree.Selector{Metric: f.Name}
	for _, sel := range []tree.Selector{root, root.With("worker", "2"), root.With("worker", ""), root.With("host", "a"), root.With("host", "").With("worker", "1")} {
		for _, by := range []string{"", "worker", "host"} {
			if sel.Has(by) {
				continue
			}
			all = append(all,
				tree.Query{Selector: sel, By: by},
				tree.Query{Selector: sel, By: by, Limit: 1},
				tree.Query{Selector: sel, By: by, Where: metric.Matchers{}.With("worker", "1", "3")},
				tree.Query{Selector: sel, By: by, Except: &tree.Exclusion{Label: "worker", Values: []string{"3"}}})
		}
	}
	for i := range all {
		all[i].Family = f
	}
	return all
}

// Joined siblings answer as the metric with the label would.
func TestAsIfLabelled(t *testing.T) {
	for seed := range uint64(10) {
		labelled, siblings := both(rand.New(rand.NewPCG(seed, 3)))
		source := New(siblings)
		want, err := labelled.Families(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		got, err := source.Families(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range want {
			i := slices.IndexFunc(got, func(g tree.Family) bool { return g.Name == f.Name })
			if i < 0 || got[i].Series != f.Series || got[i].Fold != f.Fold || len(got) != 4*len(want) {
				t.Fatalf("%s is not joined: %+v", f.Name, got)
			}
			compare(t, fmt.Sprintf("seed %d", seed), source, got[i], labelled, f)
		}
	}
}

func compare(t *testing.T, at string, source tree.Source, f tree.Family, labelled tree.Source, want tree.Family) {
	t.Helper()
	asked := queries(f)
	same := slices.Clone(asked)
	for i := range same {
		same[i].Family = want
	}
	got, err := source.Fold(t.Context(), asked)
	if err != nil {
		t.Fatal(err)
	}
	wanted, err := labelled.Fold(t.Context(), same)
	if err != nil {
		t.Fatal(err)
	}
	for i, q := range asked {
		if fmt.Sprintf("%+v", flat(got[i])) != fmt.Sprintf("%+v", flat(wanted[i])) {
			t.Errorf("%s: %s by %q where %s except %v limit %d:\n got %+v\nwant %+v", at, q.Selector, q.By, q.Where, q.Except, q.Limit, flat(got[i]), flat(wanted[i]))
		}
		axes, err := source.Axes(t.Context(), q.Selector)
		if err != nil {
			t.Fatal(err)
		}
		if want, err := labelled.Axes(t.Context(), q.Selector); err != nil || !reflect.DeepEqual(axes, want) {
			t.Errorf("%s: axes of %s: %v, want %v, %v", at, q.Selector, axes, want, err)
		}
	}
}

// flat is a result whose rest can be compared.
func flat(r tree.Result) []tree.Group {
	groups := append([]tree.Group{r.Total}, r.Groups...)
	if r.Other != nil {
		groups = append(groups, *r.Other)
	}
	return groups
}

func TestRules(t *testing.T) {
	_, siblings := both(rand.New(rand.NewPCG(7, 3)))
	faults, err := treetest.Faults(t.Context(), New(siblings))
	for _, fault := range faults {
		t.Error(fault)
	}
	if err != nil {
		t.Error(err)
	}
}

// What is not certain, not alike, or would hide a metric is not joined.
func TestNotJoined(t *testing.T) {
	b := tree.NewSnapshotBuilder()
	for _, name := range []string{"node_load1", "node_load5", "shop_worker1_jobs_total", "shop_worker2_jobs_total", "shop_jobs_total", "app_queue1_depth_max", "app_queue2_depth_max"} {
		b.Add(tree.Sample{Name: name, Value: 1})
	}
	b.Declare("app_queue1_depth_max", tree.Metadata{Kind: tree.KindGauge, Fold: tree.FoldSum})
	b.Declare("app_queue2_depth_max", tree.Metadata{Kind: tree.KindGauge, Fold: tree.FoldMax})
	families, err := New(b.Build()).Families(t.Context())
	if err != nil || len(families) != 7 {
		t.Errorf("%d metrics, %v: %+v", len(families), err, families)
	}
}
