package observer

import (
	"context"
	"encoding/json"
	"fmt"
	"iter"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/metertree/metertree/metric"
	"github.com/metertree/metertree/policy"
	"github.com/metertree/metertree/policy/cardinality"
	"github.com/metertree/metertree/registry"
)

// source yields families, and tells how often it was asked.
type source struct {
	calls atomic.Int32
	yield func(ctx context.Context, yield func(*metric.Family) bool)
}

func (s *source) Families(ctx context.Context) iter.Seq[*metric.Family] {
	s.calls.Add(1)
	return func(yield func(*metric.Family) bool) { s.yield(ctx, yield) }
}

// family is one with the values of the keys, which are sorted.
func family(name string, keys []string, values ...[]string) *metric.Family {
	return &metric.Family{
		Descriptor: metric.Descriptor{Name: name, Kind: metric.Counter, Keys: keys}, Keys: keys,
		Points: func(yield func(*metric.Point) bool) {
			for _, v := range values {
				if !yield(&metric.Point{Labels: metric.EncodeLabels(keys, v)}) {
					return
				}
			}
		},
	}
}

// grid is a family of a × b series.
func grid(name string, a, b int) *metric.Family {
	var values [][]string
	for i := range a {
		for j := range b {
			values = append(values, []string{fmt.Sprint(i), fmt.Sprint(j)})
		}
	}
	return family(name, []string{"op", "shard"}, values...)
}

func families(all ...*metric.Family) *source {
	return &source{yield: func(_ context.Context, yield func(*metric.Family) bool) {
		for _, f := range all {
			if !yield(f) {
				return
			}
		}
	}}
}

func cardinalityOf(t *testing.T, r *Registry, query string) Cardinality {
	t.Helper()
	got := get(r, "/cardinality"+query, "")
	var d Cardinality
	if err := json.Unmarshal(got.Body.Bytes(), &d); err != nil || got.Code != http.StatusOK {
		t.Fatalf("%v: %d %s", err, got.Code, got.Body)
	}
	return d
}

func TestCardinality(t *testing.T) {
	r := New(Options{Series: families(grid("large_total", 3, 120), family("small_total", nil, nil), grid("middle_total", 2, 4))})
	d := cardinalityOf(t, r, "?limit=1")
	if d.TotalSeries != 369 || d.TotalMetrics != 3 || d.OtherSeries != 9 || len(d.Metrics) != 1 || d.Budget != 0 || d.Excesses != nil {
		t.Errorf("got %+v", d)
	}
	m := d.Metrics[0]
	if m.Name != "large_total" || m.Series != 360 || len(m.Labels) != 2 || len(m.Pairs) != 1 || m.Pairs[0].Values.Count != 360 {
		t.Errorf("got %+v", m)
	}
	shard := m.Labels[0]
	if shard.Name != "shard" || shard.Values.Count != 120 || shard.Level != policy.Questioned || shard.Without.Count != 3 {
		t.Errorf("got %+v", shard)
	}
	want := LabelCardinality{cardinality.LabelTotal{Name: "op", Series: 368, Metrics: 2, MostValues: cardinality.Number{Count: 3}}, policy.Good}
	if len(d.Labels) != 2 || d.Labels[0] != want {
		t.Errorf("labels %+v", d.Labels)
	}
	if all := cardinalityOf(t, r, "?limit=0"); len(all.Metrics) != 3 || all.OtherSeries != 0 {
		t.Errorf("got %+v", all)
	}
}

