package telemetry_test

import (
	"fmt"
	"time"

	"github.com/metertree/metertree/collect/telemetry"
	"github.com/metertree/metertree/meter"
	"github.com/metertree/metertree/registry"
)

// A finished operation's summary is a struct of the business. The table says
// what of it is counted; its message is not, so it cannot get into a metric.
func ExampleNew() {
	type answer struct {
		Operation, Status, Message string
		Took                       time.Duration
		Tokens                     int64
	}
	reg := registry.New(registry.Options{})
	bridge, err := telemetry.New(meter.New(reg).Scope("ctx"), telemetry.Table[answer]{
		Operation: func(a answer) telemetry.Value { return telemetry.Text(a.Operation) },
		Status:    func(a answer) telemetry.Value { return telemetry.Text(a.Status) },
		Duration:  func(a answer) telemetry.Value { return telemetry.Duration(a.Took) },
		Counts: []telemetry.Count[answer]{{
			Path: "Tokens", Domain: "llm", Name: "tokens_total", Help: "Tokens used.",
			Read: func(a answer) telemetry.Value { return telemetry.Int(a.Tokens) },
		}},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	bridge.Record(answer{"search", "ok", "here you are", 40 * time.Millisecond, 120})
	for _, line := range shown(reg) {
		fmt.Println(line)
	}
	// Output:
	// ctx_llm_tokens_total{operation="search"} 120
	// ctx_operation_duration_seconds{operation="search",status="ok"} 1 0.04
	// ctx_operation_requests_total{operation="search",status="ok"} 1
}
