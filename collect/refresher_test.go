package collect_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/metertree/metertree/collect"
	"github.com/metertree/metertree/meter"
)

func TestValuesAreFreshForTheirTTL(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		refresher, scope, r := newRefresher(t, collect.Options{})
		reads := 0.0
		mustAdd(t, refresher, "n", number(scope, "n", func(context.Context) (float64, error) {
			reads++
			return reads, nil
		}), collect.Schedule{TTL: time.Minute})
		ctx := context.Background()
		start := time.Now()
		for _, step := range []struct {
			after time.Duration
			want  string
		}{
			{0, "1"}, {0, "1"}, {59 * time.Second, "1"}, {time.Second, "2"}, {time.Second, "2"}, {time.Hour, "3"},
		} {
			time.Sleep(step.after)
			expect(t, shown(ctx, r), `n{component="a"} `+step.want)
		}
		has(t, r, `metertree_collector_up{collector="n"} 1`)
		has(t, r, fmt.Sprintf(`metertree_collector_last_success_timestamp_seconds{collector="n"} %v`, float64(time.Now().Unix())))
		if time.Since(start) != time.Hour+61*time.Second {
			t.Errorf("collections waited: %v went by", time.Since(start))
		}
		mustEnd(t, refresher.Close)
	})
}

func TestAFailureIsRepeatedBeforeALongTTLIsOver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		refresher, scope, r := newRefresher(t, collect.Options{})
		reads := 0
		mustAdd(t, refresher, "n", number(scope, "n", func(context.Context) (float64, error) {
			reads++
			return 0, errors.New("no answer")
		}), collect.Schedule{TTL: time.Hour})
		for range 31 {
			refresher.Refresh(context.Background())
			time.Sleep(time.Second)
		}
		if reads != 3 {
			t.Errorf("a source that fails was asked %d times in 30 seconds, want 3", reads)
		}
		has(t, r, `metertree_collector_failures_total{collector="n",reason="error"} 3`)
		has(t, r, `metertree_collector_last_success_timestamp_seconds{collector="n"} 0`)
		mustEnd(t, refresher.Close)
	})
}

// One of twenty sources hangs and ignores its context.
func TestAHungSourceHoldsUpNoOther(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		refresher, scope, r := newRefresher(t, collect.Options{Concurrency: 4})
		hang := make(chan struct{})
		const last = 7.0
		round, hanging := 1.0, 0
		var mu sync.Mutex
		for i := range 20 {
			name := fmt.Sprintf("n%02d", i)
			mustAdd(t, refresher, name, number(scope, name, func(context.Context) (float64, error) {
				mu.Lock()
				now := round
				hangs := i == 7 && round > 1
				if hangs {
					hanging++
				}
				mu.Unlock()
				if hangs {
					<-hang
				}
				return now, nil
			}), collect.Schedule{TTL: -1, Timeout: 19500 * time.Millisecond})
		}
		if got := shown(context.Background(), r); len(got) != 20 {
			t.Fatalf("%d series are shown, want 20", len(got))
		}
		for want := 2.0; want <= last; want++ {
			mu.Lock()
			round = want
			mu.Unlock()
			ctx, cancel := context.WithTimeout(context.Background(), 4*time.Second)
			start := time.Now()
			got := shown(ctx, r)
			waited := time.Since(start)
			cancel()
			fresh := 0
			for i, line := range got {
				switch line {
				case fmt.Sprintf(`n%02d{component="a"} %v`, i, want):
					fresh++
				case `n07{component="a"} 1`:
				default:
					t.Errorf("round %v shows %s", want, line)
				}
			}
			if fresh != 19 || len(got) != 20 {
				t.Errorf("round %v shows %d fresh series of %d, want 19 of 20", want, fresh, len(got))
			}
			// Three quarters of the time the collection has; none once the source is
			// past its timeout, which it is in the last round.
			wantWait := 3 * time.Second
			if want == last {
				wantWait = 0
			}
			if waited != wantWait {
				t.Errorf("round %v waited %v, want %v", want, waited, wantWait)
			}
			time.Sleep(time.Second)
		}
		if hanging != 1 {
			t.Errorf("the hung source was asked %d times, want once", hanging)
		}
		synctest.Wait()
		if n := runsUnderWay(); n != 1 {
			t.Errorf("%d goroutines run sources, want that of the hung one alone", n)
		}
		has(t, r, `metertree_collector_up{collector="n07"} 0`)
		has(t, r, `metertree_collector_up{collector="n08"} 1`)
		has(t, r, `metertree_collector_failures_total{collector="n07",reason="timeout"} 1`)
		close(hang)
		synctest.Wait()
		// What it told after its timeout is not taken; what it tells now is.
		has(t, r, `n07{component="a"} 7`)
		has(t, r, `metertree_collector_up{collector="n07"} 1`)
		mustEnd(t, refresher.Close)
	})
}

