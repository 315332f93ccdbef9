package promtree

import (
	"context"
	"errors"
	"fmt"
	"math"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/metertree/metertree/metric"
	"github.com/metertree/metertree/tree"
)

// fake is a backend that answers each expression as told, and notes them.
type fake struct {
	answer    func(ctx context.Context, query string) ([]Sample, error)
	catalogue Catalogue
	labels    []string

	mu    sync.Mutex
	asked []string
	most  int // at once
	now   int
}

func (f *fake) Instant(ctx context.Context, query string, _ time.Time) ([]Sample, error) {
	f.mu.Lock()
	f.asked = append(f.asked, query)
	f.now++
	f.most = max(f.most, f.now)
	f.mu.Unlock()
	defer func() {
		f.mu.Lock()
		f.now--
		f.mu.Unlock()
	}()
	return f.answer(ctx, query)
}

func (f *fake) Range(context.Context, string, tree.Window) ([]Series, error) { return nil, nil }

func (f *fake) Catalogue(context.Context, time.Time) (Catalogue, error) { return f.catalogue, nil }

func (f *fake) LabelNames(context.Context, string, time.Time) ([]string, error) { return f.labels, nil }

func one(v float64) []Sample { return []Sample{{Value: v}} }

func counter(name string) tree.Family {
	return tree.Family{Name: name, Kind: tree.KindCounter, Fold: tree.FoldSum, Parts: []string{name}}
}

func about(names ...string) []tree.Query {
	var queries []tree.Query
	for _, name := range names {
		queries = append(queries, tree.Query{Family: counter(name), Selector: tree.Selector{Metric: name}})
	}
	return queries
}

// TestLateQueriesFailAlone: what is late, or refused, spoils its own result.
func TestLateQueriesFailAlone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		backend := &fake{answer: func(ctx context.Context, query string) ([]Sample, error) {
			switch {
			case strings.Contains(query, "late_total"):
				<-ctx.Done()
				return nil, ctx.Err()
			case strings.Contains(query, "refused_total"):
				return nil, errors.New("refused")
			}
			time.Sleep(time.Second)
			return one(1), nil
		}}
		s := New(backend, Options{Concurrency: 2})
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		defer cancel()
		began := time.Now()
		results, err := s.Fold(ctx, about("a_total", "late_total", "refused_total", "b_total"))
		if err != nil {
			t.Fatal(err)
		}
		for i, want := range []error{nil, context.DeadlineExceeded, errors.New("refused"), nil} {
			got := results[i].Err
			if (got == nil) != (want == nil) || got != nil && !strings.Contains(got.Error(), want.Error()) {
				t.Errorf("query %d: error %v, want %v", i, got, want)
			}
		}
		if took := time.Since(began); took != 4500*time.Millisecond || backend.most > 2 {
			t.Errorf("it took %v of 10 s, with %d at once", took, backend.most)
		}
		cancel()
		if _, err := s.Fold(ctx, about("a_total")); !errors.Is(err, context.Canceled) {
			t.Errorf("cancelled: %v", err)
		}
	})
}

// TestNodeAndBranchesAtOnce: what does not depend on one another is asked for at
// the same time, and nothing twice.
func TestNodeAndBranchesAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		backend := &fake{answer: func(context.Context, string) ([]Sample, error) {
			time.Sleep(time.Second)
			return one(1), nil
		}}
		q := about("a_total")
		q[0].By = "host"
		began := time.Now()
		if _, err := New(backend, Options{}).Fold(t.Context(), q); err != nil {
			t.Fatal(err)
		}
		want := []string{"count by (host) (a_total)", "sum(rate(a_total[1m]))", "sum by (host) (rate(a_total[1m]))"}
		if took := time.Since(began); took != time.Second || len(backend.asked) != len(want) {
			t.Errorf("it took %v to ask %q, want a second for %q", took, backend.asked, want)
		}
		for _, query := range want {
			if !strings.Contains(strings.Join(backend.asked, "\n"), query) {
				t.Errorf("%s is not among %q", query, backend.asked)
			}
		}
	})
}

