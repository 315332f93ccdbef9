package registry

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/metertree/metertree/metric"
)

// define returns an instrument or ends the test.
func define(t testing.TB, r *Registry, d Definition) *Instrument {
	t.Helper()
	i, err := r.Define(d)
	if err != nil {
		t.Fatalf("Define(%s): %v", d.Name, err)
	}
	return i
}

func counter(name string, keys ...string) Definition {
	return Definition{Descriptor: metric.Descriptor{Name: name, Kind: metric.Counter, Keys: keys}}
}

// ints returns what a collection shows of an Int64 metric, by label set.
func ints(r *Registry, name string) map[string]int64 {
	shown := map[string]int64{}
	for f := range r.Collect(context.Background()) {
		if f.Descriptor.Name != name {
			continue
		}
		for p := range f.Points {
			shown[p.Labels.String()] = p.Int
		}
	}
	return shown
}

// TestEqualHashesStayApart admits label sets under one hash, as crafted values
// could have it, and finds each again.
func TestEqualHashesStayApart(t *testing.T) {
	r := New(Options{})
	f := define(t, r, counter("calls_total", "a", "b")).family
	sets := [][]string{
		{"", ""}, {"a", ""}, {"", "a"}, {"a", "b"}, {"b", "a"}, {"ab", ""},
		{`a",b="b`, ""}, {"a", `",b="`}, {`a\`, "b"}, {`a\\`, "b"}, {"a\n", "b"}, {`a\n`, "b"}, {`"`, `"`},
	}
	const hash = 42
	admitted := map[*series]int{}
	for n, values := range sets {
		s := f.admit(values, hash)
		if other, taken := admitted[s]; taken {
			t.Fatalf("%q and %q share a series", values, sets[other])
		}
		admitted[s] = n
	}
	for n, values := range sets {
		s := f.find(values, hash)
		if s == nil || admitted[s] != n {
			t.Errorf("%q is not found again", values)
		}
		if got := s.labels.Values(nil, f.keys); !slices.Equal(got, values) {
			t.Errorf("series of %q has values %q", values, got)
		}
	}
}

// TestMatchingIsEncoding draws values from an alphabet that is full of what
// encoding escapes, and compares matching with comparing encoded sets.
func TestMatchingIsEncoding(t *testing.T) {
	r := New(Options{SeriesBudget: 1 << 20})
	i := define(t, r, counter("calls_total", "a", "b", "c"))
	rng := rand.New(rand.NewPCG(1, 2))
	pieces := []string{"", "a", `"`, `\`, "\n", `",b="`, `",c="`, "n", `\"`, "é"}
	value := func() string {
		var b strings.Builder
		for range rng.IntN(4) {
			b.WriteString(pieces[rng.IntN(len(pieces))])
		}
		return b.String()
	}
	want := map[string]int64{}
	for range 20_000 {
		values := []string{value(), value(), value()}
		i.AddInt(1, values...)
		want[metric.EncodeLabels(i.family.keys, values).String()]++
		s := i.series(values)
		other := []string{value(), value(), value()}
		if got, want := i.matches(s, other), slices.Equal(values, other); got != want {
			t.Fatalf("matches(%q, %q) = %t, want %t", values, other, got, want)
		}
	}
	if got := ints(r, "calls_total"); fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("%d series shown, %d wanted, or their counts differ", len(got), len(want))
	}
}

func TestScopesWithTheSameLabelsShareSeries(t *testing.T) {
	r := New(Options{})
	whole := define(t, r, counter("calls_total", "status", "shard"))
	split := counter("calls_total", "status")
	split.Const = metric.Labels{{Name: "shard", Value: "7"}}
	part := define(t, r, split)
	whole.AddInt(1, "ok", "7")
	part.AddInt(2, "ok")
	part.AddInt(4, "bad")
	want := map[string]int64{`shard="7",status="ok"`: 3, `shard="7",status="bad"`: 4}
	if got := ints(r, "calls_total"); fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("shown %v, want %v", got, want)
	}
}

func TestCallerMayReuseValues(t *testing.T) {
	r := New(Options{})
	i := define(t, r, counter("calls_total", "a"))
	buffer := []byte("first")
	values := []string{string(buffer)}
	i.AddInt(1, values...)
	values[0] = "second"
	i.AddInt(2, values...)
	want := map[string]int64{`a="first"`: 1, `a="second"`: 2}
	if got := ints(r, "calls_total"); fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("shown %v, want %v", got, want)
	}
}
