package merge

import (
	"strings"
	"testing"
	"time"

	"github.com/metertree/metertree/metric"
	"github.com/metertree/metertree/server/internal/gateway/push"
)

// said is a counter's value at a time, with what is shown after it.
type said struct {
	start, at int64
	value     float64
	want      string
}

func TestTotalsWithoutStart(t *testing.T) {
	for name, script := range map[string][]said{
		"known later": {
			{unknown, 10, 3, "c_total{} 3"}, {5, 20, 4, "c_total{} 4"}, {unknown, 30, 5, "c_total{} 5"}, {5, 40, 6, "c_total{} 6"},
		},
		"known first": {
			{5, 10, 3, "c_total{} 3"}, {unknown, 20, 4, "c_total{} 4"}, {5, 30, 5, "c_total{} 5"},
		},
		"a start at the time of the unknown point": {
			{unknown, 10, 3, "c_total{} 3"}, {10, 20, 4, "c_total{} 4"},
		},
		"a later start is a restart": {
			{unknown, 10, 3, "c_total{} 3"}, {11, 20, 4, "c_total{} 7"}, {unknown, 30, 5, "c_total{} 8"}, {unknown, 9, 2, "c_total{} 8"},
		},
		"an unknown point before the start": {
			{15, 20, 4, "c_total{} 4"}, {unknown, 10, 3, "c_total{} 7"},
		},
		"late and repeated": {
			{5, 20, 4, "c_total{} 4"}, {unknown, 10, 3, "c_total{} 4"}, {unknown, 20, 4, "c_total{} 4"},
			{unknown, 30, 6, "c_total{} 6"}, {5, 25, 5, "c_total{} 6"}, {5, 30, 6, "c_total{} 6"},
		},
		"a restart without a start, smaller": {
			{5, 10, 30, "c_total{} 30"}, {unknown, 20, 3, "c_total{} 33"}, {15, 30, 4, "c_total{} 34"},
		},
		"a restart without a start, greater": {
			{5, 10, 3, "c_total{} 3"}, {unknown, 20, 7, "c_total{} 7"}, {15, 30, 8, "c_total{} 11"},
		},
		"two writers": {
			{5, 10, 5, "c_total{} 5"}, {unknown, 20, 1000, "c_total{} 1000"}, {5, 30, 6, "c_total{} 1006"},
			{unknown, 40, 1001, "c_total{} 1007"}, {5, 50, 7, "c_total{} 1008"},
		},
		"two writers, unknown first": {
			{unknown, 10, 1000, "c_total{} 1000"}, {5, 20, 5, "c_total{} 1005"}, {unknown, 30, 1001, "c_total{} 1006"}, {5, 40, 6, "c_total{} 1007"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := newScript(t)
			for _, one := range script {
				s.push(counter.push(at(one.start, one.at, one.value)), "", one.want)
			}
		})
	}
}

// Two writers, of which one has no start, are told of each other.
func TestContradictionIsTold(t *testing.T) {
	s := newScript(t)
	s.push(counter.push(at(5, 10, 5)), "", "c_total{} 5")
	s.push(counter.push(at(unknown, 20, 1000)), "", "c_total{} 1000")
	if o := s.push(counter.push(at(5, 30, 6)), "", "c_total{} 1006"); o.Conflicts != 1 || !strings.Contains(o.Warning.Cause, "service.instance.id") {
		t.Errorf("%+v", o)
	}
}

func TestHistogramsWithoutStart(t *testing.T) {
	h := told{instance: "a", name: "h", kind: metric.Histogram}
	bounds := []float64{1}
	s := newScript(t)
	s.push(h.push(histogram(at(unknown, 10, 0), bounds, 1, 2)), "", "h{} [1 2]")
	s.push(h.push(histogram(at(5, 20, 0), bounds, 2, 2)), "", "h{} [2 2]")
	s.push(h.push(histogram(at(unknown, 30, 0), bounds, 2, 4)), "", "h{} [2 4]")
	// It was of a process that began anew, and had more by then.
	s.push(h.push(histogram(at(25, 40, 0), bounds, 3, 4)), "", "h{} [5 6]")
}

