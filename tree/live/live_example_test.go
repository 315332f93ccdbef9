package live_test

import (
	"context"
	"fmt"

	"github.com/metertree/metertree/meter"
	"github.com/metertree/metertree/registry"
	"github.com/metertree/metertree/tree"
	"github.com/metertree/metertree/tree/live"
)

func Example() {
	r := registry.New(registry.Options{})
	orders := meter.New(r).Scope("shop").Counter("orders_total", meter.Keys("country"))
	orders.Add(7, "fr")
	orders.Add(5, "de")

	source := live.New(r, live.Options{})
	defer source.Close()
	t := tree.New(source, tree.Limits{})
	axis, err := t.Split(context.Background(), tree.SplitRequest{Selector: tree.Selector{Metric: "shop_orders_total"}, By: "country"})
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, branch := range axis.Children {
		fmt.Println(branch.Name, branch.Reading.Meaning, branch.Reading.Text)
	}
	// Output:
	// fr total 7
	// de total 5
}
