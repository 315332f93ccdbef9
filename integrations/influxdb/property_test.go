package influxdb

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/metertree/metertree/export"
	"github.com/metertree/metertree/integrations/internal/pushtest"
	"github.com/metertree/metertree/metric"
)

// model keeps what was recorded as the fields that the database should have.
type model map[string]float64

func id(name, label, field string) string {
	l := line{measurement: name, tags: map[string]string{}}
	if label != "" {
		l.tags["l"] = label
	}
	return l.series() + " " + field
}

// Counted implements pushtest.Recorded.
func (m model) Counted(name, label string, n int64) { m[id(name, label, "value")] += float64(n) }

// Set implements pushtest.Recorded.
func (m model) Set(name, label string, v float64) { m[id(name, label, "value")] = v }

// Observed implements pushtest.Recorded.
func (m model) Observed(name, label string, v float64) {
	m[id(name, label, "count")]++
	m[id(name, label, "sum")] += v
	for _, bound := range pushtest.Bounds {
		at := id(name, label, fmt.Sprint("le_", bound))
		m[at] += 0
		if v <= bound {
			m[at]++
		}
	}
}

// TestRandomRegistries records at random, in a registry and in a model, and
// compares what is read of the lines with the model.
func TestRandomRegistries(t *testing.T) {
	labels := []string{"", "a", "a b", "a,b=c", `"`, "日本 語", `C:\dir`, "\u2028", "'"}
	for seed := range uint64(30) {
		random := rand.New(rand.NewPCG(seed, 1))
		want := model{}
		r := pushtest.Record(random, labels, want)
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
		if have, is := got[id]; !is || have != v {
			t.Errorf("seed %d: %s is %v, want %v", seed, id, have, v)
		}
	}
	if len(got) != len(want) {
		t.Errorf("seed %d: %d fields, want %d", seed, len(got), len(want))
	}
}
