package remotewrite

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/metertree/metertree/export"
	"github.com/metertree/metertree/integrations/internal/pushtest"
	"github.com/metertree/metertree/metric"
)

// ended returns the series that ended in the requests taken from a position on.
func (d double) ended(from int) (series []string) {
	for _, s := range d.samples()[from:] {
		if s.stale() {
			series = append(series, s.series())
		}
	}
	slices.Sort(series)
	return series
}

func TestSeriesEndOnce(t *testing.T) {
	for _, version := range []Version{Version1, Version2} {
		d := newDouble(t)
		e := d.exporter(t, Options{Version: version})
		step := 0
		expect := func(want []string, families ...*metric.Family) {
			t.Helper()
			from := len(d.samples())
			step++
			mustExport(t, e, after(time.Duration(step)*time.Second, families...))
			if got := d.ended(from); !slices.Equal(got, want) {
				t.Errorf("version %v, batch %d: %q ended, want %q", version, step, got, want)
			}
		}
		expect(nil, level("a", "b"))
		expect([]string{`level{l="b"}`}, level("a"))
		expect(nil, level("a"))
		expect(nil, level("a", "b"))
		expect([]string{`level{l="a"}`, `level{l="b"}`})
		expect(nil)
		expect(nil, level("b"))
	}
}

func distributed(labels metric.LabelSet, bounds ...float64) *metric.Family {
	return newFamily(metric.Descriptor{Name: "level", Kind: metric.Histogram, Bounds: bounds},
		metric.Point{Labels: labels, Histogram: metric.HistogramPoint{Bounds: bounds, Counts: make([]uint64, len(bounds)+1)}})
}

// A metric that becomes something else ends the series that it no longer has, and
// only those.
func TestWhatChangesEnds(t *testing.T) {
	exponential := func(scale int) *metric.Family {
		return newFamily(metric.Descriptor{Name: "level", Kind: metric.Histogram, Exponential: metric.ExponentialLayout{Size: 4}},
			metric.Point{Labels: labelled("a"), Exponential: &metric.ExponentialPoint{Scale: scale, Positive: []uint64{1}}})
	}
	other := &metric.Family{Descriptor: metric.Descriptor{Name: "level", Kind: metric.Gauge}, Keys: []string{"a", "b"},
		Points: func(yield func(*metric.Point) bool) {
			yield(&metric.Point{Labels: metric.EncodeLabels([]string{"a", "b"}, []string{"1", "2"})})
		}}
	const bucket, sum, count = `level_bucket{l="a",le="%s"}`, `level_sum{l="a"}`, `level_count{l="a"}`
	for name, test := range map[string]struct {
		options  Options
		from, to *metric.Family
		want     []string
	}{
		"bounds":               {Options{}, distributed(labelled("a"), 1, 2, 3), distributed(labelled("a"), 1, 4), []string{fmt.Sprintf(bucket, "2"), fmt.Sprintf(bucket, "3")}},
		"gauge to histogram":   {Options{}, level("a"), distributed(labelled("a"), 1), []string{`level{l="a"}`}},
		"histogram to gauge":   {Options{}, distributed(labelled("a"), 1), level("a"), []string{fmt.Sprintf(bucket, "+Inf"), fmt.Sprintf(bucket, "1"), count, sum}},
		"native to classic":    {Options{Histograms: Native}, exponential(0), exponential(-5), []string{`level{l="a"}`}},
		"classic to native":    {Options{Histograms: Native}, exponential(-5), exponential(0), []string{fmt.Sprintf(bucket, "+Inf"), fmt.Sprintf(bucket, "4.294967296e+09"), count, sum}},
		"keys":                 {Options{}, level("a"), other, []string{`level{l="a"}`}},
		"histogram that stays": {Options{}, distributed(labelled("a"), 1), distributed(labelled("a"), 1), nil},
		"native histogram":     {Options{Histograms: Native}, exponential(0), level(), []string{`level{l="a"}`}},
	} {
		t.Run(name, func(t *testing.T) {
			d := newDouble(t)
			e := d.exporter(t, test.options)
			mustExport(t, e, totals(test.from))
			from := len(d.samples())
			mustExport(t, e, after(time.Second, test.to))
			if got := d.ended(from); !slices.Equal(got, test.want) {
				t.Errorf("%q ended, want %q", got, test.want)
			}
			from = len(d.samples())
			mustExport(t, e, after(2*time.Second, test.to))
			if got := d.ended(from); len(got) != 0 {
				t.Errorf("%q ended again", got)
			}
		})
	}
}

