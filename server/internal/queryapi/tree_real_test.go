package queryapi

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"net/http"
	"net/url"
	"slices"
	"testing"
	"time"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql"
	"github.com/prometheus/prometheus/promql/parser"
	"github.com/prometheus/prometheus/util/teststorage"

	"github.com/metertree/metertree/internal/realserver"
	"github.com/metertree/metertree/metric"
	"github.com/metertree/metertree/server/internal/apitest"
	"github.com/metertree/metertree/server/internal/prom"
	"github.com/metertree/metertree/server/internal/promtree"
	"github.com/metertree/metertree/tree"
	"github.com/metertree/metertree/tree/treetest"
)

// held is a real server that holds the data of one case after another.
type held struct {
	api apitest.Client
	// place is the present of the next case, whose data are that long.
	place func(length time.Duration) time.Time
	// settle makes what was pushed visible.
	settle func()
	now    time.Time // of the current case
}

// apart is the time between one case and the next: more than a sample is current.
const apart = 10 * time.Minute

// onPrometheus starts Prometheus, in which every case has a time of its own, later
// than those before.
func onPrometheus(t *testing.T) *held {
	next := time.Now().Add(-8 * 24 * time.Hour).Truncate(time.Hour)
	return &held{
		api: apitest.Client{URL: realserver.Prometheus(t, "{}").URL},
		place: func(length time.Duration) time.Time {
			next = next.Add(length + apart).Truncate(time.Minute)
			return next
		},
		settle: func() {},
	}
}

// onVictoriaMetrics starts VictoriaMetrics, from which each case removes the series
// of those before: how long a sample is current follows from the samples there are.
func onVictoriaMetrics(t *testing.T) *held {
	server := realserver.VictoriaMetrics(t).URL
	visit := func(address string) {
		response, err := http.Get(server + address)
		if err != nil {
			t.Fatal(err)
		}
		defer response.Body.Close()
		if response.StatusCode >= 300 {
			t.Fatalf("%s answers %s", address, response.Status)
		}
	}
	present := time.Now().Add(-time.Hour).Truncate(time.Hour)
	return &held{
		api: apitest.Client{URL: server},
		place: func(time.Duration) time.Time {
			visit("/api/v1/admin/tsdb/delete_series?match[]=" + url.QueryEscape(`{__name__!=""}`))
			return present
		},
		settle: func() { visit("/internal/force_flush") },
	}
}

// put pushes the data of a case, whose last samples are that long before its
// present, and returns the way from the time of treetest.
func (h *held) put(t testing.TB, d treetest.Data, before time.Duration) (shift time.Duration) {
	h.now = h.place(time.Duration(d.Instants) * d.Every)
	shift = h.now.Sub(treetest.Now)
	pushed := make([]apitest.Pushed, 0, len(d.Series))
	for _, s := range d.Series {
		p := apitest.Pushed{}
		for _, l := range named(s) {
			p.Labels = append(p.Labels, l.Name, l.Value)
		}
		for _, at := range s.Points {
			p.Samples = append(p.Samples, apitest.PushedSample{Millis: d.At(at.Instant).Add(shift - before).UnixMilli(), Value: at.Value})
		}
		pushed = append(pushed, p)
	}
	h.api.MustWrite(t, apitest.RemoteWriteV1(pushed), apitest.TypeV1)
	h.settle()
	return shift
}

// named are the labels of a series, the name among them, sorted.
func named(s treetest.Series) []tree.Label {
	ls := append([]tree.Label{{Name: model.MetricNameLabel, Value: s.Name}}, s.Labels...)
	slices.SortFunc(ls, func(a, b tree.Label) int {
		switch {
		case a.Name < b.Name:
			return -1
		default:
			return 1
		}
	})
	return ls
}

// open returns a source over a case, or nil if servers of this age refuse its
// names, or take a bound that is not a number for one.
func (h *held) open(t testing.TB, d treetest.Data) tree.Source {
	for _, s := range d.Series {
		for _, l := range s.Labels {
			if !model.LegacyValidation.IsValidLabelName(l.Name) || l.Name == "le" && l.Value == "NaN" {
				return nil
			}
		}
		if !model.LegacyValidation.IsValidMetricName(s.Name) {
			return nil
		}
	}
	shift := h.put(t, d, 0)
	now := h.now
	s, err := New(Options{URL: h.api.URL, Now: func() time.Time { return now }})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	return shifted{promtree.New(declaring{s.backend, d.Declared}, s.backend.options.tree()), shift}
}

