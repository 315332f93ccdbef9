package cell

import (
	"math"
	"math/rand/v2"
	"runtime"
	"testing"
	"unsafe"
)

// tally is a sink that keeps counts by index at one scale.
type tally struct {
	scale              int
	zero               uint64
	sum                float64
	positive, negative map[int]uint64
	minScale           int
}

func newTally(scale int) *tally {
	return &tally{scale: scale, minScale: SketchMaxScale, positive: map[int]uint64{}, negative: map[int]uint64{}}
}

func (c *tally) Window(w SketchWindow) {
	c.minScale = min(c.minScale, w.Scale)
	c.zero += w.Zero
	c.sum += w.Sum
	for i, n := range w.Positive {
		c.add(c.positive, w.Scale, w.PositiveFirst+i, n)
	}
	for i, n := range w.Negative {
		c.add(c.negative, w.Scale, w.NegativeFirst+i, n)
	}
}

func (c *tally) add(to map[int]uint64, scale, index int, n uint64) {
	if n != 0 {
		to[index>>(scale-c.scale)] += n
	}
}

func (c *tally) count() uint64 {
	n := c.zero
	for _, m := range c.positive {
		n += m
	}
	for _, m := range c.negative {
		n += m
	}
	return n
}

func readSketch(s *Sketch, scale int) *tally {
	var scratch []uint64
	c := newTally(scale)
	s.Read(&scratch, c)
	return c
}

func mustSketch(t testing.TB, size int) *Sketch {
	t.Helper()
	return newSketch(t, size, 0x1p-128)
}

func newSketch(t testing.TB, size int, zero float64) *Sketch {
	t.Helper()
	if err := CheckSketch(size, zero); err != nil {
		t.Fatal(err)
	}
	s := &Sketch{}
	s.Init(size, zero)
	return s
}

// maintain does what a maintainer does between collections.
func maintain(s *Sketch) {
	if s.Superseded() {
		s.Retire()
	}
	before := Now()
	if !before.Passed(Now()) {
		runtime.GC()
	}
	if s.Pending() {
		s.Settle()
	}
}

func TestCheckSketchRejects(t *testing.T) {
	tests := []struct {
		size int
		zero float64
	}{
		{SketchMinSize - 1, 0}, {SketchMaxSize + 1, 0}, {160, -1}, {160, math.NaN()}, {160, math.Inf(1)},
	}
	for _, tt := range tests {
		if err := CheckSketch(tt.size, tt.zero); err == nil {
			t.Errorf("CheckSketch(%d, %v) accepts", tt.size, tt.zero)
		}
	}
}

// TestSketchCountsEveryValue compares with a plain count, over windows that
// spread out, become coarser and are folded, with and without lanes.
func TestSketchCountsEveryValue(t *testing.T) {
	for _, size := range []int{4, 16, 160} {
		random := rand.New(rand.NewPCG(7, uint64(size)))
		s := mustSketch(t, size)
		want := newTally(SketchMinScale)
		for i := range 20_000 {
			v := math.Ldexp(1+random.Float64(), random.IntN(2+i/200)-i/400)
			switch random.IntN(4) {
			case 0:
				v = -v
			case 1:
				v = 0
			}
			if got := s.Observe(v); got != Taken {
				t.Fatalf("Observe(%v) = %v", v, got)
			}
			want.sum += v
			index := sketchIndex(math.Float64bits(math.Abs(v))) >> (SketchMaxScale - SketchMinScale)
			switch {
			case v == 0:
				want.zero++
			case v > 0:
				want.positive[index]++
			default:
				want.negative[index]++
			}
			if random.IntN(2000) == 0 {
				maintain(s)
			}
			if random.IntN(3000) == 0 {
				s.Demote()
			}
		}
		got := readSketch(s, SketchMinScale)
		checkTally(t, got, want)
		if w := s.head.Load(); w.positive.n > size || w.negative.n > size {
			t.Errorf("window of %d and %d buckets, want at most %d", w.positive.n, w.negative.n, size)
		}
	}
}

