package measure

import (
	"errors"
	"io"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/metertree/metertree/benchmarks/rivals"
	"github.com/metertree/metertree/benchmarks/work"
)

func TestUpdatesTakesPositiveFigures(t *testing.T) {
	for _, row := range []work.Row{work.CounterBound, work.CounterBoundParallel} {
		samples, err := Updates(row, rivals.ClientGolang().Updates[row], time.Millisecond)
		if err != nil {
			t.Fatalf("%s: %v", row, err)
		}
		if got := samples[row]; len(got) != runs || slices.Min(got) <= 0 {
			t.Errorf("%s: figures %v, want %d above zero", row, got, runs)
		}
	}
}

func TestUpdatesCountsAllocations(t *testing.T) {
	const row = work.CounterDirect
	samples, err := Updates(row, rivals.GoMetrics().Updates[row], time.Millisecond)
	if err != nil {
		t.Fatal(err)
	}
	if got := samples[row.Allocs()]; len(got) != runs || slices.Min(got) < 1 {
		t.Errorf("allocations %v, want some in each run", got)
	}
}

func TestLossIsAnError(t *testing.T) {
	lossy := func() rivals.Case {
		return rivals.Case{
			Run:   func(n int) { time.Sleep(time.Duration(n) * time.Nanosecond) },
			Check: func(int) error { return errors.New("counted too few") },
		}
	}
	_, err := Updates(work.CounterBound, lossy, time.Millisecond)
	if err == nil || !strings.Contains(err.Error(), "lost") {
		t.Errorf("error %v, want one that says updates were lost", err)
	}
}

func TestColdMeasuresWhatStays(t *testing.T) {
	const series, bytes = 1000, 4096
	var kept [][]byte
	fat := func(int) rivals.Population {
		return rivals.Population{
			Fill: func(sets []work.Labels) {
				for range sets {
					kept = append(kept, make([]byte, bytes))
				}
			},
			Check: func(int, int) error { return nil },
		}
	}
	samples, err := Cold(work.Counters, fat, series)
	if err != nil {
		t.Fatal(err)
	}
	var memory float64
	for row, figures := range samples {
		if strings.HasPrefix(string(row), "memory") {
			memory = figures[0]
		}
	}
	if memory < bytes || memory > bytes*1.2 {
		t.Errorf("measured %v bytes a series, want about %d", memory, bytes)
	}
	if got := samples[work.Create(work.Counters).Allocs()][0]; got < 1 || got > 1.2 {
		t.Errorf("measured %v allocations a series, want about one", got)
	}
	if len(kept) != series {
		t.Errorf("made %d series, want %d", len(kept), series)
	}
}

func TestExpositionTakesEachTime(t *testing.T) {
	samples, err := Exposition(work.Text, work.Counters, rivals.VictoriaMetrics().Populations[work.Counters], 500, 3)
	if err != nil {
		t.Fatal(err)
	}
	if got := samples[work.Expose(work.Text, work.Counters)]; len(got) < 3 || slices.Min(got) <= 0 {
		t.Errorf("figures %v, want 3 or more above zero", got)
	}
}

func TestExpositionThatLacksSeriesIsAnError(t *testing.T) {
	for _, test := range []struct {
		writes, want string
		err          error
	}{
		{"requests_total{a=\"b\"} 1\n", "holds 1", nil},
		{"", "disk full", errors.New("disk full")},
	} {
		p := func(int) rivals.Population {
			return rivals.Population{
				Fill: func([]work.Labels) {},
				Expose: map[work.Format]func(io.Writer) error{work.Text: func(w io.Writer) error {
					_, err := io.WriteString(w, test.writes)
					return errors.Join(err, test.err)
				}},
			}
		}
		_, err := Exposition(work.Text, work.Counters, p, 2, 1)
		if err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("error %v, want one that says %q", err, test.want)
		}
	}
}

