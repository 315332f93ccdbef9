package language

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/metertree/metertree/collect/modelusage"
	"github.com/metertree/metertree/examples/contextd/internal/latency"
	"github.com/metertree/metertree/meter"
	"github.com/metertree/metertree/metric"
	"github.com/metertree/metertree/policy/normalise"
	"github.com/metertree/metertree/registry"
)

func newModel(t *testing.T, config Config) *Model {
	t.Helper()
	if config.Name == "" {
		config.Name = "test"
	}
	m, err := New(config)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func TestAnswersWithTheEndOfThePrompt(t *testing.T) {
	m := newModel(t, Config{})
	a, err := m.Write(t.Context(), Reply, strings.Repeat("early ", 100)+"the very end")
	if err != nil || !strings.HasSuffix(a.Text, "the very end") || len(strings.Fields(a.Text)) != maxWords {
		t.Errorf("answer %+v, %v; want %d words that end the prompt", a, err, maxWords)
	}
	if a.Input <= a.Output || a.Output == 0 {
		t.Errorf("%d tokens read, %d written", a.Input, a.Output)
	}
}

func TestTokensTakeTheirTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		reg := registry.New(registry.Options{})
		usage, err := modelusage.New(meter.New(reg), modelusage.Config{Model: normalise.Enum("test").Apply})
		if err != nil {
			t.Fatal(err)
		}
		m := newModel(t, Config{
			Latency: latency.Latency{Median: time.Second}, TokensPerSecond: 4, Instructions: 100, Usage: usage,
		})
		start := time.Now()
		if _, err := m.Write(t.Context(), Reply, "one two three four"); err != nil {
			t.Fatal(err)
		}
		if took := time.Since(start); took < 2*time.Second || took > 3*time.Second {
			t.Errorf("took %v; want a second, and one and a quarter for five tokens", took)
		}
		got := map[string]float64{}
		for family := range reg.Collect(t.Context()) {
			for point := range family.Points {
				name := family.Descriptor.Name
				if family.Descriptor.Kind == metric.Histogram {
					got[name] = point.Histogram.Sum
				}
				for label, value := range point.Labels.All(family.Descriptor.AllKeys()) {
					if label == "kind" {
						got[name+" "+value] = float64(point.Int)
					}
				}
			}
		}
		if got["time_to_first_token_seconds"] != 1 || got["tokens_total cached"] != 100 || got["tokens_total output"] != 5 {
			t.Errorf("metered %v; want 1 s to the first token, 100 tokens cached, 5 written", got)
		}
	})
}

func TestFailuresAreTransient(t *testing.T) {
	m := newModel(t, Config{FailureRatio: 0.5, Seed: 3})
	failed := 0
	for range 200 {
		a, err := m.Write(t.Context(), Extract, "x")
		if err != nil && (!errors.Is(err, ErrOverloaded) || a != (Answer{})) {
			t.Fatalf("answer %+v, error %v; want ErrOverloaded alone", a, err)
		}
		if err != nil {
			failed++
		}
	}
	if failed < 60 || failed > 140 {
		t.Errorf("%d of 200 calls failed; want about half", failed)
	}
}

func TestWriteEndsWithItsContext(t *testing.T) {
	for name, config := range map[string]Config{
		"before the first token": {Latency: latency.Latency{Median: time.Hour}},
		"within the answer":      {TokensPerSecond: 0.001},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				m := newModel(t, config)
				ctx, cancel := context.WithTimeout(t.Context(), time.Second)
				defer cancel()
				start := time.Now()
				_, err := m.Write(ctx, Reply, "x")
				if !errors.Is(err, context.DeadlineExceeded) || time.Since(start) != time.Second {
					t.Errorf("call ended after %v with %v; want the deadline's error after 1s", time.Since(start), err)
				}
			})
		})
	}
}

func TestNewRefuses(t *testing.T) {
	for name, config := range map[string]Config{
		"no name": {},
		"ratio":   {Name: "x", FailureRatio: -0.1},
		"rate":    {Name: "x", TokensPerSecond: -1},
	} {
		if _, err := New(config); err == nil {
			t.Errorf("%s: %+v was accepted", name, config)
		}
	}
}
