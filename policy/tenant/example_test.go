package tenant_test

import (
	"fmt"
	"time"

	"github.com/metertree/metertree/policy"
	"github.com/metertree/metertree/policy/tenant"
)

func Example() {
	guard, err := tenant.New(tenant.Options{Metrics: policy.Patterns{"calls_total", "http_*"}, Limit: 1})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(guard.Covers("http_requests_total"), guard.Covers("queue_depth"))

	fmt.Println(guard.Resolve("acme"), guard.Resolve("acme"), guard.Resolve("umbrella"), guard.Resolve(""))
	changes := guard.Rebalance(time.Now()) // every half minute or so
	fmt.Println("admitted:", changes.Admitted)
	fmt.Println(guard.Resolve("acme"), guard.Resolve("umbrella"))
	// Output:
	// true false
	// __overflow__ __overflow__ __overflow__ __unknown__
	// admitted: [acme]
	// acme __overflow__
}
