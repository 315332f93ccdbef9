package control

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"math/rand/v2"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/metertree/metertree/export/exporttest"
	"github.com/metertree/metertree/integrate"
	"github.com/metertree/metertree/meter"
	"github.com/metertree/metertree/metric"
	"github.com/metertree/metertree/registry"
)

// totals is an integrator of a registry whose every series holds the number of
// the last checkpoint.
type totals struct {
	*integrate.Integrator
	only  *single
	delay time.Duration
	// answer, if there is one, is asked before each checkpoint.
	answer  exporttest.Behaviour
	taken   int64
	counter []meter.BoundCounter
	values  meter.Histogram
}

func newTotals(t *testing.T, width int) *totals {
	r := registry.New(registry.Options{SeriesBudget: width})
	// What loses a label is made into groups, and does not pass through.
	views, err := integrate.NewViews(integrate.View{Match: integrate.Match{Name: "*"}, Drop: []string{"zone"}})
	if err != nil {
		t.Fatal(err)
	}
	in, err := integrate.New(r, integrate.Options{Views: views})
	if err != nil {
		t.Fatal(err)
	}
	s := &totals{Integrator: in, only: &single{t: t, moves: true}}
	scope := meter.New(r).With("zone", "a")
	counter := scope.Counter(counted, meter.Keys("i"))
	for i := range width {
		s.counter = append(s.counter, counter.Bind(fmt.Sprint(i)))
	}
	s.values = scope.Histogram("values")
	return s
}

func (s *totals) Checkpoint(ctx context.Context) (*integrate.Checkpoint, error) {
	defer s.only.enter()()
	if s.answer != nil {
		if err := s.answer(ctx); err != nil {
			return nil, err
		}
	}
	s.taken++
	for _, c := range s.counter {
		c.Inc()
	}
	s.values.Observe(1)
	select {
	case <-time.After(s.delay):
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
	return s.Integrator.Checkpoint(ctx)
}

// numberOf returns the number of the checkpoint that families are from, and fails
// the test if they are from several.
func numberOf(t *testing.T, families iter.Seq[*metric.Family]) int64 {
	var numbers []int64
	for f := range families {
		if f.Descriptor.Name != counted && f.Descriptor.Name != "values" {
			continue
		}
		for p := range f.Points {
			numbers = append(numbers, p.Int+int64(p.Histogram.Count()))
		}
	}
	slices.Sort(numbers)
	if len(numbers) == 0 || numbers[0] != numbers[len(numbers)-1] {
		t.Errorf("one collection shows %v", slices.Compact(numbers))
		return 0
	}
	return numbers[0]
}

func pullBubble(t *testing.T, test func(t *testing.T, s *totals, p *Pull)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		s := newTotals(t, 3)
		s.delay = second
		test(t, s, NewPull(s, PullOptions{}))
	})
}

func TestCollectionsAreSharedByThoseWhoCameBefore(t *testing.T) {
	pullBubble(t, func(t *testing.T, s *totals, p *Pull) {
		var group sync.WaitGroup
		var mu sync.Mutex
		at := map[int64][]time.Duration{}
		start := time.Now()
		for i := range 8 {
			group.Go(func() {
				// They come from 0 s to 1.75 s; the first collection begins with
				// the first, the next one at 1 s with those that came during it.
				time.Sleep(time.Duration(i) * 250 * ms)
				n := numberOf(t, p.Collect(t.Context()))
				mu.Lock()
				defer mu.Unlock()
				at[n] = append(at[n], time.Since(start))
			})
		}
		group.Wait()
		if len(at[1]) != 1 || len(at[2]) < 3 || len(at[1])+len(at[2])+len(at[3]) != 8 || s.taken != 3 {
			t.Errorf("collections %v, %d taken; want three", at, s.taken)
		}
		for n, times := range at {
			if slices.Max(times) != time.Duration(n)*second {
				t.Errorf("collection %d was seen at %v", n, times)
			}
		}
	})
}

