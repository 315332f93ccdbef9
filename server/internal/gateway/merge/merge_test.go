package merge

import (
	"bytes"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/metertree/metertree/aggregate"
	"github.com/metertree/metertree/metric"
	"github.com/metertree/metertree/server/internal/gateway/push"
)

const second = int64(time.Second)

// told builds batches of one metric and one source.
type told struct {
	instance string
	name     string
	kind     metric.Kind
	delta    bool
	labels   metric.Labels
}

func (m told) push(points ...push.Point) *push.Batch {
	for i := range points {
		points[i].Labels = push.AppendLabels(nil, m.labels)
	}
	shape := push.Number
	if len(points) > 0 && points[0].Distribution != nil {
		shape = push.Explicit
		if points[0].Distribution.Exponential != nil {
			shape = push.Exponential
		}
	}
	return &push.Batch{Points: len(points), Sources: []push.Source{{
		Identity: m.instance,
		Labels:   metric.Labels{{Name: "instance", Value: m.instance}},
		Metrics:  []push.Metric{{Name: m.name, Kind: m.kind, Shape: shape, Delta: m.delta, Points: points}},
	}}}
}

func at(start, seconds int64, value float64) push.Point {
	p := push.Point{Time: epoch + seconds*second, Float: value}
	if start >= 0 {
		p.Start = epoch + start*second
	}
	return p
}

// unknown is a start that is not known.
const unknown = -1

func histogram(p push.Point, bounds []float64, counts ...uint64) push.Point {
	p.Distribution = &push.Distribution{Explicit: aggregate.ExplicitState{Bounds: bounds, Counts: counts}}
	return p
}

// shown is what a state exposes, a line for each series.
func shown(s *State) string {
	var lines []string
	for _, f := range s.Collect().Families {
		for p := range f.Points {
			v := valuesOf(f, p)
			line := fmt.Sprintf("%s{%s} %v", f.Descriptor.Name, p.Labels, v.sum)
			if f.Descriptor.Kind == metric.Histogram {
				line = fmt.Sprintf("%s{%s} %v", f.Descriptor.Name, p.Labels, p.Buckets().Counts)
			}
			lines = append(lines, line)
		}
	}
	return strings.Join(lines, "\n")
}

// script applies pushes one second apart, and checks after each what it was told
// and what is shown.
type script struct {
	*testing.T
	state *State
	now   int64
}

func newScript(t *testing.T, change ...func(*Settings)) *script {
	settings := DefaultSettings()
	for _, c := range change {
		c(&settings)
	}
	return &script{t, New(settings), epoch + 1000*second}
}

func (s *script) push(b *push.Batch, refused push.Reason, want string) Outcome {
	s.Helper()
	s.now += second
	o := s.state.Apply(s.now, b)
	if refused == "" && o.Refused.Total() > 0 || refused != "" && !o.Refused.Only(refused) {
		s.Errorf("refused %v, want %q", &o.Refused, refused)
	}
	if got := shown(s.state); got != want {
		s.Errorf("shown:\n%s\nwant:\n%s", got, want)
	}
	return o
}

var counter = told{instance: "a", name: "c_total", kind: metric.Counter}

func TestCumulativeCounter(t *testing.T) {
	s := newScript(t)
	s.push(counter.push(at(0, 10, 5)), "", "c_total{} 5")
	if o := s.push(counter.push(at(0, 10, 5)), "", "c_total{} 5"); o.Repeated != 1 {
		t.Errorf("%+v", o)
	}
	s.push(counter.push(at(0, 12, 9)), "", "c_total{} 9")
	if o := s.push(counter.push(at(0, 11, 7)), "", "c_total{} 9"); o.Covered != 1 {
		t.Errorf("%+v", o)
	}
	s.push(counter.push(at(0, 11, 10)), push.OutOfOrder, "c_total{} 9")
	s.push(counter.push(at(0, 12, 8)), push.Conflict, "c_total{} 9")
	// A new start counts as a whole, also if the value did not fall; what is left
	// of the old one still counts.
	if o := s.push(counter.push(at(13, 20, 9)), "", "c_total{} 18"); o.Resets != 1 {
		t.Errorf("%+v", o)
	}
	s.push(counter.push(at(0, 13, 10)), "", "c_total{} 19")
	// The same start, and less: a restart that does not say so.
	s.push(counter.push(at(13, 21, 1)), "", "c_total{} 20")
	// An old process that goes on beside the new one.
	if o := s.push(counter.push(at(0, 100, 11)), "", "c_total{} 21"); o.Conflicts != 1 || !strings.Contains(o.Warning.Cause, "service.instance.id") {
		t.Errorf("%+v", o)
	}
}