// runsUnderWay returns how many goroutines there are that run a source.
func runsUnderWay() int {
	stacks := make([]byte, 1<<20)
	return strings.Count(string(stacks[:runtime.Stack(stacks, true)]), "collect.(*run).perform(")
}

// A run whose collection is long over still fails at its timeout.
func TestATimeoutCountsWithoutACollection(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		refresher, scope, r := newRefresher(t, collect.Options{Wait: time.Second})
		hang := make(chan struct{})
		mustAdd(t, refresher, "n", number(scope, "n", func(context.Context) (float64, error) {
			<-hang
			return 1, nil
		}), collect.Schedule{Timeout: 10 * time.Second, TTL: time.Hour})
		start := time.Now()
		refresher.Refresh(context.Background())
		if waited := time.Since(start); waited != time.Second {
			t.Errorf("a collection waited %v, want the second that it may", waited)
		}
		failures := func(n string) string {
			return `metertree_collector_failures_total{collector="n",reason="timeout"} ` + n
		}
		time.Sleep(8 * time.Second)
		done, cancel := context.WithCancel(context.Background())
		cancel()
		refresher.Refresh(done)
		time.Sleep(time.Second - time.Nanosecond)
		synctest.Wait()
		if got := strings.Join(own(notRefreshing(), r), "\n"); strings.Contains(got, failures("1")) {
			t.Errorf("a run failed before its timeout:\n%s", got)
		}
		time.Sleep(time.Nanosecond)
		synctest.Wait()
		has(t, r, failures("1"))
		has(t, r, `metertree_collector_duration_seconds{collector="n"} 1 10`)
		close(hang)
		synctest.Wait()
		expect(t, shown(context.Background(), r))
		mustEnd(t, refresher.Close)
	})
}

// notRefreshing returns a context in which a collection waits for no run.
func notRefreshing() context.Context {
	return shortContext{context.Background()}
}

// shortContext has a deadline that is over, but does not end.
type shortContext struct{ context.Context }

func (shortContext) Deadline() (time.Time, bool) { return time.Now().Add(-time.Second), true }

func TestCollectionsJoinARunUnderWay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		refresher, scope, r := newRefresher(t, collect.Options{})
		var mu sync.Mutex
		reads := 0.0
		mustAdd(t, refresher, "n", number(scope, "n", func(context.Context) (float64, error) {
			mu.Lock()
			reads++
			now := reads
			mu.Unlock()
			time.Sleep(2 * time.Second)
			return now, nil
		}), collect.Schedule{TTL: time.Minute})
		var all sync.WaitGroup
		start := time.Now()
		for i := range 5 {
			all.Go(func() {
				time.Sleep(time.Duration(i) * 100 * time.Millisecond)
				expect(t, shown(context.Background(), r), `n{component="a"} 1`)
				if waited := time.Since(start); waited != 2*time.Second {
					t.Errorf("collection %d was over after %v, want that of the run", i, waited)
				}
			})
		}
		all.Wait()
		if reads != 1 {
			t.Errorf("five collections asked %v times, want once", reads)
		}
		mustEnd(t, refresher.Close)
	})
}

func TestStaleValuesAreShownWhileTheSourceIsAsked(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		refresher, scope, r := newRefresher(t, collect.Options{})
		reads := 0.0
		mustAdd(t, refresher, "n", number(scope, "n", func(context.Context) (float64, error) {
			time.Sleep(time.Second)
			reads++
			return reads, nil
		}), collect.Schedule{TTL: 10 * time.Second, Stale: 20 * time.Second})
		for _, step := range []struct {
			after, wait time.Duration
			want        string
		}{
			{0, time.Second, "1"},
			{15 * time.Second, 0, "1"},
			{2 * time.Second, 0, "2"},
			{40 * time.Second, time.Second, "3"},
		} {
			time.Sleep(step.after)
			start := time.Now()
			expect(t, shown(context.Background(), r), `n{component="a"} `+step.want)
			if waited := time.Since(start); waited != step.wait {
				t.Errorf("the collection that shows %s waited %v, want %v", step.want, waited, step.wait)
			}
		}
		mustEnd(t, refresher.Close)
	})
}

func TestConcurrencyIsBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		refresher, scope, r := newRefresher(t, collect.Options{Concurrency: 3, Wait: time.Hour})
		var mu sync.Mutex
		running, most := 0, 0
		for i := range 12 {
			name := fmt.Sprintf("n%d", i)
			mustAdd(t, refresher, name, number(scope, name, func(context.Context) (float64, error) {
				mu.Lock()
				running++
				most = max(most, running)
				mu.Unlock()
				time.Sleep(time.Second)
				mu.Lock()
				running--
				mu.Unlock()
				return 1, nil
			}), always)
		}
		start := time.Now()
		if got := len(shown(context.Background(), r)); got != 12 || most != 3 || time.Since(start) != 4*time.Second {
			t.Errorf("%d series with %d at once in %v, want 12 with 3 at once in 4s", got, most, time.Since(start))
		}
		mustEnd(t, refresher.Close)
	})
}

