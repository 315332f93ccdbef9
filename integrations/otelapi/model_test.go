package otelapi_test

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"

	"go.opentelemetry.io/otel/attribute"
	api "go.opentelemetry.io/otel/metric"
	"go.opentelemetry.io/otel/metric/x"

	"github.com/metertree/metertree/integrations/otelapi"
	"github.com/metertree/metertree/registry"
)

// TestRandomUpdatesLoseNothing lets goroutines update one counter and one histogram
// with random attributes, given in every way there is, beside collections, while
// series are forgotten and finished; what readers were told must be what was added.
func TestRandomUpdatesLoseNothing(t *testing.T) {
	for _, limit := range []int{0, 20} {
		for seed := range uint64(4) {
			t.Run(fmt.Sprintf("limit %d, seed %d", limit, seed), func(t *testing.T) { randomUpdates(t, limit, seed) })
		}
	}
}

func randomUpdates(t *testing.T, limit int, seed uint64) {
	s := newSetup(t, registry.Options{ForgetAfter: 1}, otelapi.Options{CardinalityLimit: limit})
	c := s.counter(t, "requests")
	reader := s.registry.NewReader()
	defer reader.Close()
	const goroutines, each = 4, 1500
	var wg sync.WaitGroup
	var mu sync.Mutex
	var want int64
	for g := range goroutines {
		wg.Go(func() {
			random := rand.New(rand.NewPCG(seed, uint64(g)))
			added := int64(0)
			for range each {
				v := random.Int64N(100)
				updateSomehow(random, c, v)
				added += v
			}
			mu.Lock()
			defer mu.Unlock()
			want += added
		})
	}
	var told int64
	for range 30 {
		told += readDelta(t, reader, "requests_total")
	}
	wg.Wait()
	for range 4 {
		told += readDelta(t, reader, "requests_total")
	}
	if told != want {
		t.Errorf("readers were told of %d, and %d was added", told, want)
	}
}

// updateSomehow adds to a counter with random attributes.
func updateSomehow(random *rand.Rand, c api.Int64Counter, v int64) {
	all := randomAttributes(random)
	switch random.IntN(6) {
	case 0:
		c.Add(background, v, api.WithAttributeSet(attribute.NewSet(all...)))
	case 1:
		c.Add(background, v, x.WithUnsafeAttributes(all...))
	case 2:
		c.(x.Int64CounterBinder).Bind(all...).Add(background, v)
	case 3:
		half := len(all) / 2
		c.(x.Int64CounterBinder).Bind(all[:half]...).Add(background, v, with(all[half:]...))
	case 4:
		c.Add(background, v, with(all...))
		c.(x.Finisher).Finish(background, all...)
	default:
		c.Add(background, v, with(all...))
	}
}

var someValues = []attribute.Value{
	attribute.StringValue("1"), attribute.IntValue(1), attribute.IntValue(2), attribute.BoolValue(true), attribute.StringValue("true"),
	attribute.StringValue(""), attribute.Float64Value(1), attribute.StringSliceValue([]string{"1"}), attribute.StringValue("\xff"),
}

func randomAttributes(random *rand.Rand) (all []attribute.KeyValue) {
	keys := []attribute.Key{"a", "b.c", "b_c", "le", "otel.scope.name"}
	// Often there are few, so that sets come that are empty, or have empty values alone.
	for _, key := range keys[:random.IntN(len(keys)+1)] {
		for range random.IntN(3) {
			all = append(all, attribute.KeyValue{Key: key, Value: someValues[random.IntN(len(someValues))]})
		}
	}
	random.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
	return all
}

// FuzzAttributes adds twice with two sets that are equal or not, and expects as many
// series.
func FuzzAttributes(f *testing.F) {
	f.Add(uint64(1), uint64(1), "a", "x")
	f.Add(uint64(1), uint64(2), "a.b", "")
	f.Add(uint64(3), uint64(4), "a_b", "\xff")
	f.Add(uint64(5), uint64(6), "", "1")
	for seed := range uint64(40) {
		f.Add(seed, seed+1, "a", "")
	}
	f.Fuzz(func(t *testing.T, one, two uint64, key, value string) {
		s := newSetup(t, registry.Options{}, otelapi.Options{})
		c := s.counter(t, "requests")
		want := map[attribute.Set]float64{}
		for n, seed := range []uint64{one, two, one} {
			all := randomAttributes(rand.New(rand.NewPCG(seed, 0)))
			if n > 0 {
				all = append(all, attribute.String(key, value))
			}
			set := attribute.NewSet(slices.Clone(all)...)
			want[set] += float64(int(1) << n)
			updateWith(c, int64(1)<<n, all)
		}
		got := slices.Sorted(maps.Values(s.values("requests_total")))
		if expected := slices.Sorted(maps.Values(want)); !slices.Equal(got, expected) {
			t.Errorf("sets of %d and %d with %q=%q have %v, want %v", one, two, key, value, got, expected)
		}
	})
}

func updateWith(c api.Int64Counter, v int64, all []attribute.KeyValue) {
	c.Add(background, v, with(all...))
}