func TestTwoWritersWithoutStart(t *testing.T) {
	s := newScript(t)
	var refused int
	for i := range int64(20) {
		s.now += second
		value := 1000 + float64(i)
		if i%2 == 1 {
			value = 500 + float64(i)
		}
		o := s.state.Apply(s.now, counter.push(at(unknown, i, value)))
		refused += o.Refused.Counts[push.Conflict]
	}
	if refused < 8 {
		t.Errorf("%d of 20 points refused, want most", refused)
	}
}

// A process that keeps crashing is no conflict.
func TestCrashLoop(t *testing.T) {
	s := newScript(t)
	total, i := 0.0, int64(0)
	for _, lives := range [][]float64{{3, 9, 12}, {1, 5}, {2, 2, 30}, {1}, {0, 4}, {3, 8}, {1, 2}, {0}} {
		for _, v := range lives {
			s.now += second
			i++
			if o := s.state.Apply(s.now, counter.push(at(unknown, i, v))); o.Refused.Total() > 0 {
				t.Fatalf("refused %v", &o.Refused)
			}
		}
		total += lives[len(lives)-1]
	}
	if got, want := shown(s.state), fmt.Sprint("c_total{} ", total); got != want {
		t.Errorf("shown %s, want %s", got, want)
	}
}

func TestDeltas(t *testing.T) {
	s := newScript(t)
	d := counter
	d.delta = true
	s.push(d.push(at(0, 10, 5)), "", "c_total{} 5")
	if o := s.push(d.push(at(0, 10, 5)), "", "c_total{} 5"); o.Repeated != 1 {
		t.Errorf("%+v", o)
	}
	s.push(d.push(at(20, 30, 1)), "", "c_total{} 6")
	s.push(d.push(at(10, 20, 2)), "", "c_total{} 8")
	s.push(d.push(at(5, 25, 100)), "", "c_total{} 8")
	s.push(d.push(at(25, 35, 100)), push.Overlap, "c_total{} 8")
	if o := s.push(d.push(at(12, 18, 100)), "", "c_total{} 8"); o.Repeated != 1 {
		t.Errorf("%+v", o)
	}
	// Without a start the time alone tells repetitions.
	s.push(d.push(at(unknown, 40, 1)), "", "c_total{} 9")
	s.push(d.push(at(unknown, 40, 1)), "", "c_total{} 9")
	// After silence, what may have been counted is refused.
	s.now += int64(20 * time.Minute)
	s.push(d.push(at(30, 39, 1)), push.TooOld, "c_total{} 9")
	s.push(d.push(at(40, 41, 1)), "", "c_total{} 10")
}

func TestGaugesAndUpDownCounters(t *testing.T) {
	inFlight := func(instance string) told {
		return told{instance: instance, name: "in_flight", kind: metric.UpDownCounter}
	}
	s := newScript(t)
	s.push(inFlight("a").push(at(0, 10, 5)), "", "in_flight{} 5")
	s.push(inFlight("b").push(at(0, 10, -2)), "", "in_flight{} 3")
	s.push(inFlight("a").push(at(0, 9, 50)), "", "in_flight{} 3")
	s.push(inFlight("a").push(at(0, 10, 50)), push.Conflict, "in_flight{} 3")
	s.push(inFlight("a").push(at(0, 11, 1)), "", "in_flight{} -1")
	ended := at(0, 12, 0)
	ended.Ended = true
	s.push(inFlight("b").push(ended), "", "in_flight{} 1")
	s.push(inFlight("b").push(at(0, 13, 7)), "", "in_flight{} 8")
	// Whoever is silent leaves.
	s.now += int64(10 * time.Minute)
	s.push(inFlight("a").push(at(0, 700, 2)), "", "in_flight{} 9")
	s.now += int64(6 * time.Minute)
	s.state.Advance(s.now)
	if got := shown(s.state); got != "in_flight{} 2" {
		t.Errorf("shown %s", got)
	}
}

