package embedding

import (
	"context"
	"errors"
	"math"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/metertree/metertree/examples/contextd/internal/latency"
)

func newModel(t *testing.T, config Config) *Model {
	t.Helper()
	if config.Name == "" {
		config.Name = "test"
	}
	if config.Dimensions == 0 {
		config.Dimensions = 64
	}
	m, err := New(config)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func embedOne(t *testing.T, m *Model, text string) Vector {
	t.Helper()
	vectors, _, err := m.Embed(t.Context(), Ingest, []string{text})
	if err != nil {
		t.Fatal(err)
	}
	return vectors[0]
}

func TestVectorsAreDeterministicAndOfLengthOne(t *testing.T) {
	const text = "Restart the server after the queue timeout."
	a := embedOne(t, newModel(t, Config{Seed: 1}), text)
	b := embedOne(t, newModel(t, Config{Seed: 2}), text)
	if !slices.Equal(a, b) {
		t.Errorf("the same text gave %v and %v", a, b)
	}
	self, err := Cosine(a, a)
	if err != nil || math.Abs(float64(self)-1) > 1e-5 {
		t.Errorf("cosine of a vector with itself is %v, %v; want 1", self, err)
	}
}

func TestNearTextsAreNearer(t *testing.T) {
	m := newModel(t, Config{Dimensions: 256})
	question := embedOne(t, m, "refund of a customer payment")
	near, nearErr := Cosine(question, embedOne(t, m, "The customer asked for a refund of the payment."))
	far, farErr := Cosine(question, embedOne(t, m, "Stir onion and garlic in butter."))
	if nearErr != nil || farErr != nil {
		t.Fatal(nearErr, farErr)
	}
	if near <= far {
		t.Errorf("cosine %v to the near text, %v to the far one; want the near one greater", near, far)
	}
}

func TestCosineRefusesOtherDimensions(t *testing.T) {
	if _, err := Cosine(make(Vector, 3), make(Vector, 4)); err == nil {
		t.Error("vectors of 3 and 4 dimensions were compared")
	}
}

func TestTextWithoutWords(t *testing.T) {
	for _, text := range []string{"", "… !?"} {
		v := embedOne(t, newModel(t, Config{}), text)
		if slices.ContainsFunc(v, func(x float32) bool { return x != 0 }) {
			t.Errorf("%q gave %v; want all zero", text, v)
		}
		if n := Tokens(text); n != 0 {
			t.Errorf("%q has %d tokens; want 0", text, n)
		}
	}
}

func TestTokens(t *testing.T) {
	for text, want := range map[string]int{"a": 1, "word": 1, "words": 2, "two words": 3} {
		if got := Tokens(text); got != want {
			t.Errorf("Tokens(%q) = %d, want %d", text, got, want)
		}
	}
}

func TestLatencyFollowsItsDistribution(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const calls = 400
		shape := latency.Latency{Median: 10 * time.Millisecond, Spread: 0.5, Max: 50 * time.Millisecond}
		m := newModel(t, Config{Latency: shape, Seed: 7})
		took := make([]time.Duration, calls)
		for i := range took {
			start := time.Now()
			embedOne(t, m, "")
			took[i] = time.Since(start)
		}
		slices.Sort(took)
		if median := took[calls/2]; median < 8*time.Millisecond || median > 12*time.Millisecond {
			t.Errorf("median latency %v; want about %v", median, shape.Median)
		}
		if p99 := took[calls*99/100]; p99 < 20*time.Millisecond {
			t.Errorf("99th percentile %v; want a tail beyond twice the median", p99)
		}
		if slowest := took[calls-1]; slowest > shape.Max {
			t.Errorf("slowest call took %v; want at most %v", slowest, shape.Max)
		}
	})
}

func TestFailuresAreTransient(t *testing.T) {
	m := newModel(t, Config{FailureRatio: 0.5, Seed: 3})
	failed := 0
	for range 200 {
		_, _, err := m.Embed(t.Context(), Query, []string{"x"})
		if err != nil && !errors.Is(err, ErrOverloaded) {
			t.Fatalf("error %v; want ErrOverloaded", err)
		}
		if err != nil {
			failed++
		}
	}
	if failed < 60 || failed > 140 {
		t.Errorf("%d of 200 calls failed; want about half", failed)
	}
}

func TestEmbedEndsWithItsContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newModel(t, Config{Latency: latency.Latency{Median: time.Hour}})
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		start := time.Now()
		_, _, err := m.Embed(ctx, Query, []string{"x"})
		if !errors.Is(err, context.DeadlineExceeded) || time.Since(start) != time.Second {
			t.Errorf("call ended after %v with %v; want the deadline's error after 1s", time.Since(start), err)
		}
	})
}

func TestNewRefuses(t *testing.T) {
	for name, config := range map[string]Config{
		"no name":       {Dimensions: 1},
		"no dimensions": {Name: "x"},
		"ratio":         {Name: "x", Dimensions: 1, FailureRatio: 1.5},
	} {
		if _, err := New(config); err == nil {
			t.Errorf("%s: %+v was accepted", name, config)
		}
	}
}
