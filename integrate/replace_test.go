package integrate

import (
	"testing"

	"github.com/metertree/metertree/metric"
	"github.com/metertree/metertree/registry"
)

func TestReplaceKeepsWhatCannotBeReadAgain(t *testing.T) {
	r := registry.New(registry.Options{})
	i := requests(t, r)
	in := newIntegrator(t, r, Options{Views: newViews(t, View{Keep: []string{"op"}, Rename: "x_total", Match: Match{Name: "requests_total"}})})
	i.AddInt(1, "put", "a")
	i.AddInt(2, "put", "b")
	i.AddInt(4, "get", "b")
	mustShow(t, take(t, in), `x_total{op="get"} 4`, `x_total{op="put"} 3`)
	i.Delete("put", "a")
	for range 3 {
		collectGarbage()
		mustShow(t, take(t, in), `x_total{op="get"} 4`, `x_total{op="put"} 3`)
	}
	if err := in.Replace(newViews(t, View{Keep: []string{}, Match: Match{Name: "requests_total"}})); err != nil {
		t.Fatal(err)
	}
	mustShow(t, take(t, in), `requests_total{} 7`)
	// By the user, only what is alive can be told.
	if err := in.Replace(newViews(t, View{Drop: []string{"op"}, Match: Match{Name: "requests_total"}})); err != nil {
		t.Fatal(err)
	}
	mustShow(t, take(t, in), `requests_total{user="b"} 6`)
	if err := in.Replace(nil); err != nil {
		t.Fatal(err)
	}
	mustShow(t, take(t, in), `requests_total{op="get",user="b"} 4`, `requests_total{op="put",user="b"} 2`)
	if err := in.Replace(newViews(t, View{Drop: []string{"op"}, Match: Match{Name: "requests_total"}})); err != nil {
		t.Fatal(err)
	}
	mustShow(t, take(t, in), `requests_total{user="b"} 6`)
}

func TestReplaceBackAndForth(t *testing.T) {
	r := registry.New(registry.Options{})
	i := requests(t, r)
	byOp := newViews(t, View{Keep: []string{"op"}})
	in := newIntegrator(t, r, Options{Views: byOp})
	i.AddInt(1, "put", "a")
	mustShow(t, take(t, in), `requests_total{op="put"} 1`)
	for _, views := range []*Views{nil, byOp, newViews(t, View{Keep: []string{"user"}}), byOp} {
		if err := in.Replace(views); err != nil {
			t.Fatal(err)
		}
	}
	i.AddInt(2, "put", "b")
	mustShow(t, take(t, in), `requests_total{op="put"} 3`)
	i.AddInt(4, "put", "b")
	mustShow(t, take(t, in), `requests_total{op="put"} 7`)
}

func TestReplaceThatFails(t *testing.T) {
	r := registry.New(registry.Options{})
	i := requests(t, r)
	sizes := define(t, r, metric.Descriptor{Name: "sizes", Kind: metric.Histogram, Bounds: []float64{1, 2}})
	in := newIntegrator(t, r, Options{Views: newViews(t, View{Match: Match{Name: "requests_*"}, Keep: []string{"op"}})})
	i.AddInt(1, "put", "a")
	sizes.Observe(2)
	mustShow(t, take(t, in), `requests_total{op="put"} 1`, `sizes{} [1 2] [0 1 0] sum 2`)
	define(t, r, metric.Descriptor{Name: "a_total", Kind: metric.Counter}).AddInt(1)
	err := in.Replace(newViews(t, View{Match: Match{Name: "sizes"}, Buckets: []float64{1, 3}}, View{Match: Match{Name: "requests_*"}, Keep: []string{"user"}}))
	mustSay(t, err, "metric sizes keeps explicit buckets [1 2]", "explicit buckets [1 3]", "Views.Define")
	i.AddInt(1, "put", "b")
	mustShow(t, take(t, in), `a_total{} 1`, `requests_total{op="put"} 2`, `sizes{} [1 2] [0 1 0] sum 2`)
}