func TestASlowReaderDelaysNobodyAndSeesOneCollection(t *testing.T) {
	pullBubble(t, func(t *testing.T, s *totals, p *Pull) {
		var group sync.WaitGroup
		group.Go(func() {
			err := p.Read(t.Context(), func(families iter.Seq[*metric.Family]) error {
				for f := range families {
					for point := range f.Points {
						if f.Descriptor.Name != counted {
							continue
						}
						time.Sleep(10 * second)
						if n := point.Int + int64(point.Histogram.Count()); n != 1 {
							t.Errorf("a slow reader of collection 1 sees %d", n)
						}
					}
				}
				return nil
			})
			if err != nil {
				t.Error(err)
			}
		})
		time.Sleep(1500 * ms)
		for want := int64(2); want < 12; want++ {
			before := time.Now()
			if n := numberOf(t, p.Collect(t.Context())); n != want || time.Since(before) != second {
				t.Errorf("collection %d took %v, want number %d after a second", n, time.Since(before), want)
			}
		}
		group.Wait()
	})
}

func TestAContextEndsTheWait(t *testing.T) {
	pullBubble(t, func(t *testing.T, s *totals, p *Pull) {
		ctx, cancel := context.WithTimeout(t.Context(), 300*ms)
		defer cancel()
		for range p.Collect(ctx) {
			t.Error("a family is shown to one who has gone")
		}
		if context.Cause(ctx) == nil {
			t.Error("the collection ended before its context did")
		}
		synctest.Wait()
		if s.only.inside.Load() {
			t.Error("a collection that nobody waits for goes on")
		}
		used := false
		err := p.Read(ctx, func(iter.Seq[*metric.Family]) error { used = true; return nil })
		if used || !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("Read under an ended context = %v", err)
		}
		if n := numberOf(t, p.Collect(t.Context())); n != 2 {
			t.Errorf("collection %d after one that was given up", n)
		}
	})
}

func TestACollectionThatFailsIsToldToAll(t *testing.T) {
	for name, fault := range map[string]exporttest.Behaviour{
		"error":              exporttest.Fail(errDown),
		"panic":              exporttest.Panic(errDown),
		"ends its goroutine": func(context.Context) error { runtime.Goexit(); return nil },
	} {
		t.Run(name, func(t *testing.T) {
			pullBubble(t, func(t *testing.T, s *totals, p *Pull) {
				s.answer = faultyFor(2, fault)
				err := p.Read(t.Context(), func(iter.Seq[*metric.Family]) error { return nil })
				if err == nil || !errors.Is(err, errDown) && !strings.Contains(err.Error(), "Goexit") {
					t.Errorf("Read = %v", err)
				}
				for range p.Collect(t.Context()) {
					t.Error("a failed collection shows a family")
				}
				if n := numberOf(t, p.Collect(t.Context())); n != 1 {
					t.Errorf("collection %d after failures", n)
				}
			})
		})
	}
}

func TestReadReturnsTheErrorOfItsUser(t *testing.T) {
	p := NewPull(newTotals(t, 1), PullOptions{})
	err := p.Read(t.Context(), func(iter.Seq[*metric.Family]) error { return errDown })
	if !errors.Is(err, errDown) {
		t.Errorf("Read = %v", err)
	}
}

// Readers of all speeds at once always see one collection each, none older than
// their coming, while memory is used again.
func TestPullUnderLoad(t *testing.T) {
	s := newTotals(t, 50)
	p := NewPull(s, PullOptions{})
	var group sync.WaitGroup
	for g := range uint64(8) {
		group.Go(func() {
			random := rand.New(rand.NewPCG(g, 1))
			last := int64(0)
			for range 200 {
				ctx, cancel := context.WithCancel(t.Context())
				if random.IntN(5) == 0 {
					cancel()
				}
				err := p.Read(ctx, func(families iter.Seq[*metric.Family]) error {
					if random.IntN(2) == 0 {
						runtime.Gosched()
					}
					n := numberOf(t, families)
					if n <= last {
						t.Errorf("collection %d after %d", n, last)
					}
					last = n
					return nil
				})
				if err != nil && ctx.Err() == nil {
					t.Error(err)
				}
				cancel()
			}
		})
	}
	group.Wait()
	if s.taken == 0 || s.taken > 1600 {
		t.Errorf("%d collections for 1600 readers", s.taken)
	}
}

