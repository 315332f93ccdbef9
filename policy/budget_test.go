package policy

import (
	"math/rand/v2"
	"strconv"
	"strings"
	"sync"
	"testing"
)

func TestBudgets(t *testing.T) {
	b := Budgets{
		Series: 1000, Values: 100, Keys: map[string]int{"status": 10},
		Metrics: []MetricBudget{
			{Metric: "http_*", Series: 500, Values: 50},
			{Metric: "http_requests_*", Keys: map[string]int{"route": 7}},
			{Metric: "http_requests_total", Series: 9},
		},
	}
	if err := b.Validate(); err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		metric, key    string
		series, values int
	}{
		{"queue_depth", "queue", 1000, 100},
		{"queue_depth", "status", 1000, 10},
		{"http_seconds", "status", 500, 50},
		{"http_requests_open", "route", 1000, 7},
		{"http_requests_open", "status", 1000, 10},
		{"http_requests_total", "route", 9, 100},
	} {
		if got := b.SeriesOf(test.metric); got != test.series {
			t.Errorf("%s may have %d series, want %d", test.metric, got, test.series)
		}
		if got := b.ValuesOf(test.metric, test.key); got != test.values {
			t.Errorf("%s of %s may have %d values, want %d", test.key, test.metric, got, test.values)
		}
	}
	if (Budgets{}).SeriesOf("a") != 0 || (Budgets{}).ValuesOf("a", "b") != 0 {
		t.Error("no budgets set bounds")
	}
	for want, b := range map[string]Budgets{
		"-1 series":          {Series: -1},
		"of a*: -2 values":   {Metrics: []MetricBudget{{Metric: "a*", Keys: map[string]int{"k": -2}}}},
		`pattern "a b"`:      {Metrics: []MetricBudget{{Metric: "a b"}}},
		"0 series and -3 va": {Values: -3},
	} {
		if err := b.Validate(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%+v: %v, want %q", b, err, want)
		}
	}
}

func TestReserved(t *testing.T) {
	for value, want := range map[string]bool{"": true, Overflow: true, Unknown: true, Other: true, "Other": false, "ok": false} {
		if Reserved(value) != want {
			t.Errorf("Reserved(%q) is not %v", value, want)
		}
	}
}

// TestValues compares random takes and gives with a plain map of counts.
func TestValues(t *testing.T) {
	for seed := range uint64(50) {
		rng := rand.New(rand.NewPCG(seed, 0))
		limit := 1 + rng.IntN(5)
		v, used := NewValues(limit), map[string]int{}
		for range 500 {
			value := []string{"a", "b", "c", "d", "e", "f", "g", Overflow, Unknown, Other, ""}[rng.IntN(11)]
			want := value
			if !Reserved(value) && used[value] == 0 && len(used) >= limit {
				want = Overflow
			}
			if got := v.Resolve(value); got != want {
				t.Fatalf("seed %d: %q resolves to %q, want %q of %v", seed, value, got, want, used)
			}
			if rng.IntN(2) == 0 {
				if got := v.Take(value); got != want {
					t.Fatalf("seed %d: %q is taken as %q, want %q of %v", seed, value, got, want, used)
				}
				if !Reserved(want) {
					used[want]++
				}
			} else {
				v.Give(value)
				if used[value]--; used[value] <= 0 {
					delete(used, value)
				}
			}
			if v.Len() != len(used) || v.Len() > limit {
				t.Fatalf("seed %d: %d values are taken, want %d", seed, v.Len(), len(used))
			}
		}
	}
	v := NewValues(0)
	for i := range 100 {
		if value := strconv.Itoa(i); v.Take(value) != value || v.Resolve(value) != value {
			t.Error("no bound is a bound")
		}
	}
}

func TestResolveDoesNotAllocate(t *testing.T) {
	v := NewValues(2)
	for _, value := range []string{"a", "b"} {
		v.Take(value)
	}
	for _, value := range []string{"a", "stranger", Overflow} {
		if n := testing.AllocsPerRun(100, func() { v.Resolve(value) }); n != 0 {
			t.Errorf("Resolve(%q) allocates %v times", value, n)
		}
	}
}

func TestValuesAreSafeForConcurrentUse(t *testing.T) {
	v := NewValues(3)
	var wg sync.WaitGroup
	for u := range 4 {
		wg.Go(func() {
			for i := range 2000 {
				v.Resolve(strconv.Itoa(i % 7))
				v.Give(v.Take(strconv.Itoa((i + u) % 7)))
			}
		})
	}
	wg.Wait()
	if n := v.Len(); n != 0 {
		t.Errorf("%d values are taken after all were given back", n)
	}
}
