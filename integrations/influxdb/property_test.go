package influxdb

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/metertree/metertree/export"
	"github.com/metertree/metertree/meter"
	"github.com/metertree/metertree/metric"
	"github.com/metertree/metertree/registry"
)

// model keeps what was recorded as the fields that the database should have.
type model map[string]float64

func (m model) add(name, label, field string, v float64) { m[id(name, label, field)] += v }

func id(name, label, field string) string {
	l := line{measurement: name, tags: map[string]string{}}
	if label != "" {
		l.tags["l"] = label
	}
	return l.series() + " " + field
}

// TestRandomRegistries records at random, in a registry and in a model, and
// compares what is read of the lines with the model.
func TestRandomRegistries(t *testing.T) {
	labels := []string{"", "a", "a b", "a,b=c", `"`, "日本 語", `C:\dir`, "\u2028", "'"}
	bounds := []float64{-1, 0.5, 10}
	for seed := range uint64(30) {
		random := rand.New(rand.NewPCG(seed, 1))
		r := registry.New(registry.Options{})
		scope, want := meter.New(r), model{}
		for i := range 1 + random.IntN(5) {
			name := fmt.Sprintf("m%d", i)
			calls := scope.Counter(name+"_total", meter.Keys("l"))
			level := scope.Gauge(name, meter.Keys("l"))
			sizes := scope.Histogram(name+"_sizes", meter.Keys("l"), meter.Buckets(bounds...))
			for range random.IntN(50) {
				l := labels[random.IntN(len(labels))]
				n, v := random.Int64N(1000), float64(random.IntN(4000))/100-20
				calls.Add(n, l)
				want.add(name+"_total", l, "value", float64(n))
				level.Set(v, l)
				want[id(name, l, "value")] = v
				sizes.Observe(v, l)
				want.add(name+"_sizes", l, "count", 1)
				want.add(name+"_sizes", l, "sum", v)
				for _, bound := range bounds {
					below := 0.0
					if v <= bound {
						below = 1
					}
					want.add(name+"_sizes", l, fmt.Sprint("le_", bound), below)
				}
			}
		}
		text := encode(t, Options{MaxBytes: 1 + random.IntN(2000)}, &export.Batch{Time: noon, Families: func(yield func(*metric.Family) bool) {
			for f := range r.Collect(t.Context()) {
				if slices.Equal(f.Keys, []string{"l"}) && !yield(f) {
					return
				}
			}
		}})
		compare(t, seed, mustDecode(t, text), want)
	}
}

func compare(t *testing.T, seed uint64, lines []line, want model) {
	t.Helper()
	got := model{}
	for _, l := range lines {
		for field, v := range l.fields {
			switch v := v.(type) {
			case int64:
				got[l.series()+" "+field] = float64(v)
			case float64:
				got[l.series()+" "+field] = v
			}
		}
	}
	for id, v := range want {
		if have, is := got[id]; !is || have-v > 1e-9 || v-have > 1e-9 {
			t.Errorf("seed %d: %s is %v, want %v", seed, id, have, v)
		}
	}
	if len(got) != len(want) {
		t.Errorf("seed %d: %d fields, want %d", seed, len(got), len(want))
	}
}