// What is forgotten goes on, too, if it returns with the start that it had not.
func TestStartLearnedAfterSilence(t *testing.T) {
	s := newScript(t)
	s.push(counter.push(at(unknown, 10, 3)), "", "c_total{} 3")
	s.now += int64(20 * time.Minute)
	s.push(counter.push(at(5, 1300, 4)), "", "c_total{} 4")
	s.push(counter.push(at(unknown, 1310, 5)), "", "c_total{} 5")
	s.now += int64(20 * time.Minute)
	s.push(counter.push(at(unknown, 2600, 6)), "", "c_total{} 6")
	s.push(counter.push(at(5, 2610, 7)), "", "c_total{} 7")
}

func TestDeletedGroup(t *testing.T) {
	s := newScript(t)
	gone := &push.Batch{Sources: []push.Source{{Identity: "a", Replaces: true}}}
	s.push(counter.push(at(unknown, 10, 5)), "", "c_total{} 5")
	s.push(gone, "", "c_total{} 5")
	s.push(counter.push(at(unknown, 10, 5)), "", "c_total{} 5")
	s.push(counter.push(at(unknown, 20, 6)), "", "c_total{} 11")
	s.push(counter.push(at(unknown, 30, 7)), "", "c_total{} 12")
	s.push(gone, "", "c_total{} 12")
	// After silence as well.
	s.now += int64(20 * time.Minute)
	s.push(counter.push(at(unknown, 1300, 8)), "", "c_total{} 20")
	// Who says when it began is the same.
	s.push(counter.push(at(1250, 1310, 9)), "", "c_total{} 21")
	s.push(gone, "", "c_total{} 21")
	s.push(counter.push(at(1250, 1320, 10)), "", "c_total{} 22")
	s.push(gone, "", "c_total{} 22")
	s.push(counter.push(at(unknown, 1330, 11)), "", "c_total{} 33")
	// A replacing push of something else ends no total.
	other := told{instance: "a", name: "d_total", kind: metric.Counter}.push(at(unknown, 1340, 1))
	other.Sources[0].Replaces = true
	s.push(other, "", "c_total{} 33\nd_total{} 1")
	s.push(counter.push(at(unknown, 1350, 12)), "", "c_total{} 34\nd_total{} 1")
}

// A kind that follows from the name is held to what follows from the kind.
func TestGuessedCountersAreNotNegative(t *testing.T) {
	s := newScript(t)
	guessed := told{instance: "a", name: "untyped_total"}
	s.push(guessed.push(at(unknown, 10, -7)), push.Negative, "")
	s.push(guessed.push(at(unknown, 20, 7)), "", "untyped_total{} 7")
	s.push(guessed.push(at(unknown, 30, -9)), push.Negative, "untyped_total{} 7")
	s.push(told{instance: "a", name: "level"}.push(at(unknown, 10, -7)), "", "level{} -7\nuntyped_total{} 7")
}

// Journals of former versions keep their meaning.
func TestOriginalRules(t *testing.T) {
	s := newScript(t)
	s.state.Under(OriginalRules)
	s.push(counter.push(at(unknown, 10, 3)), "", "c_total{} 3")
	s.push(counter.push(at(5, 20, 4)), "", "c_total{} 7")
	s.push(&push.Batch{Sources: []push.Source{{Identity: "a", Replaces: true}}}, "", "c_total{} 7")
	s.push(counter.push(at(unknown, 30, 5)), "", "c_total{} 9")
	d := told{instance: "b", name: "d_total", kind: metric.Counter, delta: true}
	s.push(d.push(at(0, 10, 5)), "", "c_total{} 9\nd_total{} 5")
	s.push(d.push(at(0, 20, 7)), push.Overlap, "c_total{} 9\nd_total{} 5")
	s.push(told{instance: "a", name: "e_total"}.push(at(unknown, 10, -1)), "", "c_total{} 9\nd_total{} 5\ne_total{} -1")
}