func TestTooManyBranches(t *testing.T) {
	backend := &fake{answer: func(context.Context, string) ([]Sample, error) {
		return []Sample{{Labels: []tree.Label{{Name: "x", Value: "1"}}}, {Labels: []tree.Label{{Name: "x", Value: "2"}}}}, nil
	}}
	q := about("a_total")
	q[0].By, q[0].Limit = "x", -1
	results, err := New(backend, Options{MaxBranches: 1}).Fold(t.Context(), q)
	if err != nil || results[0].Err == nil || !strings.Contains(results[0].Err.Error(), "more than 1: expand along a label with fewer values") {
		t.Errorf("%+v, error %v", results, err)
	}
}

// TestTooManyLeaves: the rates of far too many are not asked for, and those that
// turn out to be too many are not given.
func TestTooManyLeaves(t *testing.T) {
	for name, tt := range map[string]struct {
		counted float64
		asked   int
	}{"counted": {9, 1}, "ended since": {1, 3}} {
		backend := &fake{answer: func(_ context.Context, query string) ([]Sample, error) {
			if strings.HasPrefix(query, "count(count") {
				return one(tt.counted), nil
			}
			return []Sample{{Labels: []tree.Label{{Name: "x", Value: "1"}}}, {Labels: []tree.Label{{Name: "x", Value: "2"}}}}, nil
		}}
		_, err := New(backend, Options{}).Leaves(t.Context(), tree.LeavesQuery{
			Family: counter("a_total"), By: []string{"x"}, Moment: tree.Moment{Length: time.Hour}, Limit: 1,
		})
		if !errors.Is(err, tree.ErrTooMany) || len(backend.asked) != tt.asked {
			t.Errorf("%s: error %v after %q", name, err, backend.asked)
		}
	}
}

// TestAxesOfVeryManySeries: their label sets are not read.
func TestAxesOfVeryManySeries(t *testing.T) {
	backend := &fake{
		catalogue: Catalogue{Series: map[string]int{"a_total": 1_000_000}},
		labels:    []string{"zone", nameLabel, "host", "fixed", "gone"},
		answer: func(_ context.Context, query string) ([]Sample, error) {
			switch query {
			case `count(a_total{fixed="x"})`:
				return one(900_000), nil
			case `count(count by (host) (a_total{fixed="x"}))`:
				return one(5000), nil
			case `count(count by (zone) (a_total{fixed="x"}))`:
				return one(3), nil
			case `count(count by (gone) (a_total{fixed="x"}))`:
				return nil, nil
			}
			return nil, fmt.Errorf("%s is not to be asked", query)
		},
	}
	s := New(backend, Options{})
	sel := tree.Selector{Metric: "a_total", Matchers: []tree.Matcher{{Name: "fixed", Value: "x"}}}
	axes, err := s.Axes(t.Context(), sel)
	if err != nil || fmt.Sprint(axes) != "[{host 5000} {zone 3}]" {
		t.Errorf("%v, error %v", axes, err)
	}
	for i := range 2 * maxAxes {
		backend.labels = append(backend.labels, fmt.Sprintf("l%d", i))
	}
	backend.answer = func(context.Context, string) ([]Sample, error) { return one(100_000), nil }
	axes, err = s.Axes(t.Context(), sel)
	if err != nil || len(axes) != maxAxes || !strings.Contains(strings.Join(s.Notices(), ""), "only the first 50 are shown") {
		t.Errorf("%d axes, notices %q, error %v", len(axes), s.Notices(), err)
	}
}

// info are the series of a declaration, from two instances.
func info(labels metric.Labels) []Sample {
	var own []tree.Label
	for _, l := range labels {
		if l.Value != "" {
			own = append(own, tree.Label{Name: l.Name, Value: l.Value})
		}
	}
	return []Sample{{Labels: own, Value: 2}}
}

