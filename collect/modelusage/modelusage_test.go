package modelusage

import (
	"errors"
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/metertree/metertree/collect/internal/collecttest"
	"github.com/metertree/metertree/export/prometheus"
	"github.com/metertree/metertree/meter"
	"github.com/metertree/metertree/policy/normalise"
	"github.com/metertree/metertree/registry"
)

func newUsage(t *testing.T) (*Usage, *registry.Registry) {
	t.Helper()
	r := registry.New(registry.Options{})
	u, err := New(meter.New(r).Scope("model"), Config{Provider: normalise.Enum("local").Apply, Model: normalise.Enum("large", "embed").Apply})
	if err != nil {
		t.Fatal(err)
	}
	return u, r
}

var errBroken = errors.New("broken")

func TestGolden(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		u, r := newUsage(t)
		chat := u.Started("local", "large", "chat")
		time.Sleep(80 * time.Millisecond)
		chat.Token()
		time.Sleep(time.Second)
		chat.Token()
		chat.Done(Tokens{Input: 120, Cached: 30, Output: 50}, nil)
		embed := u.Started("local", "embed", "query")
		time.Sleep(10 * time.Millisecond)
		embed.Done(Tokens{Embedding: 8}, nil)
		failed := u.Started("remote", "unheard-of", "chat")
		failed.Done(Tokens{}, errBroken)
		collecttest.Golden(t, r, prometheus.Write, "model")
		collecttest.Roles(t, r, "model_call_duration_seconds latency", "model_calls_total traffic")
		collecttest.Ratios(t, r,
			`model_call_error_ratio = model_calls_total{status="error"} / model_calls_total by [model_name operation provider] errors`,
		)
	})
}

// Whatever names calls come with, the labels stay within the declared ones.
func TestNamesAreFinite(t *testing.T) {
	for name, config := range map[string]Config{
		"declared": {Provider: normalise.Enum("local").Apply, Model: normalise.Enum("large").Apply},
		"default":  {},
	} {
		r := registry.New(registry.Options{})
		u, err := New(meter.New(r), config)
		if err != nil {
			t.Fatal(err)
		}
		for i := range 50 {
			call := u.Started(fmt.Sprint("provider", i), fmt.Sprint("model", i), "chat")
			call.Done(Tokens{}, nil)
		}
		v := collecttest.Values(t, r)
		if got := v[`calls_total{model_name="other",operation="chat",provider="other",status="ok"}`]; got != 50 {
			t.Errorf("%s: got %v of 50 in %v", name, got, v)
		}
	}
}

func TestNormalisersAreTheCallers(t *testing.T) {
	r := registry.New(registry.Options{})
	family := func(string) string { return "family" }
	u, err := New(meter.New(r), Config{Provider: family, Model: family})
	if err != nil {
		t.Fatal(err)
	}
	call := u.Started("a", "b", "chat")
	call.Done(Tokens{}, nil)
	if v := collecttest.Values(t, r); v[`calls_total{model_name="family",operation="chat",provider="family",status="ok"}`] != 1 {
		t.Errorf("got %v", v)
	}
}

func TestOnlyTheFirstTokenIsTimed(t *testing.T) {
	u, r := newUsage(t)
	call := u.Started("local", "large", "chat")
	for range 5 {
		call.Token()
	}
	const series = `model_time_to_first_token_seconds{model_name="large",operation="chat",provider="local"}`
	if got := collecttest.Values(t, r)[series]; got != 1 {
		t.Errorf("%v observations, want 1", got)
	}
}

func TestConcurrentCalls(t *testing.T) {
	u, r := newUsage(t)
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			for range 100 {
				call := u.Started("local", "large", "chat")
				call.Token()
				call.Done(Tokens{Input: 2, Output: 3}, nil)
			}
		})
	}
	all.Wait()
	v := collecttest.Values(t, r)
	if got := v[`model_tokens_total{kind="output",model_name="large",operation="chat",provider="local"}`]; got != 2400 {
		t.Errorf("%v tokens, want 2400", got)
	}
}

func TestConflictIsAnError(t *testing.T) {
	scope := meter.New(registry.New(registry.Options{}))
	scope.Gauge("tokens_total")
	if _, err := New(scope, Config{}); err == nil {
		t.Error("a gauge and a counter share the name tokens_total")
	}
}

func TestUpdatesDoNotAllocate(t *testing.T) {
	updates := func(u *Usage) func() {
		return func() {
			call := u.Started("local", "large", "chat")
			call.Token()
			call.Done(Tokens{1, 1, 1, 1}, nil)
			failed := u.Started("remote", "unknown", "chat")
			failed.Done(Tokens{}, errBroken)
		}
	}
	u, _ := newUsage(t)
	collecttest.NoAllocs(t, updates(u))
	off, err := New(meter.Scope{}, Config{})
	if err != nil {
		t.Fatal(err)
	}
	collecttest.NoAllocs(t, updates(off))
}