func checkTally(t *testing.T, got, want *tally) {
	t.Helper()
	if got.zero != want.zero {
		t.Errorf("zero = %d, want %d", got.zero, want.zero)
	}
	if math.Abs(got.sum-want.sum) > 1e-9*math.Abs(want.sum)+1e-9 {
		t.Errorf("sum = %v, want %v", got.sum, want.sum)
	}
	for name, pair := range map[string][2]map[int]uint64{
		"positive": {got.positive, want.positive}, "negative": {got.negative, want.negative},
	} {
		if len(pair[0]) != len(pair[1]) {
			t.Errorf("%s: %d buckets, want %d", name, len(pair[0]), len(pair[1]))
		}
		for i, n := range pair[1] {
			if pair[0][i] != n {
				t.Errorf("%s bucket %d = %d, want %d", name, i, pair[0][i], n)
			}
		}
	}
}

// TestSketchKeepsFinestScale checks that a range that fits is never made
// coarser than it must be, in whatever order it is seen.
func TestSketchKeepsFinestScale(t *testing.T) {
	tests := []struct {
		name   string
		values []float64
		want   int
	}{
		{"one value", []float64{3}, 8},
		{"one octave of 256 buckets", []float64{1, 2}, 7},
		{"half an octave", []float64{1.01, 1.5}, 8},
		{"ten octaves up", []float64{1.5, 3, 6, 12, 24, 48, 96, 192, 384, 768, 1500}, 4},
		{"ten octaves down", []float64{1500, 768, 384, 192, 96, 48, 24, 12, 6, 3, 1.5}, 4},
		{"everything", []float64{math.SmallestNonzeroFloat64 * 8, math.MaxFloat64}, -4},
		{"both signs apart", []float64{1.01, 1.5, -1.01e9, -1.5e9}, 8},
	}
	for _, tt := range tests {
		s := newSketch(t, 160, 0)
		for i := range logSize + 100 {
			s.Observe(tt.values[i%len(tt.values)])
		}
		maintain(s)
		if got := readSketch(s, SketchMinScale).minScale; got != tt.want {
			t.Errorf("%s: scale %d, want %d", tt.name, got, tt.want)
		}
	}
}

// TestSketchOfFewValuesHoldsThem checks that buckets are made only when the
// log is full, and for what is in it.
func TestSketchOfFewValuesHoldsThem(t *testing.T) {
	s := mustSketch(t, 160)
	for i := range logSize {
		s.Observe(float64(i - 4))
	}
	if w := s.head.Load(); !w.log || w.prev.Load() != nil {
		t.Errorf("a sketch of %d values has buckets", logSize)
	}
	s.Observe(0x1p40)
	w := s.head.Load()
	if w.log || w.prev.Load() == nil || w.prev.Load().prev.Load() != nil {
		t.Error("a sketch of one value more has no buckets, or more than one window of them")
	}
	maintain(s)
	got := readSketch(s, 0)
	if got.count() != logSize+1 || got.zero != 1 || got.negative[1] != 2 || got.positive[39] != 1 || got.minScale != 1 {
		t.Errorf("%+v, want all %d values at scale 1", got, logSize+1)
	}
}

func TestSealedSketchRefuses(t *testing.T) {
	for name, s := range map[string]*Sketch{
		"empty": mustSketch(t, 160), "logged": mustSketch(t, 160), "used": mustSketch(t, 160),
	} {
		if name == "logged" {
			s.Observe(1)
		}
		if name == "used" {
			for i := range logSize * 3 {
				s.Observe(math.Ldexp(1, i))
			}
		}
		before := readSketch(s, SketchMinScale)
		late := s.head.Load()
		s.Seal()
		s.Seal()
		// An updater may have found the window before the seal.
		for w := late; w != nil; w = w.prev.Load() {
			if w.log {
				if got, _ := w.record(0); got != Refused {
					t.Errorf("%s: the log of a sealed sketch says %v, want Refused", name, got)
				}
				continue
			}
			if got := w.observe(0, 0); got != Refused {
				t.Errorf("%s: a window of a sealed sketch says %v, want Refused", name, got)
			}
			if got := w.countCold(0); got != SumTaken {
				t.Errorf("%s: a window of a sealed sketch counts: %v", name, got)
			}
		}
		for _, v := range []float64{0, 1, -1, 1e300} {
			if got := s.Observe(v); got != Refused {
				t.Errorf("%s: Observe(%v) = %v, want Refused", name, v, got)
			}
			if s.Count(v) {
				t.Errorf("%s: Count(%v) taken", name, v)
			}
		}
		checkTally(t, readSketch(s, SketchMinScale), before)
		runtime.GC()
		s.Settle()
		checkTally(t, readSketch(s, SketchMinScale), before)
		if s.Pending() || s.Superseded() || s.Hot() {
			t.Errorf("%s: pending %v, superseded %v, hot %v after settling", name, s.Pending(), s.Superseded(), s.Hot())
		}
	}
}