// An end that could not be told waits, unless the series comes back. What was
// told beside one that has to wait is not told again.
func TestEndsWait(t *testing.T) {
	d := newDouble(t)
	e := d.exporter(t, Options{MaxSamples: 1, Shards: 1, Retry: export.Retry{Attempts: -1}})
	mustExport(t, e, totals(level("a", "b", "c")))
	d.Answer(take, status(503, "no"))
	if err := e.Export(t.Context(), after(time.Second)); err == nil {
		t.Fatal("the export did not fail")
	}
	first := d.ended(0)
	if len(first) != 1 {
		t.Fatalf("%q ended", first)
	}
	d.Answer(status(503, "no"))
	if err := e.Export(t.Context(), after(2*time.Second, level("a"))); err == nil {
		t.Fatal("the export did not fail")
	}
	mustExport(t, e, after(3*time.Second, level("a")))
	mustExport(t, e, after(4*time.Second, level("a")))
	ended := map[string]int{}
	for _, s := range d.ended(0) {
		ended[s]++
	}
	if ended[`level{l="b"}`] != 1 || ended[`level{l="c"}`] != 1 || ended[`level{l="a"}`] > 1 {
		t.Errorf("ended are %v", ended)
	}
	if s := e.Stats(); s.Ends != uint64(len(d.ended(0))) || s.LostEnds != 0 {
		t.Errorf("counted %+v", s)
	}
}

// An end that the receiver rejects is not told again.
func TestRejectedEnds(t *testing.T) {
	d := newDouble(t)
	e := d.exporter(t, Options{Version: Version1})
	mustExport(t, e, totals(level("a", "b")))
	d.Answer(status(400, "no"))
	if err := e.Export(t.Context(), after(time.Second)); !errors.Is(err, export.ErrRejected) {
		t.Errorf("error is %v", err)
	}
	mustExport(t, e, after(2*time.Second))
	if n := len(d.Attempts()); n != 2 {
		t.Errorf("%d attempts, want 2", n)
	}
}

func TestEndsThatWaitAreBounded(t *testing.T) {
	k := newKnown()
	k.pass++
	f := k.family(level(), metric.Cumulative, nil)
	for i := range maxEnding + 7 {
		k.see(f, labelled(fmt.Sprint(i))).tell(f.plan, valueLayout)
	}
	k.pass++
	k.complete = k.pass
	k.sweep()
	k.settle()
	if len(f.series) != maxEnding || k.lost != 7 {
		t.Errorf("%d wait and %d are lost", len(f.series), k.lost)
	}
}

// A batch that the context cut short ends nothing, not even at the shutdown.
func TestIncompleteBatchEndsNothing(t *testing.T) {
	d := newDouble(t)
	e := d.exporter(t, Options{})
	for i := range 2 {
		mustExport(t, e, after(time.Duration(2*i)*time.Second, level("a", "b")))
		ctx, cancel := context.WithCancel(t.Context())
		cut := after(time.Duration(2*i+1) * time.Second)
		cut.Families = func(func(*metric.Family) bool) { cancel() }
		if err := e.Export(ctx, cut); !errors.Is(err, context.Canceled) {
			t.Errorf("error is %v", err)
		}
		cancel()
	}
	if err := e.Shutdown(t.Context()); err != nil {
		t.Error(err)
	}
	if got := d.ended(0); len(got) != 0 {
		t.Errorf("%q ended", got)
	}
}

