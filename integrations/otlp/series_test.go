package otlp

import (
	"fmt"
	"testing"
	"time"

	"github.com/metertree/metertree/metric"
)

// What is kept of series and metrics that are gone goes with the next whole
// export.
func TestMemoryForgetsWhatIsGone(t *testing.T) {
	var m memory
	keys := []string{"of"}
	export := func(series int, families ...string) {
		m.begin()
		for _, name := range families {
			r := m.of(name)
			for i := range series {
				m.attributesOf(r, keys, metric.EncodeLabels(keys, []string{fmt.Sprintf("%03d", i)}))
			}
			r.end()
		}
		m.acknowledge()
	}
	export(100, "a", "b")
	export(10, "b")
	if len(m.families) != 1 || len(m.families["b"].attributes.old) != 10 {
		t.Errorf("%d families are kept, with %d series of b; want 1 and 10", len(m.families), len(m.families["b"].attributes.old))
	}
}

// Deltas of an up-down counter add up to its total, however often they are sent.
func TestDeltasAddUp(t *testing.T) {
	var m memory
	start := time.Unix(1000, 0)
	labels := metric.EncodeLabels([]string{"of"}, []string{"a"})
	for _, step := range []struct {
		delta        int64
		start        time.Time
		acknowledged bool
		want         int64
	}{
		{5, start, true, 5},
		{-2, start, false, 3},
		{-3, start, false, 2},
		{-3, start, true, 2},
		{1, start, true, 3},
		{4, start.Add(time.Second), true, 4}, // ended, and began anew
	} {
		m.begin()
		r := m.of("in_flight")
		p := &metric.Point{Labels: labels, Start: step.start, Int: step.delta, Float: float64(step.delta)}
		got := r.addUp(p)
		if got.Int != step.want || got.Float != float64(step.want) || p.Int != step.delta {
			t.Errorf("a delta of %d makes %d and %v, want %d", step.delta, got.Int, got.Float, step.want)
		}
		r.end()
		if step.acknowledged {
			m.acknowledge()
		}
	}
}