// declaring is a backend with declarations of its own, since nobody can push any to
// servers of this age.
type declaring struct {
	*backend
	declared map[string]tree.Metadata
}

func (d declaring) Catalogue(ctx context.Context, at time.Time) (promtree.Catalogue, error) {
	found, err := d.backend.Catalogue(ctx, at)
	found.Declared = d.declared
	return found, err
}

// shifted is a source for those who have another present.
type shifted struct {
	*promtree.Source
	by time.Duration
}

func (s shifted) moment(m *tree.Moment) {
	if !m.End.IsZero() {
		m.End = m.End.Add(s.by)
	}
}

func (s shifted) Fold(ctx context.Context, queries []tree.Query) ([]tree.Result, error) {
	queries = slices.Clone(queries)
	for i := range queries {
		s.moment(&queries[i].Moment)
	}
	results, err := s.Source.Fold(ctx, queries)
	for i := range results {
		results[i].At = results[i].At.Add(-s.by)
	}
	return results, err
}

func (s shifted) Leaves(ctx context.Context, q tree.LeavesQuery) ([]tree.Leaf, error) {
	s.moment(&q.Moment)
	return s.Source.Leaves(ctx, q)
}

func (s shifted) Range(ctx context.Context, q tree.Query, w tree.Window) (tree.RangeResult, error) {
	w.Start, w.End = w.Start.Add(s.by), w.End.Add(s.by)
	r, err := s.Source.Range(ctx, q, w)
	for i := range r.Times {
		r.Times[i] = r.Times[i].Add(-s.by)
	}
	return r, err
}

// evaluate asks the server itself.
func (h *held) evaluate(t *testing.T, shift time.Duration) treetest.Evaluate {
	return func(_ context.Context, expression string, at time.Time) (tree.Number, error) {
		got := h.api.Query(t, expression, at.Add(shift))
		switch {
		case len(got) == 0:
			return tree.NoData, nil
		case len(got) > 1:
			return tree.NoData, fmt.Errorf("%d series: the expression is of a single one", len(got))
		default:
			return tree.Number(got[0].Samples[0].Float()), nil
		}
	}
}

