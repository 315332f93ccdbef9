package live

import (
	"errors"
	"testing"
	"time"

	"github.com/metertree/metertree/meter"
	"github.com/metertree/metertree/tree"
)

// TestExplain: with its own defaults a source that was looked at for half an hour
// tells why a ratio changed in the last quarter, and before that how far it reaches.
func TestExplain(t *testing.T) {
	inBubble(t, Options{}, func(t *testing.T, b bench) {
		calls := b.scope.Counter("calls_total", meter.Keys("status", "shard", "op"))
		if err := meter.Ratio(b.scope, "error_ratio", calls, meter.Where("status", "error")); err != nil {
			t.Fatal(err)
		}
		errorsOf := func(shard string, n int64) {
			for _, op := range []string{"put", "get"} {
				calls.Add(100, "ok", shard, op)
				calls.Add(n, "error", shard, op)
			}
		}
		walk := tree.New(b.source, tree.Limits{})
		req := tree.ExplainRequest{Selector: tree.Selector{Metric: "error_ratio"}}
		for minute := range 32 {
			errorsOf("0", 1)
			if errorsOf("1", 1); minute >= 16 {
				errorsOf("1", 50)
			}
			b.pass(6)
			if _, err := walk.Explain(t.Context(), req); minute == 10 && !errors.Is(err, tree.ErrNoHistory) {
				t.Errorf("after ten minutes: %v", err)
			}
		}
		told, err := walk.Explain(t.Context(), req)
		if err != nil {
			t.Fatal(err)
		}
		if len(told.Branches) != 1 || told.Branches[0].Selector != `shard="1"` {
			t.Errorf("%s: %+v", told.Summary, told.Branches)
		}
		if length := time.Duration(told.After.End-told.After.Start) * time.Millisecond; length != tree.DefaultExplainWindow {
			t.Errorf("%s are compared", length)
		}
	})
}