func TestShutdownEnds(t *testing.T) {
	for _, marks := range []bool{false, true} {
		d := newDouble(t)
		e := d.exporter(t, Options{MarkStaleAtShutdown: marks})
		b := totals(level("a", "b"), distributed(labelled("h"), 1))
		b.Time = time.Now()
		mustExport(t, e, b)
		for range 2 {
			if err := e.Shutdown(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		want := 0
		if marks {
			want = 2 + 4
		}
		if got := d.ended(0); len(got) != want {
			t.Errorf("%q ended, want %d", got, want)
		}
	}
}

// What the last export could not tell, the shutdown tells.
func TestShutdownTellsWhatWaits(t *testing.T) {
	d := newDouble(t)
	e := d.exporter(t, Options{Retry: export.Retry{Attempts: -1}})
	mustExport(t, e, totals(level("a")))
	d.Answer(status(503, "no"))
	if err := e.Export(t.Context(), after(time.Second)); err == nil {
		t.Fatal("the export did not fail")
	}
	d.Answer(status(503, "no"))
	if err := e.Shutdown(t.Context()); err == nil {
		t.Error("an end that was not told is no error")
	}
	if err := e.Shutdown(t.Context()); err != nil || len(d.ended(0)) != 1 {
		t.Errorf("%q ended, %v", d.ended(0), err)
	}
}

// TestRandomLives lets series come and go while a receiver fails at random. What
// it has taken must read as lives: samples in the order of their times, then at
// most one end, which is there for every series that is no more.
func TestRandomLives(t *testing.T) {
	for seed := range uint64(40) {
		random := rand.New(rand.NewPCG(seed, 2))
		d := newDouble(t)
		var alone sync.Mutex
		d.Until(func(w http.ResponseWriter, r *http.Request, asked written) bool {
			alone.Lock()
			fails := random.IntN(3) == 0
			alone.Unlock()
			if fails {
				return status(503, "no")(w, r, asked)
			}
			return take(w, r, asked)
		})
		e := d.exporter(t, Options{MaxSamples: 1 + random.IntN(5), Shards: 1 + int(seed%2)*3, Retry: export.Retry{Attempts: -1}, Histograms: Native})
		for step := range 15 {
			alone.Lock()
			families := randomFamilies(random)
			alone.Unlock()
			// It may fail.
			_ = e.Export(t.Context(), after(time.Duration(step)*time.Second, families...))
		}
		d.Until(nil)
		mustExport(t, e, after(time.Minute))
		checkLives(t, seed, d.Attempts())
		mustExport(t, e, after(time.Hour))
		if len(e.known.ending) != 0 || len(e.known.families) != 0 {
			t.Errorf("seed %d: %d families are known", seed, len(e.known.families))
		}
	}
}

// randomFamilies returns some of the series there may be, each family of any
// kind.
func randomFamilies(random *rand.Rand) (families []*metric.Family) {
	var points []metric.Point
	for i := range 6 {
		if random.IntN(3) > 0 {
			points = append(points, metric.Point{Labels: labelled(fmt.Sprint(i))})
		}
	}
	descriptor := metric.Descriptor{Name: "m", Kind: metric.Gauge}
	switch random.IntN(3) {
	case 1:
		descriptor = metric.Descriptor{Name: "m", Kind: metric.Histogram}
		bounds := []float64{1, 2, 3}[random.IntN(3):]
		for i := range points {
			points[i].Histogram = metric.HistogramPoint{Bounds: bounds, Counts: make([]uint64, len(bounds)+1)}
		}
	case 2:
		descriptor = metric.Descriptor{Name: "m", Kind: metric.Histogram, Exponential: metric.ExponentialLayout{Size: 4}}
		for i := range points {
			points[i].Exponential = &metric.ExponentialPoint{Scale: -5 * random.IntN(2), Positive: []uint64{1}}
		}
	}
	if len(points) > 0 {
		families = append(families, newFamily(descriptor, points...))
	}
	return families
}

// checkLives holds the attempts at a receiver, in their order, to what lives are.
func checkLives(t *testing.T, seed uint64, attempts []pushtest.Asked[written]) {
	t.Helper()
	taken := map[string]sample{}
	// ended are the series whose end was taken, and that were not written since.
	ended := map[string]bool{}
	for _, r := range attempts {
		for _, s := range r.Request.samples {
			id := s.series()
			if before, lived := taken[id]; lived && s.time <= before.time {
				t.Errorf("seed %d: %s at %d comes after %d", seed, id, s.time, before.time)
			}
			if s.stale() && ended[id] {
				t.Errorf("seed %d: %s ended twice", seed, id)
			}
			ended[id] = s.stale() && r.Taken
			if r.Taken {
				taken[id] = s
			}
		}
	}
	for id, s := range taken {
		if !s.stale() {
			t.Errorf("seed %d: %s never ended", seed, id)
		}
	}
	if len(taken) == 0 {
		t.Errorf("seed %d: nothing was taken", seed)
	}
}

// model keeps what was recorded as the series that should arrive.
type model map[string]float64

func id(name, label string, more ...string) string {
	labels := map[string]string{nameLabel: name}
	if label != "" {
		labels["l"] = label
	}
	for i := 0; i < len(more); i += 2 {
		labels[more[i]] = more[i+1]
	}
	return format(labels)
}

// Counted implements pushtest.Recorded.
func (m model) Counted(name, label string, n int64) { m[id(name, label)] += float64(n) }

// Set implements pushtest.Recorded.
func (m model) Set(name, label string, v float64) { m[id(name, label)] = v }

// Observed implements pushtest.Recorded.
func (m model) Observed(name, label string, v float64) {
	m[id(name+"_count", label)]++
	m[id(name+"_sum", label)] += v
	m[id(name+"_bucket", label, "le", "+Inf")]++
	for _, bound := range pushtest.Bounds {
		at := id(name+"_bucket", label, "le", fmt.Sprint(bound))
		m[at] += 0
		if v <= bound {
			m[at]++
		}
	}
}

// TestRandomRegistries records at random, in a registry and in a model, and
// compares what arrives with the model.
func TestRandomRegistries(t *testing.T) {
	labels := []string{"", "a", "a b", "a,b=c", `"`, "日本 語", `C:\`, "\n", "'"}
	for seed := range uint64(20) {
		random := rand.New(rand.NewPCG(seed, 1))
		want := model{}
		r := pushtest.Record(random, labels, want)
		o := Options{Version: Version(1 + random.IntN(2)), MaxSamples: 1 + random.IntN(50)}
		compare(t, seed, wire(t, o, &export.Batch{Time: noon, Families: r.Collect(t.Context())}), want)
	}
}

func compare(t *testing.T, seed uint64, samples []sample, want model) {
	t.Helper()
	got := map[string]float64{}
	for _, s := range samples {
		if strings.HasPrefix(s.labels[nameLabel], "metertree_") {
			continue // the registry's own
		}
		got[s.series()] = s.value
	}
	for id, v := range want {
		if have, is := got[id]; !is || have != v {
			t.Errorf("seed %d: %s is %v, want %v", seed, id, have, v)
		}
	}
	if len(got) != len(want) {
		t.Errorf("seed %d: %d series arrive, want %d", seed, len(got), len(want))
	}
}