func TestGaugeFolds(t *testing.T) {
	for fold, want := range map[metric.Fold]string{
		metric.FoldLast: "g{} 4", metric.FoldSum: "g{} 15", metric.FoldMin: "g{} 2", metric.FoldMax: "g{} 9", metric.FoldAvg: "g{} 5", metric.FoldNone: "",
	} {
		s := newScript(t, func(o *Settings) { o.GaugeFold = fold })
		for i, v := range []float64{9, 2, 4} {
			s.now++
			s.state.Apply(s.now, told{instance: fmt.Sprint(i), name: "g", kind: metric.Gauge}.push(at(unknown, int64(i), v)))
		}
		if got := shown(s.state); got != want {
			t.Errorf("%v: shown %q, want %q", fold, got, want)
		}
		if n := s.state.Collect().Unmerged; (n == 1) != (fold == metric.FoldNone) {
			t.Errorf("%v: %d unmerged", fold, n)
		}
	}
}

// A declaration says how a gauge is merged, before or after its values came.
func TestDeclaredFold(t *testing.T) {
	s := newScript(t)
	for i, v := range []float64{9, 2, 4} {
		s.now++
		s.state.Apply(s.now, told{instance: fmt.Sprint(i), name: "g", kind: metric.Gauge}.push(at(unknown, int64(i), v)))
	}
	info := metric.Descriptor{Name: "g", Kind: metric.Gauge, Fold: metric.FoldMax}.Info()
	s.state.Apply(s.now, told{instance: "0", name: metric.MetricInfo, kind: metric.Gauge, labels: info}.push(at(unknown, 5, 1)))
	var image bytes.Buffer
	if err := s.state.Write(&image); err != nil {
		t.Fatal(err)
	}
	restored, err := Read(&image)
	if err != nil {
		t.Fatal(err)
	}
	for _, state := range []*State{s.state, restored} {
		if got := shown(state); !strings.HasPrefix(got, "g{} 9\n") {
			t.Errorf("shown %s", got)
		}
	}
}

func TestHistogramBounds(t *testing.T) {
	h := func(instance string) told { return told{instance: instance, name: "h", kind: metric.Histogram} }
	one, two := []float64{1, 2}, []float64{1, 3}
	s := newScript(t)
	s.push(h("a").push(histogram(at(0, 10, 0), one, 1, 2, 3)), "", "h{} [1 2 3]")
	s.push(h("b").push(histogram(at(0, 10, 0), one, 1, 1, 1)), "", "h{} [2 3 4]")
	s.push(h("c").push(histogram(at(0, 10, 0), two, 9, 9, 9)), push.OtherBounds, "h{} [2 3 4]")
	// Once nobody is left who has the former bounds, others are taken.
	s.now += int64(20 * time.Minute)
	s.push(h("c").push(histogram(at(0, 1300, 0), two, 9, 9, 9)), "", "h{} [9 9 9]")
	s.push(h("c").push(histogram(at(0, 1301, 0), one, 1, 1, 1)), "", "h{} [1 1 1]")
}

// Buckets that come as counters of their own tell by their streams that bounds
// differ.
func TestUnevenBuckets(t *testing.T) {
	s := newScript(t)
	for i, bounds := range []string{"1 2 +Inf", "1 2 +Inf", "1 3 +Inf"} {
		for _, le := range strings.Fields(bounds) {
			b := told{instance: fmt.Sprint(i), name: "h_bucket", kind: metric.Counter,
				labels: metric.Labels{{Name: "a", Value: `x",le="`}, {Name: "le", Value: le}, {Name: "op", Value: "put"}}}
			s.now++
			if o := s.state.Apply(s.now, b.push(at(0, 10, 1))); o.Merged != 1 {
				t.Fatalf("%+v", o)
			}
		}
		if n := s.state.Collect().Uneven; (n == 1) != (i == 2) {
			t.Errorf("after instance %d: %d uneven", i, n)
		}
	}
}

