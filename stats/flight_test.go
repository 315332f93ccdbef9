package stats

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/metertree/metertree/registry"
)

// counting is a query that takes a while and tells how often it ran.
func counting(runs *atomic.Int32, takes time.Duration) Query {
	return Query{Name: "slow", Parameters: []Parameter{{Name: "n", Default: "1"}},
		Run: func(ctx context.Context, parameters url.Values) (any, error) {
			select {
			case <-time.After(takes):
				return fmt.Sprintf("run %d with %s", runs.Add(1), parameters.Get("n")), nil
			case <-ctx.Done():
				return nil, ctx.Err()
			}
		}}
}

func TestTheSameQuestionRunsOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var runs atomic.Int32
		h := with(t, Options{MaxConcurrent: 1}, counting(&runs, time.Second))
		var all sync.WaitGroup
		for _, path := range []string{"/slow", "/slow?n=1", "/slow?n=", "/slow"} {
			all.Go(func() {
				if got := get(h, path); got.Code != http.StatusOK || got.Body.String() != "\"run 1 with 1\"\n" {
					t.Errorf("%s: got %d %s", path, got.Code, got.Body)
				}
			})
		}
		all.Wait()
	})
}

func TestAnswersAreKept(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var runs atomic.Int32
		q := counting(&runs, time.Second)
		q.TTL = time.Minute
		h := with(t, Options{}, q)
		get(h, "/slow")
		if got := get(h, "/slow?n=2"); !strings.Contains(got.Body.String(), "run 2 with 2") {
			t.Errorf("another question got %s", got.Body)
		}
		time.Sleep(20 * time.Second)
		got := get(h, "/slow")
		if !strings.Contains(got.Body.String(), "run 1") || got.Header().Get("Cache-Control") != "private, max-age=39" {
			t.Errorf("got %s %v", got.Body, got.Header())
		}
		time.Sleep(39 * time.Second)
		if got := get(h, "/slow"); !strings.Contains(got.Body.String(), "run 3") || got.Header().Get("Cache-Control") != "private, max-age=60" {
			t.Errorf("after the TTL: %s %v", got.Body, got.Header())
		}
	})
}

func TestAnswersNeedNotBeKept(t *testing.T) {
	for name, tt := range map[string]struct {
		options Options
		query   time.Duration
	}{"by the query": {Options{}, -1}, "by default": {Options{TTL: -1}, 0}, "for lack of room": {Options{MaxKeptBytes: 3}, 0}} {
		t.Run(name, func(t *testing.T) {
			var runs atomic.Int32
			q := counting(&runs, 0)
			q.TTL = tt.query
			h := with(t, tt.options, q)
			get(h, "/slow")
			got := get(h, "/slow")
			if !strings.Contains(got.Body.String(), "run 2") {
				t.Errorf("got %s", got.Body)
			}
			if name != "for lack of room" && got.Header().Get("Cache-Control") != "no-cache" {
				t.Errorf("got %v", got.Header())
			}
		})
	}
}

func TestErrorsAreNotKept(t *testing.T) {
	failing := true
	h := with(t, Options{}, Query{Name: "moody", Run: func(context.Context, url.Values) (any, error) {
		if failing {
			return nil, errors.New("disk full")
		}
		return 1, nil
	}})
	if got := get(h, "/moody"); got.Code != http.StatusInternalServerError || got.Header().Get("Cache-Control") != "no-store" || got.Header().Get("ETag") != "" {
		t.Errorf("got %d %v", got.Code, got.Header())
	}
	failing = false
	if got := get(h, "/moody"); got.Code != http.StatusOK {
		t.Errorf("got %d", got.Code)
	}
}

func TestEntityTags(t *testing.T) {
	h := with(t, Options{TTL: -1}, answering("good", 1, nil), answering("other", 2, nil))
	tag := get(h, "/good").Header().Get("ETag")
	if tag == "" || tag == get(h, "/other").Header().Get("ETag") || tag != get(h, "/good").Header().Get("ETag") {
		t.Errorf("tag %q", tag)
	}
	for match, code := range map[string]int{tag: 304, `"x", W/` + tag: 304, "*": 304, `"x"`: 200} {
		request := httptest.NewRequest(http.MethodGet, "/good", nil)
		request.Header.Set("If-None-Match", match)
		got := httptest.NewRecorder()
		h.ServeHTTP(got, request)
		if got.Code != code || (got.Body.Len() == 0) != (code == 304) || got.Header().Get("ETag") != tag {
			t.Errorf("If-None-Match %s: got %d %v %s", match, got.Code, got.Header(), got.Body)
		}
	}
}

func TestAQueryEndsWhenNobodyWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var runs atomic.Int32
		r := New(Options{MaxConcurrent: 2})
		ended := make(chan error, 1)
		query := counting(&runs, 5*time.Second)
		run := query.Run
		query.Run = func(ctx context.Context, p url.Values) (any, error) {
			result, err := run(ctx, p)
			if err != nil {
				time.Sleep(time.Second) // it takes a while to end
				ended <- err
			}
			return result, err
		}
		if err := r.Add(query); err != nil {
			t.Fatal(err)
		}
		ctx, leave := context.WithCancel(t.Context())
		another, leaveToo := context.WithCancel(t.Context())
		ask := func(ctx context.Context) reply {
			request := httptest.NewRequestWithContext(ctx, http.MethodGet, "/slow", nil)
			got := httptest.NewRecorder()
			r.Handler().ServeHTTP(got, request)
			return reply{status: got.Code}
		}
		go ask(ctx)
		go ask(another)
		synctest.Wait()
		leave()
		synctest.Wait()
		if len(ended) != 0 {
			t.Fatal("it ended while someone waited")
		}
		leaveToo()
		synctest.Wait()
		// Who asks anew does not get what was given up.
		if got := ask(t.Context()); got.status != http.StatusOK {
			t.Errorf("got %d", got.status)
		}
		if err := <-ended; !errors.Is(err, context.Canceled) {
			t.Errorf("it ended with %v", err)
		}
		synctest.Wait()
		if len(r.slots) != 0 || len(r.flights) != 0 {
			t.Errorf("%d places and %d flights are left", len(r.slots), len(r.flights))
		}
	})
}