func TestBudgetNamesTheLabelThatGoes(t *testing.T) {
	s := families(grid("large_total", 3, 120), grid("middle_total", 2, 4), family("bare_total", nil, nil))
	r := New(Options{Series: s})
	d := cardinalityOf(t, r, "?budget=100")
	want := []Excess{{Metric: "large_total", Series: 360, Steps: []cardinality.Step{{Label: "shard", Series: cardinality.Number{Count: 3}}}}}
	if fmt.Sprint(d.Excesses) != fmt.Sprint(want) || d.Budget != 100 {
		t.Errorf("got %+v", d.Excesses)
	}
	// Two labels go; the metric without labels is within the least budget.
	d = cardinalityOf(t, r, "?budget=1")
	if len(d.Excesses) != 2 || len(d.Excesses[0].Steps) != 2 || d.Excesses[1].Metric != "middle_total" {
		t.Errorf("got %+v", d.Excesses)
	}
	if got := cardinalityOf(t, r, "?budget=1000"); got.Excesses != nil || got.Budget != 1000 {
		t.Errorf("got %+v", got.Excesses)
	}
	before := s.calls.Load()
	cardinalityOf(t, r, "?budget=1")
	if s.calls.Load() != before {
		t.Error("a plan that is known was made again")
	}
	for budget := range 3 * maxPlans {
		cardinalityOf(t, r, fmt.Sprintf("?budget=%d", budget+1))
	}
	if n := len(r.census.last.plans); n > maxPlans {
		t.Errorf("%d plans are kept", n)
	}
}

// Series come and go between the count and the search for what has to go.
func TestBudgetOfSeriesThatChange(t *testing.T) {
	series := []*metric.Family{grid("shrinks_total", 5, 5), grid("gone_total", 5, 6), grid("grows_total", 2, 6)}
	s := &source{yield: func(_ context.Context, yield func(*metric.Family) bool) {
		for _, f := range series {
			yield(f)
		}
	}}
	r := New(Options{Series: s})
	cardinalityOf(t, r, "")
	series = []*metric.Family{grid("shrinks_total", 1, 5), grid("grows_total", 3, 6), grid("new_total", 9, 9)}
	d := cardinalityOf(t, r, "?budget=10")
	if len(d.Excesses) != 1 || d.Excesses[0].Metric != "grows_total" || d.Excesses[0].Series != 18 || d.Excesses[0].Steps[0].Label != "op" {
		t.Errorf("got %+v", d.Excesses)
	}
}

func TestCardinalityRefusesBadParameters(t *testing.T) {
	r := New(Options{Series: families()})
	for query, want := range map[string]string{
		"?budget=0": `budget \"0\" is no number from 1`, "?budget=x": `\"x\"`, "?limit=-1": `limit \"-1\" is no number from 0`,
	} {
		if got := get(r, "/cardinality"+query, ""); got.Code != http.StatusBadRequest || !strings.Contains(got.Body.String(), want) {
			t.Errorf("%s: got %d %s", query, got.Code, got.Body)
		}
	}
	if got := cardinalityOf(t, r, "?budget=&limit="); got.Budget != 0 || got.Metrics == nil || got.Labels == nil {
		t.Errorf("got %+v", got)
	}
	if got := get(New(Options{}), "/cardinality", ""); got.Code != http.StatusNotFound {
		t.Errorf("without series: got %d", got.Code)
	}
}

func TestGrowthSinceTheLastCount(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		series := []*metric.Family{grid("a_total", 2, 2), grid("b_total", 1, 1)}
		s := &source{yield: func(_ context.Context, yield func(*metric.Family) bool) {
			for _, f := range series {
				yield(f)
			}
		}}
		r := New(Options{Series: s})
		first := cardinalityOf(t, r, "")
		if first.GrownSince != nil || first.Growth != nil || !first.CountedAt.Equal(time.Now()) {
			t.Errorf("got %+v", first)
		}
		series = []*metric.Family{grid("a_total", 2, 5), grid("b_total", 1, 1)}
		time.Sleep(censusFresh - time.Second)
		if kept := cardinalityOf(t, r, ""); kept.TotalSeries != 5 || s.calls.Load() != 1 {
			t.Errorf("counted again: %+v", kept)
		}
		time.Sleep(time.Second)
		second := cardinalityOf(t, r, "")
		if second.TotalSeries != 11 || !second.GrownSince.Equal(first.CountedAt) ||
			len(second.Growth) != 1 || second.Growth[0] != (cardinality.Growth{Metric: "a_total", Before: 4, After: 10}) {
			t.Errorf("got %+v", second)
		}
	})
}

func TestOneCountAtATime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &source{yield: func(_ context.Context, yield func(*metric.Family) bool) {
			time.Sleep(time.Second)
			yield(grid("a_total", 2, 2))
		}}
		r := New(Options{Series: s})
		var all sync.WaitGroup
		for range 5 {
			all.Go(func() {
				if d, err := r.census.take(t.Context(), 0); err != nil || d.TotalSeries != 4 {
					t.Errorf("got %+v, %v", d, err)
				}
			})
		}
		all.Wait()
		if n := s.calls.Load(); n != 1 {
			t.Errorf("counted %d times", n)
		}
	})
}