// TestDeclarations: what series declare goes before what is inferred, and what is
// wrong with it is said.
func TestDeclarations(t *testing.T) {
	failed := metric.Ratio{
		Name: "shop_error_ratio", Help: "Errors.", Axes: []string{"host"},
		Numerator:   metric.Selection{Metric: "calls_total", Matchers: metric.Matchers{}.With("code", "500")},
		Denominator: metric.Selection{Metric: "calls_total"},
	}
	gauge := metric.Descriptor{Name: "load_total", Kind: metric.Gauge, Fold: metric.FoldMax, Unit: "widgets", Keys: []string{"zone", "host"}, Role: metric.RoleSaturation}
	backend := &fake{
		catalogue: Catalogue{
			Series:   map[string]int{metric.MetricInfo: 4, metric.RatioInfo: 2, "load_total": 3, "calls_total": 3},
			Declared: map[string]tree.Metadata{"load_total": {Kind: tree.KindCounter, Help: "Load."}},
		},
	}
	var broken error
	backend.answer = func(_ context.Context, query string) ([]Sample, error) {
		if strings.Contains(query, "ratio_info") {
			return info(failed.Info()), broken
		}
		return append(info(gauge.Info()), info(metric.Labels{{Name: "metric", Value: "odd"}})...), broken
	}
	now := time.Unix(1_700_000_000, 0)
	s := New(backend, Options{Now: func() time.Time { return now }})
	check := func(notice string) {
		t.Helper()
		ratios, err := s.Ratios(t.Context())
		if err != nil || len(ratios) != 1 || ratios[0].Numerator.String() != `calls_total{code="500"}` {
			t.Errorf("ratios %+v, error %v", ratios, err)
		}
		f, err := s.family(t.Context(), "load_total")
		if err != nil || f.Kind != tree.KindGauge || f.Fold != tree.FoldMax || f.Unit != "widgets" || f.Help != "Load." || f.Inferred.Fold ||
			fmt.Sprint(f.Axes, f.Role) != "[zone host] saturation" {
			t.Errorf("family %+v, error %v", f, err)
		}
		if text := strings.Join(s.Notices(), "\n"); !strings.Contains(text, notice) {
			t.Errorf("notices %q, want %q", text, notice)
		}
	}
	check(`declaration of metric "odd"`)
	if len(backend.asked) != 2 || !strings.HasPrefix(backend.asked[0], "count by (aggregation, axes,") {
		t.Errorf("asked %q", backend.asked)
	}
	// While they cannot be read, what was last known holds.
	now, broken = now.Add(time.Hour), errors.New("too many samples")
	check("as last known, because metertree_metric_info cannot be read: too many samples")
}

// TestNothingIsTakenTwice: infinities that cancel out are no series that are not a
// number, and those that are are left out of everything.
func TestSkippedNaN(t *testing.T) {
	for _, tt := range []struct {
		name          string
		first, second float64
		skipped       bool
	}{
		{"not a number", math.NaN(), 4, true},
		{"opposite infinities", math.NaN(), math.NaN(), false},
		{"a number", 4, 5, false},
	} {
		backend := &fake{answer: func(_ context.Context, query string) ([]Sample, error) {
			if strings.Contains(query, ">= -Inf") {
				return one(tt.second), nil
			}
			return one(tt.first), nil
		}}
		r, err := New(backend, Options{}).Fold(t.Context(), about("a_total"))
		want := tt.second
		if !math.IsNaN(tt.first) {
			want = tt.first
		}
		got := float64(r[0].Total.Reading.Value)
		if err != nil || r[0].SkippedNaN != tt.skipped || got != want && !math.IsNaN(want) {
			t.Errorf("%s: %+v, error %v", tt.name, r[0], err)
		}
	}
}
