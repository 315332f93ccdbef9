package merge

import (
	"bytes"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/metertree/metertree/aggregate"
	"github.com/metertree/metertree/metric"
	"github.com/metertree/metertree/server/internal/gateway/push"
)

// These tests hold a state to a model that knows every increment: random
// processes count, restart and push, and the network between them and the state
// repeats, reorders and delays. Totals must be exact.

var epoch = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC).UnixNano()

// form is a way of counting.
type form struct {
	name  string
	kind  metric.Kind
	shape push.Shape
	delta bool
	whole bool
}

var forms = []form{
	{"ints_total", metric.Counter, push.Number, false, true},
	{"floats_total", metric.Counter, push.Number, false, false},
	{"int_deltas_total", metric.Counter, push.Number, true, true},
	{"float_deltas_total", metric.Counter, push.Number, true, false},
	{"waits", metric.Histogram, push.Explicit, false, false},
	{"wait_deltas", metric.Histogram, push.Explicit, true, false},
	{"sizes", metric.Histogram, push.Exponential, false, false},
	{"size_deltas", metric.Histogram, push.Exponential, true, false},
	{"calls", metric.Histogram, push.Summary, false, false},
}

// values is what a process or the model counted.
type values struct {
	sum     float64
	count   uint64
	buckets map[int]uint64
}

func (v *values) observe(f form, x float64) {
	v.sum += x
	if f.kind == metric.Histogram {
		v.count++
		if v.buckets == nil {
			v.buckets = map[int]uint64{}
		}
		v.buckets[bucketOf(f, x)]++
	}
}

var testBounds = []float64{1, 4, 16}

// bucketOf returns the explicit bucket, or the exponential one at scale 0.
func bucketOf(f form, x float64) int {
	switch f.shape {
	case push.Explicit:
		at, _ := slices.BinarySearch(testBounds, x)
		return at
	case push.Exponential:
		return int(math.Ceil(math.Log2(x))) - 1
	}
	return 0
}

// process counts in one form and pushes.
type process struct {
	form     form
	instance int
	label    string
	start    int64
	last     int64
	has      values
	pending  []push.Batch
	sent     []push.Batch
	// reported is the last delta, and began where its period starts.
	reported *values
	began    int64
	// lost says that its next one includes the last.
	lost bool
}

func (p *process) point(at int64) push.Point {
	start := p.start
	if p.form.delta {
		start = p.last
	}
	point := push.Point{
		Labels: push.AppendLabels(nil, []metric.Label{{Name: "op", Value: p.label}}),
		Start:  start, Time: at,
	}
	switch p.form.shape {
	case push.Number:
		point.Whole, point.Int, point.Float = p.form.whole, int64(p.has.sum), p.has.sum
	case push.Exponential:
		point.Distribution = &push.Distribution{Exponential: exponentialOf(&p.has)}
	case push.Explicit:
		counts := make([]uint64, len(testBounds)+1)
		for i, n := range p.has.buckets {
			counts[i] = n
		}
		point.Distribution = &push.Distribution{Explicit: aggregate.ExplicitState{Bounds: slices.Clone(testBounds), Counts: counts, Sum: p.has.sum}}
	case push.Summary:
		point.Distribution = &push.Distribution{Explicit: aggregate.ExplicitState{Counts: []uint64{p.has.count}, Sum: p.has.sum}}
	}
	return point
}

func exponentialOf(v *values) *aggregate.SketchState {
	s := &aggregate.SketchState{Size: push.SketchSize, Sum: v.sum}
	low, high := math.MaxInt, math.MinInt
	for i := range v.buckets {
		low, high = min(low, i), max(high, i)
	}
	if low <= high {
		s.Positive = aggregate.SketchBuckets{First: low, Counts: make([]uint64, high-low+1)}
		for i, n := range v.buckets {
			s.Positive.Counts[i-low] = n
		}
	}
	return s
}

// report makes a push of what the process has, to be delivered some time.
func (p *process) report(at int64) {
	p.pending = append(p.pending, push.Batch{Points: 1, Sources: []push.Source{{
		Identity: fmt.Sprint("p", p.instance),
		Labels:   metric.Labels{{Name: "instance", Value: fmt.Sprint(p.instance)}, {Name: "job", Value: "shop"}},
		Metrics:  []push.Metric{{Name: p.form.name, Kind: p.form.kind, Shape: p.form.shape, Delta: p.form.delta, Points: []push.Point{p.point(at)}}},
	}}})
	if p.form.delta {
		reported := p.has
		p.reported, p.began, p.has = &reported, p.last, values{}
	}
	p.last = at
}

// lose has a process not know that its last delta arrived, so that its next one
// includes it.
func (p *process) lose() {
	if p.reported == nil || len(p.pending) > 0 {
		return
	}
	p.has.sum += p.reported.sum
	p.has.count += p.reported.count
	for i, n := range p.reported.buckets {
		if p.has.buckets == nil {
			p.has.buckets = map[int]uint64{}
		}
		p.has.buckets[i] += n
	}
	p.last, p.reported, p.lost = p.began, nil, true
}

// world is the processes, the network and the model.
type world struct {
	random    *rand.Rand
	state     *State
	now       int64
	processes []*process
	model     map[string]*values
	instances int
	// startless has totals come without a start now and then. Before a process
	// ends, one with its start arrives.
	startless bool
}

