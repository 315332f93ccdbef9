package telemetry_test

import (
	"context"
	"encoding/json"
	"fmt"
	"iter"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/metertree/metertree/collect/telemetry"
	"github.com/metertree/metertree/meter"
	"github.com/metertree/metertree/metric"
	"github.com/metertree/metertree/registry"
)

func newScope() (meter.Scope, *registry.Registry) {
	r := registry.New(registry.Options{})
	return meter.New(r).Scope("ctx"), r
}

// shown returns what a collection shows, one line a series.
func shown(r *registry.Registry) []string {
	var lines []string
	for f := range r.Collect(context.Background()) {
		if slices.Equal(f.Descriptor.Scope, []string{"metertree"}) {
			continue
		}
		for p := range f.Points {
			value := fmt.Sprint(p.Int)
			if f.Descriptor.Kind == metric.Histogram {
				value = fmt.Sprint(p.Histogram.Count(), p.Histogram.Sum)
			}
			lines = append(lines, fmt.Sprintf("%s{%s} %s", f.Descriptor.Name, p.Labels, value))
		}
	}
	return lines
}

func expect(t *testing.T, r *registry.Registry, want ...string) {
	t.Helper()
	if got := shown(r); !slices.Equal(got, want) {
		t.Errorf("shown:\n%s\nwant:\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

func newBridge[S any](t testing.TB, scope meter.Scope, table telemetry.Table[S]) *telemetry.Bridge[S] {
	t.Helper()
	b, err := telemetry.New(scope, table)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

const summary = `{
	"operation": "search", "status": "ok", "duration_ms": 250,
	"tokens": {"llm_input": 120, "llm_output": 30, "embedding": 0},
	"vector": {"searches": 2, "scored": 50, "passed": 10, "returned": 5, "scanned": 1000, "reason": "no index"},
	"queue": {"semantic": {"processed": 3, "errors": 1}, "embedding": {"processed": 4}},
	"memories": {"extracted": 0},
	"query": "what did the user ask?", "account_id": "a-17"
}`

func TestDefaultRecordsTheWhiteListAlone(t *testing.T) {
	scope, r := newScope()
	var m map[string]any
	if err := json.Unmarshal([]byte(summary), &m); err != nil {
		t.Fatal(err)
	}
	newBridge(t, scope, telemetry.Default()).Record(m)
	expect(t, r,
		`ctx_embedding_tokens_total{operation="search"} 0`,
		`ctx_llm_input_tokens_total{operation="search"} 120`,
		`ctx_llm_output_tokens_total{operation="search"} 30`,
		`ctx_memory_extracted_total{operation="search"} 0`,
		`ctx_operation_duration_seconds{operation="search",status="ok"} 1 0.25`,
		`ctx_operation_requests_total{operation="search",status="ok"} 1`,
		`ctx_queue_errors_total{operation="search",queue="semantic"} 1`,
		`ctx_queue_processed_total{operation="search",queue="embedding"} 4`,
		`ctx_queue_processed_total{operation="search",queue="semantic"} 3`,
		`ctx_vector_passed_total{operation="search"} 10`,
		`ctx_vector_returned_total{operation="search"} 5`,
		`ctx_vector_scanned_total{operation="search"} 1000`,
		`ctx_vector_scored_total{operation="search"} 50`,
		`ctx_vector_searches_total{operation="search"} 2`)
}

// One bad field after the other is put into a good summary: all others must be
// recorded as if it were absent, and it is counted under its path.
func TestABadFieldLosesNothingElse(t *testing.T) {
	for _, tt := range []struct {
		path  string
		value any
	}{
		{"tokens.llm_input", "many"},
		{"tokens.llm_input", -1},
		{"tokens.llm_output", math.NaN()},
		{"tokens.llm_output", math.Inf(1)},
		{"tokens.embedding", 1.5},
		{"tokens.embedding", uint64(math.MaxUint64)},
		{"tokens.embedding", 1e19},
		{"vector.searches", []any{1}},
		{"vector.scored", true},
		{"vector.scanned", time.Time{}},
		{"memories.extracted", json.Number("lots")},
		{"memories.extracted", map[string]any{}},
	} {
		scope, r := newScope()
		good, bad := decoded(t), decoded(t)
		part, field, _ := strings.Cut(tt.path, ".")
		delete(good[part].(map[string]any), field)
		bad[part].(map[string]any)[field] = tt.value
		newBridge(t, scope, telemetry.Default()).Record(good)
		want := shown(r)
		scope, r = newScope()
		newBridge(t, scope, telemetry.Default()).Record(bad)
		want = append(want, fmt.Sprintf("ctx_telemetry_bad_fields_total{field=%q} 1", tt.path))
		slices.Sort(want)
		expect(t, r, want...)
	}
}

func decoded(t *testing.T) map[string]any {
	t.Helper()
	var m map[string]any
	if err := json.Unmarshal([]byte(summary), &m); err != nil {
		t.Fatal(err)
	}
	return m
}

func TestBadPartsOfAMap(t *testing.T) {
	scope, r := newScope()
	newBridge(t, scope, telemetry.Default()).Record(map[string]any{
		"operation": "User 17 was not found", "status": strings.Repeat("x", 65), "duration_seconds": -1.0,
		"memories": "none", "queue": 3,
	})
	expect(t, r,
		`ctx_operation_requests_total{operation="__unknown__",status="__unknown__"} 1`,
		`ctx_telemetry_bad_fields_total{field="duration"} 1`,
		`ctx_telemetry_bad_fields_total{field="memories.extracted"} 1`,
		`ctx_telemetry_bad_fields_total{field="operation"} 1`,
		`ctx_telemetry_bad_fields_total{field="queue.*.errors"} 1`,
		`ctx_telemetry_bad_fields_total{field="queue.*.processed"} 1`,
		`ctx_telemetry_bad_fields_total{field="status"} 1`)
}

func TestAnEmptySummaryIsARequest(t *testing.T) {
	scope, r := newScope()
	b := newBridge(t, scope, telemetry.Default())
	b.Record(nil)
	b.Record(map[string]any{"queue": map[string]any{"a message": map[string]any{"processed": json.Number("2"), "errors": nil}}})
	expect(t, r,
		`ctx_operation_requests_total{operation="__unknown__",status="__unknown__"} 2`,
		`ctx_queue_processed_total{operation="__unknown__",queue="__unknown__"} 2`,
		`ctx_telemetry_bad_fields_total{field="queue.*.errors"} 1`,
		`ctx_telemetry_bad_fields_total{field="queue.*.processed"} 1`)
}

func TestAny(t *testing.T) {
	type odd struct{}
	type tokens uint16
	for _, v := range []any{3, int8(3), int64(3), uint32(3), uint64(3), tokens(3), float32(3), 3.0, json.Number("3"), json.Number("3.0")} {
		scope, r := newScope()
		newBridge(t, scope, oneCount(v)).Record(odd{})
		if got := strings.Join(shown(r), "\n"); !strings.Contains(got, `ctx_a_things_total{operation="op"} 3`) {
			t.Errorf("%T was recorded as\n%s\nwant 3 things", v, got)
		}
	}
	for _, v := range []time.Duration{0, 1500 * time.Millisecond} {
		scope, r := newScope()
		table := oneCount(1)
		table.Duration = func(any) telemetry.Value { return telemetry.Any(v) }
		newBridge(t, scope, table).Record(odd{})
		want := fmt.Sprintf(`ctx_operation_duration_seconds{operation="op",status="ok"} 1 %v`, v.Seconds())
		if got := strings.Join(shown(r), "\n"); !strings.Contains(got, want) {
			t.Errorf("%v was recorded as\n%s\nwant\n%s", v, got, want)
		}
	}
}

// oneCount is a table with one count, whose value is the same in each summary.
func oneCount(v any) telemetry.Table[any] {
	word := func(w string) func(any) telemetry.Value {
		return func(any) telemetry.Value { return telemetry.Text(w) }
	}
	return telemetry.Table[any]{
		Operation: word("op"),
		Status:    word("ok"),
		Counts: []telemetry.Count[any]{{
			Path: "things", Domain: "a", Name: "things_total",
			Read: func(any) telemetry.Value { return telemetry.Any(v) },
		}},
	}
}

// call is a summary that is a struct; its parts may be missing.
type call struct {
	name, status string
	took         time.Duration
	model        *struct{ tokens int64 }
	stages       map[string]int64
}

func callTable() telemetry.Table[*call] {
	return telemetry.Table[*call]{
		Operation: func(c *call) telemetry.Value { return telemetry.Text(c.name) },
		Status:    func(c *call) telemetry.Value { return telemetry.Text(c.status) },
		Duration:  func(c *call) telemetry.Value { return telemetry.Duration(c.took) },
		Counts: []telemetry.Count[*call]{
			{Path: "model.tokens", Domain: "llm", Name: "tokens_total",
				Read: func(c *call) telemetry.Value { return telemetry.Int(c.model.tokens) }},
			{Path: "stages", Domain: "stage", Name: "items_total", Key: "component",
				Each: func(c *call) iter.Seq2[string, telemetry.Value] {
					return func(yield func(string, telemetry.Value) bool) {
						for name, n := range c.stages {
							if !yield(name, telemetry.Int(n)) {
								return
							}
						}
						if c.name == "broken" {
							panic("no further stage")
						}
					}
				}},
		},
	}
}

func TestAPanicIsABadField(t *testing.T) {
	scope, r := newScope()
	b := newBridge(t, scope, callTable())
	b.Record(&call{name: "broken", status: "ok", took: time.Second, stages: map[string]int64{"parse": 2}})
	b.Record(nil)
	expect(t, r,
		`ctx_operation_duration_seconds{operation="broken",status="ok"} 1 1`,
		`ctx_operation_requests_total{operation="__unknown__",status="__unknown__"} 1`,
		`ctx_operation_requests_total{operation="broken",status="ok"} 1`,
		`ctx_stage_items_total{component="parse",operation="broken"} 2`,
		`ctx_telemetry_bad_fields_total{field="duration"} 1`,
		`ctx_telemetry_bad_fields_total{field="model.tokens"} 2`,
		`ctx_telemetry_bad_fields_total{field="operation"} 1`,
		`ctx_telemetry_bad_fields_total{field="stages"} 2`,
		`ctx_telemetry_bad_fields_total{field="status"} 1`)
}

func TestRecordDoesNotAllocate(t *testing.T) {
	scope, _ := newScope()
	table := telemetry.Default()
	table.Counts = slices.DeleteFunc(table.Counts, func(c telemetry.Count[map[string]any]) bool { return c.Key != "" })
	b := newBridge(t, scope, table)
	m := decoded(t)
	if got := testing.AllocsPerRun(100, func() { b.Record(m) }); got != 0 {
		t.Errorf("recording a summary allocates %v times, want 0", got)
	}
}

func TestTablesAreChecked(t *testing.T) {
	read := func(any) telemetry.Value { return telemetry.Int(1) }
	each := func(any) iter.Seq2[string, telemetry.Value] {
		return func(func(string, telemetry.Value) bool) {}
	}
	for name, spoil := range map[string]func(*telemetry.Table[any]){
		"no operation":     func(t *telemetry.Table[any]) { t.Operation = nil },
		"no status":        func(t *telemetry.Table[any]) { t.Status = nil },
		"no path":          func(t *telemetry.Table[any]) { t.Counts[0].Path = "" },
		"a path twice":     func(t *telemetry.Table[any]) { t.Counts = append(t.Counts, t.Counts[0]) },
		"nothing to read":  func(t *telemetry.Table[any]) { t.Counts[0].Read = nil },
		"a key to no each": func(t *telemetry.Table[any]) { t.Counts[0].Key = "queue" },
		"an each to no key": func(t *telemetry.Table[any]) {
			t.Counts[0].Read, t.Counts[0].Each = nil, each
		},
		"two ways to read": func(t *telemetry.Table[any]) {
			t.Counts[0].Key, t.Counts[0].Each, t.Counts[0].Read = "queue", each, read
		},
		"a bad name": func(t *telemetry.Table[any]) { t.Counts[0].Name = "no name" },
	} {
		scope, _ := newScope()
		table := oneCount(1)
		spoil(&table)
		if _, err := telemetry.New(scope, table); err == nil {
			t.Errorf("a table with %s was accepted", name)
		}
	}
	scope, _ := newScope()
	scope.Scope("operation").Gauge("requests_total")
	if _, err := telemetry.New(scope, oneCount(1)); err == nil {
		t.Error("a conflicting metric was accepted")
	}
}

func TestNilBridgeRecordsNothing(*testing.T) {
	var b *telemetry.Bridge[any]
	b.Record(1)
}

func FuzzRecord(f *testing.F) {
	f.Add(summary)
	f.Add(`{"tokens": 1, "queue": {"a": 2, "b": {"processed": "x"}}, "vector": null}`)
	f.Fuzz(func(t *testing.T, text string) {
		var m map[string]any
		if json.Unmarshal([]byte(text), &m) != nil {
			return
		}
		scope, r := newScope()
		newBridge(t, scope, telemetry.Default()).Record(m)
		requests := 0
		for _, line := range shown(r) {
			if strings.HasPrefix(line, "ctx_operation_requests_total") {
				requests++
			}
		}
		if requests != 1 {
			t.Errorf("%d series of requests after one summary", requests)
		}
	})
}
