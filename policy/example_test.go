package policy_test

import (
	"fmt"
	"time"

	"github.com/metertree/metertree/policy"
)

func ExampleLabels() {
	labels, err := policy.NewLabels(policy.LabelOptions{Allowed: []string{"shard"}, Unlisted: policy.Strict})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(labels.Check("shard", 0))
	fmt.Println(labels.Check("user_id", 0))
	fmt.Println(labels.Check("provider", policy.Normalised))
	// Output:
	// <nil>
	// label "user_id" is forbidden, because its values have no bound: use a log line or a trace; account_id under the tenant guard if a tenant is meant
	// <nil>
}

func ExampleRenames() {
	renames, err := policy.NewRenames([]policy.Rename{{
		Old: "shop_orders", New: "shop_orders_placed_total",
		Since: time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC),
		Until: time.Date(2026, 6, 1, 0, 0, 0, 0, time.UTC),
	}})
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, month := range []time.Month{time.February, time.April, time.June} {
		fmt.Println(renames.Names("shop_orders_placed_total", time.Date(2026, month, 15, 0, 0, 0, 0, time.UTC)))
	}
	// Output:
	// [shop_orders]
	// [shop_orders shop_orders_placed_total]
	// [shop_orders_placed_total]
}

func ExampleValues() {
	routes := policy.NewValues(2)
	for _, route := range []string{"/a", "/b", "/c"} {
		fmt.Println(routes.Take(route))
	}
	routes.Give("/a") // its last series has ended
	fmt.Println(routes.Take("/c"))
	// Output:
	// /a
	// /b
	// __overflow__
	// /c
}