func TestAWarmPullCopiesNumbersWithoutAllocating(t *testing.T) {
	allocations := func(width int) float64 {
		p := NewPull(newTotals(t, width), PullOptions{})
		return testing.AllocsPerRun(20, func() {
			for range p.Collect(context.Background()) {
			}
		})
	}
	few, many := allocations(10), allocations(10_000)
	if many > few+5 {
		t.Errorf("%v allocations with 10000 series, %v with 10", many, few)
	}
}

func TestPullRefreshesBeforeEachCollection(t *testing.T) {
	s := newTotals(t, 1)
	refreshed := 0
	p := NewPull(s, PullOptions{Refresh: func(context.Context) {
		refreshed++
		switch {
		case s.only.inside.Load():
			t.Error("refreshed during a collection")
		case refreshed == 2:
			panic("boom")
		case refreshed == 3:
			runtime.Goexit()
		}
	}})
	for n := int64(1); n < 3; n++ {
		if got := numberOf(t, p.Collect(t.Context())); got != n {
			t.Errorf("collection %d, want %d", got, n)
		}
	}
	if err := p.Read(t.Context(), func(iter.Seq[*metric.Family]) error { return nil }); err == nil {
		t.Error("a refresh that ends its goroutine makes no error")
	}
	if got := numberOf(t, p.Collect(t.Context())); got != 3 || refreshed != 4 {
		t.Errorf("collection %d after %d refreshes", got, refreshed)
	}
}

// TestARefreshHasTheEarliestDeadline of those who wait: one who waits for long,
// or who left, does not take the time of one who is in a hurry.
func TestARefreshHasTheEarliestDeadline(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newTotals(t, 1)
		s.delay = second
		start := time.Now()
		var deadlines []time.Duration
		p := NewPull(s, PullOptions{Refresh: func(ctx context.Context) {
			at, ok := ctx.Deadline()
			if !ok {
				at = start
			}
			deadlines = append(deadlines, at.Sub(start))
		}})
		var group sync.WaitGroup
		collect := func(after, within time.Duration) {
			group.Go(func() {
				time.Sleep(after)
				ctx := t.Context()
				if within > 0 {
					limited, cancel := context.WithTimeout(ctx, within)
					defer cancel()
					ctx = limited
				}
				for range p.Collect(ctx) {
				}
			})
		}
		collect(0, 0) // collects from 0 to 1 s alone
		collect(100*ms, 0)
		collect(200*ms, 60*second)
		collect(300*ms, 9700*ms)
		collect(400*ms, 200*ms) // leaves at 600 ms
		group.Wait()
		if want := []time.Duration{0, 10 * second}; !slices.Equal(deadlines, want) {
			t.Errorf("refreshes had the deadlines %v, want %v, where 0 is none", deadlines, want)
		}
	})
}

// TestOneInAHurryIsNotHeldUpByARefreshForOthers has one who can wait start a
// refresh that takes as long as it may, and one who cannot come during it.
func TestOneInAHurryIsNotHeldUpByARefreshForOthers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		p := NewPull(newTotals(t, 1), PullOptions{Refresh: func(ctx context.Context) {
			// As a refresher does, which leaves a quarter of the time.
			wait := time.Minute
			if deadline, ok := ctx.Deadline(); ok {
				wait = time.Until(deadline) * 3 / 4
			}
			select {
			case <-time.After(wait):
			case <-ctx.Done():
			}
		}})
		var group sync.WaitGroup
		group.Go(func() {
			if n := numberOf(t, p.Collect(t.Context())); n != 1 || time.Since(start) != 3*second {
				t.Errorf("collection %d after %v, want the first after 3s", n, time.Since(start))
			}
		})
		group.Go(func() {
			time.Sleep(second)
			ctx, cancel := context.WithTimeout(t.Context(), 4*second)
			defer cancel()
			if n := numberOf(t, p.Collect(ctx)); n != 2 || time.Since(start) != 4500*ms {
				t.Errorf("collection %d after %v, want the second after 4.5s", n, time.Since(start))
			}
		})
		group.Wait()
	})
}