func TestAQueryThatDoesNotEndKeepsItsPlace(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		release := make(chan struct{})
		var runs atomic.Int32
		h := with(t, Options{MaxConcurrent: 2, Timeout: time.Hour},
			Query{Name: "hung", Timeout: 10 * time.Second, Run: func(context.Context, url.Values) (any, error) {
				runs.Add(1)
				<-release
				return 1, nil
			}}, answering("other", 1, nil))
		for range 3 {
			start := time.Now()
			if got := get(h, "/hung"); got.Code != http.StatusGatewayTimeout || !strings.Contains(got.Body.String(), "10s") {
				t.Errorf("got %d %s", got.Code, got.Body)
			}
			if took := time.Since(start); took > 11*time.Second {
				t.Errorf("answered after %v", took)
			}
			if got := get(h, "/other"); got.Code != http.StatusOK {
				t.Errorf("another query got %d", got.Code)
			}
		}
		if runs.Load() != 1 {
			t.Errorf("it ran %d times at once", runs.Load())
		}
		close(release)
		synctest.Wait()
		if got := get(h, "/hung"); got.Code != http.StatusOK {
			t.Errorf("after it ended: %d %s", got.Code, got.Body)
		}
	})
}

// odd panics when it is written.
type odd struct{}

func (odd) MarshalJSON() ([]byte, error) { panic("no such shard") }

func TestWhateverAQueryDoesIsAnswered(t *testing.T) {
	h := with(t, Options{MaxConcurrent: 1},
		answering("odd", odd{}, nil),
		Query{Name: "gone", Run: func(context.Context, url.Values) (any, error) { runtime.Goexit(); return 1, nil }},
		Query{Name: "panics", Run: func(context.Context, url.Values) (any, error) { panic("no such shard") }},
	)
	for range 2 {
		for path, want := range map[string]string{"/odd": "no such shard", "/gone": "ended its goroutine", "/panics": "no such shard"} {
			got := get(h, path)
			if got.Code != http.StatusInternalServerError || !strings.Contains(got.Body.String(), want) || !json.Valid(got.Body.Bytes()) {
				t.Errorf("%s: got %d %s", path, got.Code, got.Body)
			}
		}
	}
}

func TestKeptAnswersAreBounded(t *testing.T) {
	now := time.Unix(1000, 0)
	a := answers{max: 100}
	put := func(question string, size int, ttl time.Duration) {
		now = now.Add(time.Second)
		a.put(question, reply{body: make([]byte, size), at: now, until: now.Add(ttl)}, now)
		sum := 0
		for q, r := range a.replies {
			sum += len(q) + len(r.body)
		}
		if sum != a.bytes || sum > a.max {
			t.Errorf("after %s: %d bytes, said to be %d", question, sum, a.bytes)
		}
	}
	has := func(want ...string) {
		t.Helper()
		for _, q := range want {
			if _, ok := a.get(q, now); !ok {
				t.Errorf("%s is gone", q)
			}
		}
		if len(a.replies) != len(want) {
			t.Errorf("%d are kept, want %q", len(a.replies), want)
		}
	}
	put("a", 30, time.Hour)
	put("b", 30, time.Hour)
	put("c", 30, time.Hour)
	has("a", "b", "c")
	put("d", 30, time.Hour)
	has("b", "c", "d")
	put("e", 100, time.Hour) // never fits
	has("b", "c", "d")
	put("b", 10, time.Second)
	has("b", "c", "d")
	put("f", 10, time.Hour) // b is not good any more
	has("c", "d", "f")
}

func TestConcurrentUse(t *testing.T) {
	var runs atomic.Int32
	q := counting(&runs, 0)
	q.TTL = time.Microsecond
	h := with(t, Options{MaxConcurrent: 2}, q)
	var all sync.WaitGroup
	for i := range 8 {
		all.Go(func() {
			for range 20 {
				got := get(h, fmt.Sprintf("/slow?n=%d", i%4))
				if got.Code != http.StatusOK && got.Code != http.StatusServiceUnavailable {
					t.Errorf("got %d %s", got.Code, got.Body)
				}
			}
		})
	}
	all.Wait()
}

// Queries read the registry; the registry knows nothing of queries.
func TestACollectionRunsNoQuery(t *testing.T) {
	reg := registry.New(registry.Options{})
	runs := 0
	count := Series(reg)
	run := count.Run
	count.TTL = -1
	count.Run = func(ctx context.Context, p url.Values) (any, error) {
		runs++
		return run(ctx, p)
	}
	h := with(t, Options{}, count)
	if got := get(h, "/series"); got.Code != http.StatusOK || runs != 1 {
		t.Fatalf("got %d after %d runs", got.Code, runs)
	}
	for f := range reg.Collect(t.Context()) {
		for range f.Points {
		}
	}
	for _, format := range []string{"json", "text", "html"} {
		get(h, "/?format="+format)
	}
	if runs != 1 {
		t.Errorf("%d runs", runs)
	}
}
