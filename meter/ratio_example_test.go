//go:build !metertree_off

package meter_test

import (
	"fmt"

	"github.com/metertree/metertree/meter"
	"github.com/metertree/metertree/metric"
	"github.com/metertree/metertree/registry"
)

func ExampleRatio() {
	type call struct{ Operation, Status string }
	tsdb := meter.New(registry.New(registry.Options{})).Scope("storage").Scope("tsdb")
	calls := meter.MustCounter[call](tsdb, "calls_total", meter.Help("Calls by outcome."), meter.Role(metric.RoleTraffic))
	err := meter.Ratio(tsdb, "call_error_ratio", calls, meter.Where("status", "error", "timeout"),
		meter.Role(metric.RoleErrors), meter.Help("How much of the calls fails."))
	if err != nil {
		fmt.Println(err)
		return
	}
	for ratio := range tsdb.Ratios() {
		fmt.Println(ratio.Name, "by", ratio.Axes)
		fmt.Println(ratio.Numerator)
		fmt.Println(ratio.Denominator)
	}
	// Output:
	// storage_tsdb_call_error_ratio by [operation]
	// storage_tsdb_calls_total{status=~"error|timeout"}
	// storage_tsdb_calls_total
}

func ExampleRatioOf() {
	scope := meter.New(registry.New(registry.Options{})).Scope("search")
	empty := scope.Counter("empty_total", meter.Keys("operation"))
	searches := scope.Counter("searches_total", meter.Keys("operation", "status"))
	// Only searches that worked can find nothing.
	if err := meter.RatioOf(scope, "empty_ratio", empty, searches, meter.Among("status", "ok")); err != nil {
		fmt.Println(err)
		return
	}
	for ratio := range scope.Ratios() {
		fmt.Println(ratio.Numerator, "/", ratio.Denominator, "by", ratio.Axes)
	}
	// Output: search_empty_total / search_searches_total{status="ok"} by [operation]
}