// TestSketchCountLeavesTheSum checks the rest of an observation of which
// another cell took the sum.
func TestSketchCountLeavesTheSum(t *testing.T) {
	s := mustSketch(t, 160)
	s.Observe(2)
	for _, v := range []float64{2, 5, -5, 0} {
		if !s.Count(v) {
			t.Errorf("Count(%v) not taken", v)
		}
	}
	if got := readSketch(s, SketchMinScale); got.sum != 2 || got.count() != 5 || got.zero != 1 {
		t.Errorf("sum %v, count %d, zero %d, want 2, 5, 1", got.sum, got.count(), got.zero)
	}
}

func TestRunExtendsWithinItsRoom(t *testing.T) {
	var r run
	if r.extend(0) {
		t.Error("a run without room extended")
	}
	r.init(span{-2, 3, true}, 10)
	tests := []struct {
		index int
		room  bool
		want  span
	}{
		{0, true, span{-2, 3, true}}, {4, true, span{-2, 4, true}}, {-4, true, span{-4, 4, true}},
		{5, true, span{-4, 5, true}}, {6, false, span{-4, 5, true}}, {-5, false, span{-4, 5, true}},
	}
	for _, tt := range tests {
		if got := r.extend(tt.index); got != tt.room {
			t.Errorf("extend(%d) = %v, want %v", tt.index, got, tt.room)
		}
		if got := unpackSpan(r.seen.Load()); got != tt.want {
			t.Errorf("after %d: seen %+v, want %+v", tt.index, got, tt.want)
		}
	}
	for index, want := range map[int]int{-5: outside, -4: 1, 0: 5, 5: 10, 6: outside} {
		if got := r.at(index, 1); got != want {
			t.Errorf("place of %d = %d, want %d", index, got, want)
		}
	}
}

// TestSettledSketchHasOneWindow checks that the memory of superseded windows
// is given up.
func TestSettledSketchHasOneWindow(t *testing.T) {
	s := mustSketch(t, 160)
	for i := range 3000 {
		s.Observe(math.Ldexp(1, i%50))
	}
	if !s.Superseded() {
		t.Fatal("no window was superseded")
	}
	s.Retire()
	if !s.Pending() || s.Superseded() {
		t.Errorf("after Retire: pending %v, superseded %v", s.Pending(), s.Superseded())
	}
	runtime.GC()
	s.Settle()
	if s.Pending() || s.head.Load().prev.Load() != nil {
		t.Error("superseded windows remain after Settle")
	}
	if got := readSketch(s, SketchMinScale).count(); got != 3000 {
		t.Errorf("count = %d, want 3000", got)
	}
}

// TestColdSketchIsSmall adds up what a sketch of one value holds.
func TestColdSketchIsSmall(t *testing.T) {
	s := mustSketch(t, 160)
	s.Observe(1)
	w := s.head.Load()
	size := unsafe.Sizeof(*s) + unsafe.Sizeof(*w) + uintptr(len(w.counts.words))*unsafe.Sizeof(w.counts.words[0])
	if size > 300 {
		t.Errorf("a sketch of one value takes %d bytes, want at most 300", size)
	}
}

func TestSketchObserveDoesNotAllocate(t *testing.T) {
	s := mustSketch(t, 160)
	values := make([]float64, 256)
	for i := range values {
		values[i] = math.Exp2(float64(i) / 32)
	}
	for range 100 {
		for _, v := range values {
			s.Observe(v)
		}
	}
	i := 0
	if n := testing.AllocsPerRun(1000, func() { s.Observe(values[i%len(values)]); i++ }); n != 0 {
		t.Errorf("Observe allocates %v times", n)
	}
}
