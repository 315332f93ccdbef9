package merge

import (
	"math"
	"slices"
	"testing"

	"github.com/metertree/metertree/aggregate"
	"github.com/metertree/metertree/metric"
	"github.com/metertree/metertree/server/internal/gateway/push"
)

// An exporter that does not know that its delta arrived includes it in the next.
func TestDeltasThatGrow(t *testing.T) {
	s := newScript(t)
	d := counter
	d.delta = true
	s.push(d.push(at(0, 10, 5)), "", "c_total{} 5")
	s.push(d.push(at(0, 20, 12)), "", "c_total{} 12")
	if o := s.push(d.push(at(0, 20, 12)), "", "c_total{} 12"); o.Repeated != 1 {
		t.Errorf("%+v", o)
	}
	s.push(d.push(at(0, 10, 5)), "", "c_total{} 12")
	s.push(d.push(at(0, 30, 12)), "", "c_total{} 12")
	s.push(d.push(at(0, 40, 112)), "", "c_total{} 112")
	s.push(d.push(at(0, 50, 111)), push.Overlap, "c_total{} 112")
	s.push(d.push(at(40, 50, 1)), "", "c_total{} 113")
	// Not the last any more.
	s.push(d.push(at(0, 60, 200)), push.Overlap, "c_total{} 113")
	s.push(d.push(at(45, 60, 200)), push.Overlap, "c_total{} 113")
	// Of what is beyond, some was counted.
	s.push(d.push(at(70, 80, 1)), "", "c_total{} 114")
	s.push(d.push(at(50, 75, 1)), push.Overlap, "c_total{} 114")
	s.push(d.push(at(70, 90, 3)), "", "c_total{} 116")
}

func TestUpDownDeltasThatGrow(t *testing.T) {
	s := newScript(t)
	d := told{instance: "a", name: "level", kind: metric.UpDownCounter, delta: true}
	s.push(d.push(at(0, 10, 5)), "", "level{} 5")
	s.push(d.push(at(0, 20, -2)), "", "level{} -2")
	s.push(d.push(at(20, 30, 1)), "", "level{} -1")
}

func TestHistogramDeltasThatGrow(t *testing.T) {
	h := told{instance: "a", name: "h", kind: metric.Histogram, delta: true}
	bounds := []float64{1}
	s := newScript(t)
	s.push(h.push(histogram(at(0, 10, 0), bounds, 1, 2)), "", "h{} [1 2]")
	s.push(h.push(histogram(at(0, 20, 0), bounds, 4, 2)), "", "h{} [4 2]")
	s.push(h.push(histogram(at(0, 30, 0), bounds, 3, 9)), push.Overlap, "h{} [4 2]")
	s.push(h.push(histogram(at(20, 30, 0), bounds, 1, 1)), "", "h{} [5 3]")
}

// The difference is taken at the coarser scale.
func TestExponentialDeltasThatGrow(t *testing.T) {
	for _, scales := range [][2]int{{2, 1}, {1, 2}} {
		s := newScript(t)
		e := told{instance: "a", name: "e", kind: metric.Histogram, delta: true}
		for i, scale := range scales {
			p := at(0, int64(10*(i+1)), 0)
			// One value in the first buckets, and in the second delta another.
			first := aggregate.SketchBuckets{First: 4 << scale, Counts: []uint64{uint64(i + 1)}}
			p.Distribution = &push.Distribution{Exponential: &aggregate.SketchState{Scale: scale, Size: push.SketchSize, Sum: 17 * float64(i+1), Positive: first}}
			s.now++
			if o := s.state.Apply(s.now, e.push(p)); o.Merged != 1 {
				t.Fatalf("%+v", o)
			}
		}
		for p := range s.state.Collect().Families[0].Points {
			if x := p.Exponential; x.Scale != 1 || x.Sum != 34 || !slices.Equal(x.Positive, []uint64{2}) {
				t.Errorf("%+v", x)
			}
		}
	}
}

func TestMinus(t *testing.T) {
	whole := func(i int64) number { return number{Whole: true, I: i} }
	if n := whole(-3).minus(whole(4)); n != whole(-7) {
		t.Errorf("%+v", n)
	}
	if n := whole(math.MinInt64).minus(whole(1)); n.Whole || n.float() != math.MinInt64 {
		t.Errorf("%+v: beyond what an integer holds", n)
	}
	if n := whole(math.MaxInt64).minus(whole(-1)); n.Whole || n.float() != -math.MinInt64 {
		t.Errorf("%+v: beyond what an integer holds", n)
	}
}
