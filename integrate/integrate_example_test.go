package integrate_test

import (
	"context"
	"fmt"
	"strings"

	"github.com/metertree/metertree/integrate"
	"github.com/metertree/metertree/metric"
	"github.com/metertree/metertree/registry"
)

// show prints the program's own metrics of a checkpoint.
func show(c *integrate.Checkpoint) {
	for f := range c.Families() {
		if strings.HasPrefix(f.Descriptor.Name, "metertree_") {
			continue
		}
		for p := range f.Points {
			if f.Descriptor.Kind == metric.Histogram {
				fmt.Printf("%s{%s} %v %v\n", f.Descriptor.Name, p.Labels, p.Histogram.Bounds, p.Histogram.Counts)
			} else {
				fmt.Printf("%s{%s} %d\n", f.Descriptor.Name, p.Labels, p.Int)
			}
		}
	}
}

// An exporter of totals by the recommended labels. The registry keeps all of
// them.
func Example() {
	r := registry.New(registry.Options{})
	calls, err := r.Define(registry.Definition{Descriptor: metric.Descriptor{
		Name: "calls_total", Kind: metric.Counter, Keys: []string{"op", "shard"}, DefaultKeys: []string{"op"},
	}})
	if err != nil {
		fmt.Println(err)
		return
	}
	in, err := integrate.New(r, integrate.Options{Grouping: integrate.DefaultKeys})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer in.Close()

	calls.AddInt(1, "get", "0")
	calls.AddInt(2, "get", "1")
	calls.AddInt(4, "put", "1")
	r.Refresh(context.Background())
	c, err := in.Checkpoint(context.Background())
	if err != nil {
		fmt.Println(err)
		return
	}
	show(c)
	if err := c.Ack(); err != nil {
		fmt.Println(err)
	}
	// Output:
	// calls_total{op="get"} 3
	// calls_total{op="put"} 4
}

// Views that are installed before metrics are defined also decide what is kept.
func ExampleViews_Define() {
	views, err := integrate.NewViews(
		integrate.View{Match: integrate.Match{Kind: metric.Histogram, Unit: "bytes"}, Buckets: []float64{1000, 1000000}},
		integrate.View{Match: integrate.Match{Name: "service_*_sent_bytes"}, Rename: "sent_bytes"},
	)
	if err != nil {
		fmt.Println(err)
		return
	}
	r := registry.New(registry.Options{Define: views.Define})
	in, err := integrate.New(r, integrate.Options{Views: views})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer in.Close()

	for _, name := range []string{"service_a_sent_bytes", "service_b_sent_bytes"} {
		sent, err := r.Define(registry.Definition{Descriptor: metric.Descriptor{Name: name, Kind: metric.Histogram, Unit: "bytes"}})
		if err != nil {
			fmt.Println(err)
			return
		}
		sent.Observe(1500)
	}
	c, err := in.Checkpoint(context.Background())
	if err != nil {
		fmt.Println(err)
		return
	}
	show(c)
	// Output: sent_bytes{} [1000 1e+06] [0 2 0]
}

// Views may be replaced while the program runs; one that cannot be applied is
// refused with the reason, and changes nothing.
func ExampleIntegrator_Replace() {
	r := registry.New(registry.Options{})
	calls, err := r.Define(registry.Definition{Descriptor: metric.Descriptor{
		Name: "calls_total", Kind: metric.Counter, Keys: []string{"op", "user"},
	}})
	if err != nil {
		fmt.Println(err)
		return
	}
	in, err := integrate.New(r, integrate.Options{})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer in.Close()
	calls.AddInt(1, "get", "ann")
	calls.AddInt(2, "get", "bob")

	views, err := integrate.NewViews(integrate.View{Drop: []string{"user"}, Match: integrate.Match{Name: "calls_*"}})
	if err != nil {
		fmt.Println(err)
		return
	}
	if err := in.Replace(views); err != nil {
		fmt.Println(err)
		return
	}
	c, err := in.Checkpoint(context.Background())
	if err != nil {
		fmt.Println(err)
		return
	}
	show(c)

	_, err = integrate.NewViews(
		integrate.View{Match: integrate.Match{Name: "calls_*"}, Rename: "calls"},
		integrate.View{Match: integrate.Match{Name: "*"}, Rename: "everything"},
	)
	fmt.Println(err)
	// Output:
	// calls_total{op="get"} 3
	// view 1 (name calls_*) and view 2 (name *) match the same metrics and set the name differently, calls and everything: narrow the match of one, or set it in one of them only
}