func TestExponentialScales(t *testing.T) {
	e := told{name: "e", kind: metric.Histogram, delta: true}
	s := newScript(t)
	for i, scale := range []int{3, 0, 5, 2} {
		e.instance = fmt.Sprint(i)
		p := at(0, 10, 0)
		p.Distribution = &push.Distribution{Exponential: &aggregate.SketchState{
			Scale: scale, Size: push.SketchSize, Sum: 2,
			Positive: aggregate.SketchBuckets{First: 0, Counts: []uint64{1, 1}},
		}}
		s.now++
		if o := s.state.Apply(s.now, e.push(p)); o.Merged != 1 {
			t.Fatalf("%+v", o)
		}
	}
	for p := range s.state.Collect().Families[0].Points {
		if x := p.Exponential; x.Scale != 0 || x.Count() != 8 || x.Sum != 8 || !slices.Equal(x.Positive, []uint64{7, 1}) {
			t.Errorf("%+v", x)
		}
	}
	p := at(10, 20, 0)
	p.Distribution = &push.Distribution{Exponential: &aggregate.SketchState{Size: push.SketchSize, ZeroThreshold: 1, Zero: 1}}
	if o := s.state.Apply(s.now+1, e.push(p)); !o.Refused.Only(push.OtherBounds) {
		t.Errorf("another zero threshold: %+v", o)
	}
}

func TestTypesAndNamesThatCollide(t *testing.T) {
	s := newScript(t)
	h := told{instance: "a", name: "h", kind: metric.Histogram}
	s.push(h.push(histogram(at(0, 10, 0), nil, 1)), "", "h{} [1]")
	s.push(told{instance: "a", name: "h", kind: metric.Gauge}.push(at(0, 10, 1)), push.OtherType, "h{} [1]")
	s.push(told{instance: "a", name: "h_count", kind: metric.Counter}.push(at(0, 10, 1)), push.OtherType, "h{} [1]")
	s.push(told{instance: "a", name: "metertree_gateway_x", kind: metric.Gauge}.push(at(0, 10, 1)), push.BadName, "h{} [1]")
	h.labels = metric.Labels{{Name: "le", Value: "x"}}
	s.push(h.push(histogram(at(0, 10, 0), nil, 1)), push.BadName, "h{} [1]")
}

// What was taken for a gauge by its name becomes what it is said to be.
func TestInferredKind(t *testing.T) {
	s := newScript(t)
	jobs := told{instance: "a", name: "jobs"}
	s.push(jobs.push(at(unknown, 10, 7)), "", "jobs{} 7")
	s.push(&push.Batch{Declared: []push.Declaration{{Name: "jobs", Kind: metric.Counter}}}, "", "jobs{} 7")
	s.push(jobs.push(at(unknown, 11, 9)), "", "jobs{} 9")
	jobs.instance = "b"
	s.push(jobs.push(at(unknown, 11, 5)), "", "jobs{} 14")
}

func TestClockSkew(t *testing.T) {
	s := newScript(t)
	s.push(counter.push(at(0, 1000+700, 5)), push.TooNew, "")
	s.push(counter.push(at(unknown, -90_000, 5)), push.TooOld, "")
	s.push(counter.push(at(0, 1000+500, 5)), "", "c_total{} 5")
	if size := s.state.Size(); size.Streams != 1 || size.Series != 1 || size.Families != 1 {
		t.Errorf("%+v: what is refused leaves nothing behind", size)
	}
}

// The total of one process is what the process says, to the last bit, however many
// pushes there were.
func TestFloatsDoNotDrift(t *testing.T) {
	s := newScript(t)
	value := 0.0
	for i := range int64(50_000) {
		value += 0.1
		s.now++
		s.state.Apply(s.now, counter.push(push.Point{Start: epoch, Time: epoch + i + 1, Float: value}))
	}
	if got, want := shown(s.state), fmt.Sprint("c_total{} ", value); got != want {
		t.Errorf("shown %s, want %s", got, want)
	}
}

func TestOverflow(t *testing.T) {
	s := newScript(t)
	for i := range 3 {
		p := at(0, 10, 0)
		p.Whole, p.Int = true, math.MaxInt64-5
		c := counter
		c.instance = fmt.Sprint(i)
		s.now++
		s.state.Apply(s.now, c.push(p))
	}
	if got, want := shown(s.state), fmt.Sprint("c_total{} ", 3*float64(math.MaxInt64-5)); got != want {
		t.Errorf("shown %s, want %s", got, want)
	}
}