func TestFailuresAreCountedByReason(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var log bytes.Buffer
		refresher, scope, r := newRefresher(t, collect.Options{Logger: slog.New(slog.NewTextHandler(&log, nil))})
		var answer func(ctx context.Context) (float64, error)
		mustAdd(t, refresher, "n", number(scope, "n", func(ctx context.Context) (float64, error) { return answer(ctx) }),
			collect.Schedule{TTL: -1, Timeout: time.Second})
		for i, a := range []func(context.Context) (float64, error){
			func(context.Context) (float64, error) { return 42, nil },
			func(context.Context) (float64, error) { return 0, errors.New("no answer") },
			func(ctx context.Context) (float64, error) { <-ctx.Done(); return 0, ctx.Err() },
			func(context.Context) (float64, error) { panic("lost") },
			func(context.Context) (float64, error) { runtime.Goexit(); return 0, nil },
		} {
			answer = a
			expect(t, shown(context.Background(), r), `n{component="a"} 42`)
			synctest.Wait()
			up := 0
			if i == 0 {
				up = 1
			}
			if got := strings.Join(own(notRefreshing(), r), "\n"); !strings.Contains(got, fmt.Sprintf(`collector_up{collector="n"} %d`, up)) {
				t.Errorf("after answer %d this is shown, want up to be %d:\n%s", i, up, got)
			}
		}
		expect(t, own(notRefreshing(), r),
			`metertree_collector_failures_total{collector="n",reason="error"} 1`,
			`metertree_collector_failures_total{collector="n",reason="panic"} 2`,
			`metertree_collector_failures_total{collector="n",reason="timeout"} 1`,
			`metertree_collector_last_success_timestamp_seconds{collector="n"} 9.466848e+08`,
			`metertree_collector_resets_total{collector="n"} 0`,
			`metertree_collector_up{collector="n"} 0`)
		answer = func(context.Context) (float64, error) { return 43, nil }
		expect(t, shown(context.Background(), r), `n{component="a"} 43`)
		mustEnd(t, refresher.Close)
		if got := log.String(); strings.Count(got, "\n") != 2 || !strings.Contains(got, "no answer") || !strings.Contains(got, "works again") {
			t.Errorf("logged\n%s\nwant one line when it failed first and one when it worked again", got)
		}
	})
}

func TestOptionsAreChecked(t *testing.T) {
	for _, o := range []collect.Options{{Concurrency: -1}, {Wait: -1}} {
		if _, err := collect.NewRefresher(o); err == nil {
			t.Errorf("options %+v were accepted", o)
		}
	}
	scope, _ := newScope()
	scope.Counter("metertree_collector_up")
	if _, err := collect.NewRefresher(collect.Options{Scope: scope}); err == nil {
		t.Error("a conflicting metric was accepted")
	}
	refresher, scope, _ := newRefresher(t, collect.Options{})
	good := number(scope, "n", func(context.Context) (float64, error) { return 1, nil })
	if _, err := refresher.Add("", good, collect.Schedule{}); err == nil {
		t.Error("a collector without a name was accepted")
	}
	if _, err := refresher.Add("zero", collect.Collector{}, collect.Schedule{}); err == nil {
		t.Error("the zero Collector was accepted")
	}
	for _, s := range []collect.Schedule{{Timeout: -1}, {Stale: -1}} {
		if _, err := refresher.Add("n", good, s); err == nil {
			t.Errorf("schedule %+v was accepted", s)
		}
	}
	refused := errors.New("no room")
	events := collect.Events(func(string, func(int)) (func(context.Context) error, error) { return nil, refused },
		func(int, *collect.Updates) {})
	if _, err := refresher.Add("events", events, collect.Schedule{}); !errors.Is(err, refused) {
		t.Errorf("a source that refuses gives %v, want its error", err)
	}
	mustEnd(t, refresher.Close)
	if _, err := refresher.Add("n", good, collect.Schedule{}); !errors.Is(err, collect.ErrClosed) {
		t.Errorf("Add after Close returned %v, want ErrClosed", err)
	}
	mustEnd(t, refresher.Close)
}

func TestWithoutAScopeItRefreshesWhenTold(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		refresher, err := collect.NewRefresher(collect.Options{})
		if err != nil {
			t.Fatal(err)
		}
		reads := 0
		mustAdd(t, refresher, "n", number(meter.Scope{}, "n", func(context.Context) (float64, error) {
			reads++
			return 1, nil
		}), always)
		refresher.Refresh(context.Background())
		refresher.Refresh(context.Background())
		if reads != 2 {
			t.Errorf("the source was asked %d times, want 2", reads)
		}
		mustEnd(t, refresher.Close)
	})
}