// embeddedOver is the server's own source over the data, in its time.
func embeddedOver(t *testing.T, d treetest.Data, before time.Duration) tree.Source {
	db := teststorage.New(t)
	app := db.Appender(t.Context())
	for _, s := range d.Series {
		var pairs []string
		for _, l := range named(s) {
			pairs = append(pairs, l.Name, l.Value)
		}
		ls := labels.FromStrings(pairs...)
		for _, p := range s.Points {
			if _, err := app.Append(0, ls, d.At(p.Instant).Add(-before).UnixMilli(), p.Value); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := app.Commit(); err != nil {
		t.Fatal(err)
	}
	engine := promql.NewEngine(promql.EngineOpts{
		MaxSamples: 1e6, Timeout: time.Minute, LookbackDelta: 5 * time.Minute, Parser: parser.NewParser(parser.Options{}),
	})
	declared := func(context.Context) map[string]tree.Metadata { return d.Declared }
	return prom.NewTreeSource(engine, db, declared, prom.TreeSourceOptions{Now: func() time.Time { return treetest.Now }})
}

// TestTreeOnPrometheus runs the scripts of the metric tree on a real Prometheus.
func TestTreeOnPrometheus(t *testing.T) {
	t.Parallel()
	source := treetest.Source{Name: "prometheus", Open: onPrometheus(t).open}
	treetest.Run(t, "../../../tree/testdata/*.tree", treetest.Snapshot, source)
	treetest.Run(t, "../prom/testdata/*.tree", source)
	treetest.RunRandom(t, 1, source)
	treetest.RunHistories(t, 1, source)
}

// TestTreeOnVictoriaMetrics runs those of one instant on VictoriaMetrics, which
// stores nothing that is not a number, and leaves out of an answer what becomes none,
// such as the sum of opposite infinities.
func TestTreeOnVictoriaMetrics(t *testing.T) {
	t.Parallel()
	h := onVictoriaMetrics(t)
	source := treetest.Source{Name: "victoriametrics", Open: func(t testing.TB, d treetest.Data) tree.Source {
		for _, s := range d.Series {
			if slices.ContainsFunc(s.Points, func(p treetest.Point) bool { return math.IsNaN(p.Value - p.Value) }) {
				return nil
			}
		}
		return h.open(t, d)
	}}
	treetest.Run(t, "../../../tree/testdata/*.tree", treetest.Snapshot, source)
}

// between is how long before the present the last samples are, so that it makes no
// difference whether a range includes its left end, on which versions differ.
const between = 7 * time.Second

// TestExpressions: every expression that the embedded engine's source gives is
// answered by a real Prometheus, over the same samples, with the source's value,
// and so is what a tree over it shows.
func TestExpressions(t *testing.T) {
	t.Parallel()
	h := onPrometheus(t)
	for seed := range uint64(2) {
		d := treetest.RandomHistory(rand.New(rand.NewPCG(seed, 7)))
		evaluate := h.evaluate(t, h.put(t, d, between))
		source := embeddedOver(t, d, between)
		wrong, err := treetest.WrongExpressions(t.Context(), source, evaluate)
		if err != nil {
			t.Fatal(err)
		}
		for _, text := range append(wrong, wrongInTree(t, source, evaluate)...) {
			t.Errorf("seed %d: %s", seed, text)
		}
	}
}

// ratioOfCalls is a ratio of what treetest generates.
var ratioOfCalls = metric.Ratio{
	Name:        "call_ratio",
	Numerator:   metric.Selection{Metric: "a_total", Matchers: metric.Matchers{}.With("method", "", "a", ".*")},
	Denominator: metric.Selection{Metric: "a_total"},
}

// wrongInTree tells which queries shown in a tree do not give what they stand by.
func wrongInTree(t *testing.T, source tree.Source, evaluate treetest.Evaluate) (wrong []string) {
	t.Helper()
	with, err := tree.WithRatio(source, ratioOfCalls)
	if err != nil {
		t.Fatal(err)
	}
	shown := tree.New(with, tree.Limits{})
	shown.SetClock(func() time.Time { return treetest.Now })
	root, err := shown.Scope(t.Context(), tree.ScopeRequest{Depth: 3, By: []string{"zone", "host"}})
	nodes, all := []*tree.Node{root}, 0
	for _, name := range []string{"a_total", "a_seconds", "n_sum", "a_mean", "a_most", ratioOfCalls.Name} {
		n, unknown := shown.Metric(t.Context(), tree.MetricRequest{Selector: tree.Selector{Metric: name}})
		if unknown != nil || len(n.Children) == 0 {
			continue // nothing of it is left
		}
		split, failed := shown.Split(t.Context(), tree.SplitRequest{Selector: tree.Selector{Metric: name}, By: n.Children[0].Label, Limit: 2})
		err = errors.Join(err, failed)
		nodes = append(nodes, n, split)
	}
	if err != nil {
		t.Fatal(err)
	}
	for _, n := range nodes {
		texts, queries, err := treetest.WrongQueries(t.Context(), n, evaluate)
		if err != nil {
			t.Fatal(err)
		}
		wrong, all = append(wrong, texts...), all+queries
	}
	if all < 100 {
		t.Errorf("only %d queries are shown", all)
	}
	return wrong
}

// TestExpressionsOfARemote: on the server that the source asks, too, also where
// ranges are taken otherwise.
func TestExpressionsOfARemote(t *testing.T) {
	for name, start := range map[string]func(*testing.T) *held{"prometheus": onPrometheus, "victoriametrics": onVictoriaMetrics} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := start(t)
			s := h.open(t, treetest.RandomHistory(rand.New(rand.NewPCG(1, 8))))
			wrong, err := treetest.WrongExpressions(t.Context(), s, h.evaluate(t, h.now.Sub(treetest.Now)))
			for _, text := range wrong {
				t.Error(text)
			}
			if err != nil {
				t.Fatal(err)
			}
		})
	}
}
