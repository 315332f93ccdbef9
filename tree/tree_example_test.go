package tree_test

import (
	"context"
	"fmt"

	"github.com/metertree/metertree/tree"
)

func Example() {
	b := tree.NewSnapshotBuilder()
	b.Declare("shop_orders_total", tree.Metadata{Kind: tree.KindCounter})
	b.Add(tree.Sample{Name: "shop_orders_total", Labels: []tree.Label{{Name: "country", Value: "de"}}, Value: 5})
	b.Add(tree.Sample{Name: "shop_orders_total", Labels: []tree.Label{{Name: "country", Value: "fr"}}, Value: 7})
	b.Add(tree.Sample{Name: "shop_orders_total", Value: 2})

	t := tree.New(b.Build(), tree.Limits{})
	axis, err := t.Split(context.Background(), tree.SplitRequest{Selector: tree.Selector{Metric: "shop_orders_total"}, By: "country"})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println("all", axis.Reading.Text)
	for _, branch := range axis.Children {
		fmt.Println(branch.Name, branch.Reading.Text)
	}
	// Output:
	// all 14
	// fr 7
	// de 5
	// <unset> 2
}