func TestACountThatHangs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		release := make(chan struct{})
		s := &source{yield: func(context.Context, func(*metric.Family) bool) { <-release }}
		r := New(Options{Series: s})
		start := time.Now()
		got := get(r, "/cardinality", "")
		if took := time.Since(start); got.Code != http.StatusGatewayTimeout || took != censusTimeout {
			t.Errorf("after %v: %d %s", took, got.Code, got.Body)
		}
		got = get(r, "/cardinality", "text/plain")
		if got.Code != http.StatusServiceUnavailable || got.Header().Get("Retry-After") == "" || !strings.Contains(got.Body.String(), "someone else") {
			t.Errorf("got %d %s", got.Code, got.Body)
		}
		if n := s.calls.Load(); n != 1 {
			t.Errorf("%d counts were begun", n)
		}
		close(release)
		synctest.Wait()
		s.yield = func(_ context.Context, yield func(*metric.Family) bool) { yield(grid("a_total", 1, 1)) }
		if d := cardinalityOf(t, r, ""); d.TotalSeries != 1 {
			t.Errorf("got %+v", d)
		}
	})
}

// An asker who leaves ends the count, also in the middle of a metric.
func TestACountEndsWithItsAsker(t *testing.T) {
	for _, budget := range []int{0, 1} {
		ctx, cancel := context.WithCancel(t.Context())
		walked := 0
		f := family("a_total", []string{"k"})
		f.Points = func(yield func(*metric.Point) bool) {
			for i := range 1_000_000 {
				if walked++; walked == 5000 {
					cancel()
				}
				if !yield(&metric.Point{Labels: metric.EncodeLabels(f.Keys, []string{fmt.Sprint(i)})}) {
					return
				}
			}
		}
		r := New(Options{Series: families(f)})
		if budget > 0 {
			r.census.last = &count{
				document: Cardinality{CountedAt: time.Now()}, plans: map[int][]Excess{},
				report: cardinality.Report{Metrics: []cardinality.Metric{{Name: "a_total", Series: 1_000_000}}},
			}
		}
		if err := r.census.count(ctx, budget); err == nil || walked > 10_000 {
			t.Errorf("budget %d: walked %d series, err = %v", budget, walked, err)
		}
	}
}

func TestACountThatPanics(t *testing.T) {
	s := &source{yield: func(context.Context, func(*metric.Family) bool) { panic("no such shard") }}
	r := New(Options{Series: s})
	for range 2 {
		if got := get(r, "/cardinality", ""); got.Code != http.StatusInternalServerError || !strings.Contains(got.Body.String(), "no such shard") {
			t.Errorf("got %d %s", got.Code, got.Body)
		}
	}
}

// The two share the registry and nothing else: a scrape asks no component, and a
// look refreshes nothing that is made for scrapes.
func TestScrapesAndLooksDoNotMeet(t *testing.T) {
	reg := registry.New(registry.Options{})
	scraped := 0
	reg.OnCollect(func(context.Context) { scraped++ })
	r := New(Options{Series: reg})
	looked := 0
	add(t, r, "store", func(context.Context) Status {
		looked++
		return Healthy("")
	})
	server := httptest.NewServer(r.Handler())
	defer server.Close()
	for _, path := range []string{"/", "/store", "/cardinality?budget=5"} {
		response, err := http.Get(server.URL + path)
		if err != nil {
			t.Fatal(err)
		}
		if err := response.Body.Close(); err != nil || response.StatusCode != http.StatusOK {
			t.Errorf("%s: %d, %v", path, response.StatusCode, err)
		}
	}
	if looked != 2 || scraped != 0 {
		t.Errorf("after looking: %d looks and %d refreshes", looked, scraped)
	}
	for f := range reg.Collect(t.Context()) {
		for range f.Points {
		}
	}
	if looked != 2 || scraped != 1 {
		t.Errorf("after a scrape: %d looks and %d refreshes", looked, scraped)
	}
}