func TestGrowthIsPerSeries(t *testing.T) {
	const series = 500
	samples, err := Growth(rivals.Metertree().Populations[work.Counters], series, 3)
	if err != nil {
		t.Fatal(err)
	}
	got := samples[work.ExposeEach(series)]
	if len(got) < 3 || slices.Min(got) <= 0 || len(samples) != 1 {
		t.Errorf("samples %v, want 3 figures or more above zero", samples)
	}
}

func TestReductionTakesEachTime(t *testing.T) {
	const times = 3
	for _, temporality := range work.Temporalities() {
		samples, err := Reduction(temporality, rivals.Metertree().Reduced[temporality], 500, times)
		if err != nil {
			t.Fatal(err)
		}
		for _, row := range []work.Row{work.Reduce(temporality), work.ReduceUpdate(temporality)} {
			if got := samples[row]; len(got) != times || slices.Min(got) <= 0 {
				t.Errorf("%s: figures %v, want %d above zero", row, got, times)
			}
		}
	}
}

func TestReductionThatShowsTooFewIsAnError(t *testing.T) {
	p := func(int) rivals.Population {
		return rivals.Population{
			Fill:    func([]work.Labels) {},
			Collect: func() error { return nil },
			Check: func(groups, updates int) error {
				if groups != work.Groups || updates != 10 {
					t.Errorf("asked for %d groups and %d updates, want %d and 10", groups, updates, work.Groups)
				}
				return errors.New("holds 7 series")
			},
		}
	}
	if _, err := Reduction(work.Totals, p, 10, 1); err == nil || !strings.Contains(err.Error(), "holds 7") {
		t.Errorf("error %v, want the check's", err)
	}
}

func TestLatencyTakesEveryQuantile(t *testing.T) {
	samples, err := Latency(rivals.Metertree().Populations[work.Counters], 500, 2, time.Millisecond)
	if err != nil {
		t.Fatal(err)
	}
	for _, state := range []work.State{work.Idle, work.Collecting} {
		for _, q := range quantiles {
			if got := samples[work.Latency(state, q.name)]; len(got) != 2 || slices.Min(got) <= 0 {
				t.Errorf("%s %s: figures %v, want 2 above zero", state, q.name, got)
			}
		}
	}
}

func TestLatencyBucketsAreNarrow(t *testing.T) {
	for _, ns := range []uint64{0, 1, 31, 32, 33, 63, 64, 100, 999, 1 << 20, 1<<40 + 12345} {
		low, next := lowest(bucketOf(ns)), lowest(bucketOf(ns)+1)
		if low > ns || ns >= next {
			t.Errorf("%d lies in a bucket from %d to %d", ns, low, next)
		}
		if float64(next-low) > float64(ns)/(1<<subBits)+1 {
			t.Errorf("bucket of %d is %d wide", ns, next-low)
		}
	}
}

func TestQuantileIsNearestRank(t *testing.T) {
	l := &latencies{}
	for ns := range uint64(20) {
		l.add(ns + 1)
	}
	for q, want := range map[float64]float64{0: 1, .5: 10, 1: 20} {
		if got := l.quantile(q); got != want {
			t.Errorf("quantile %v of 1 to 20 is %v, want %v", q, got, want)
		}
	}
}

func TestGoroutinesMeetBeforeEveryChunk(t *testing.T) {
	const chunks = 50
	// More of them than there are cores would wait for one another's turns.
	goroutines := runtime.GOMAXPROCS(0)
	var mu sync.Mutex
	begun := 0
	took := runChunks(func(n int) {
		mu.Lock()
		defer mu.Unlock()
		begun += n
	}, goroutines, chunks, 3)
	if begun != goroutines*chunks*3 {
		t.Errorf("did %d updates, want %d", begun, goroutines*chunks*3)
	}
	if len(took) != chunks || slices.Min(took) <= 0 {
		t.Errorf("chunks took %v, want %d above zero", took, chunks)
	}
}

func TestExtentsReachFromFirstStartToLastEnd(t *testing.T) {
	got := extents([][]span{{{5, 9}, {20, 21}}, {{3, 7}, {18, 30}}}, 2)
	if want := []time.Duration{6, 12}; !slices.Equal(got, want) {
		t.Errorf("extents %v, want %v", got, want)
	}
}
