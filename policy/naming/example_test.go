package naming_test

import (
	"fmt"

	"github.com/metertree/metertree/policy/naming"
)

func ExampleLinter_Lint() {
	linter, err := naming.New(naming.Options{Waivers: []naming.Waiver{
		{Rule: "help", Metric: "legacy_*", Reason: "another team's; they were told"},
	}})
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, finding := range linter.Lint([]naming.Metric{
		{Name: "legacy_requests", Kind: naming.Counter},
		{Name: "shop_checkout_duration_ms", Kind: naming.Histogram, Help: "Time to check out."},
	}) {
		fmt.Println(finding)
	}
	// Output:
	// error: legacy_requests: the name of a counter ends in _total: legacy_requests_total (total)
	// warning: shop_checkout_duration_ms: the name ends in ms, which is no base unit: measure in seconds (base-unit)
}