func newWorld(seed uint64, state *State) *world {
	return &world{random: rand.New(rand.NewPCG(seed, 7)), state: state, now: epoch, model: map[string]*values{}}
}

// spawn starts a process; one that takes the place of another has its identity.
func (w *world) spawn(of form, instance int) {
	w.processes = append(w.processes, &process{
		form: of, instance: instance, label: fmt.Sprint("op", w.random.IntN(3)), start: w.now, last: w.now,
	})
}

func (w *world) step(t *testing.T) {
	// All of a run is less than the time after which streams are idle.
	w.now += 1 + w.random.Int64N(int64(200*time.Millisecond))
	p := w.processes[w.random.IntN(len(w.processes))]
	switch n := w.random.IntN(20); {
	case n < 8:
		w.count(p)
	case n < 13:
		w.report(t, p)
		if w.startless && w.random.IntN(2) == 0 {
			p.pending[len(p.pending)-1].Sources[0].Metrics[0].Points[0].Start = 0
		}
	case n < 17:
		w.deliver(t, p)
	case n == 17:
		p.lose()
	case n == 18:
		w.restart(t, p)
	default:
		w.save(t)
	}
}

func (w *world) count(p *process) {
	x := float64(1+w.random.IntN(200)) / 4
	if p.form.whole {
		x = float64(w.random.IntN(1000))
	}
	p.has.observe(p.form, x)
	key := p.form.name + `{job="shop",op="` + p.label + `"}`
	if w.model[key] == nil {
		w.model[key] = &values{}
	}
	w.model[key].observe(p.form, x)
}

// report makes a push. One that repeats what was lost is pushed until it arrives,
// before there is another.
func (w *world) report(t *testing.T, p *process) {
	p.report(w.now)
	for p.lost && len(p.pending) > 0 {
		w.deliver(t, p)
	}
	p.lost = false
}

// restart replaces a process by one with the same identity, which counts from zero.
func (w *world) restart(t *testing.T, p *process) {
	w.report(t, p)
	for w.startless && len(p.pending) > 0 {
		w.deliver(t, p)
	}
	w.now++
	p.start, p.last, p.has, p.reported = w.now, w.now, values{}, nil
}

// deliver hands the state one of the next pushes, or one that it had before.
func (w *world) deliver(t *testing.T, p *process) {
	if len(p.sent) > 0 && w.random.IntN(4) == 0 {
		recent := p.sent[max(0, len(p.sent)-8):]
		w.apply(t, recent[w.random.IntN(len(recent))])
		return
	}
	if len(p.pending) == 0 {
		return
	}
	i := w.random.IntN(min(len(p.pending), 4))
	b := p.pending[i]
	p.pending = slices.Delete(p.pending, i, i+1)
	p.sent = append(p.sent, b)
	w.apply(t, b)
}

func (w *world) apply(t *testing.T, b push.Batch) {
	t.Helper()
	w.now++
	if o := w.state.Apply(w.now, &b); o.Refused.Total() > 0 {
		t.Fatalf("refused: %v", &o.Refused)
	}
}

// save replaces the state by what it is after a restart of the gateway.
func (w *world) save(t *testing.T) {
	t.Helper()
	var image bytes.Buffer
	if err := w.state.Write(&image); err != nil {
		t.Fatal(err)
	}
	restored, err := Read(&image)
	if err != nil {
		t.Fatal(err)
	}
	w.state = restored
}

// settle delivers everything.
func (w *world) settle(t *testing.T) {
	t.Helper()
	for _, p := range w.processes {
		w.now++
		w.report(t, p)
		for len(p.pending) > 0 {
			w.deliver(t, p)
		}
	}
}

func (w *world) check(t *testing.T) {
	t.Helper()
	got := map[string]values{}
	for _, f := range w.state.Collect().Families {
		for p := range f.Points {
			got[f.Descriptor.Name+"{"+p.Labels.String()+"}"] = valuesOf(f, p)
		}
	}
	for key, want := range w.model {
		have, found := got[key]
		if !found || have.count != want.count || math.Abs(have.sum-want.sum) > 1e-9*math.Abs(want.sum) {
			t.Errorf("%s: %v, want %v", key, have, *want)
			continue
		}
		for i, n := range want.buckets {
			if have.buckets[i] != n && want.count > 0 {
				t.Errorf("%s: bucket %d has %d, want %d", key, i, have.buckets[i], n)
			}
		}
	}
}

// drain forgets everything and checks that nothing is left, nor held.
func (w *world) drain(t *testing.T) {
	t.Helper()
	w.state.Advance(w.now + int64(100*time.Hour))
	w.state.Advance(w.now + int64(200*time.Hour))
	if size := w.state.Size(); size != (Size{}) {
		t.Errorf("left behind: %+v", size)
	}
}

func valuesOf(f *metric.Family, p *metric.Point) values {
	v := values{sum: p.Float, buckets: map[int]uint64{}}
	switch d := f.Descriptor; {
	case p.Exponential != nil:
		v.sum, v.count = p.Exponential.Sum, p.Exponential.Count()
		for i, n := range p.Exponential.Positive {
			v.buckets[p.Exponential.PositiveFirst+i] = n
		}
	case d.Kind == metric.Histogram:
		v.sum, v.count = p.Histogram.Sum, p.Histogram.Count()
		for i, n := range p.Histogram.Counts {
			v.buckets[i] = n
		}
	case d.Number == metric.Int64:
		v.sum = float64(p.Int)
	}
	return v
}
