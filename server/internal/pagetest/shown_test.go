package pagetest

import (
	"encoding/json"
	"fmt"
	"math"
	"net/http"
	"net/http/httptest"
	"net/url"
	"testing"
	"time"

	"github.com/metertree/metertree/internal/realserver"
	"github.com/metertree/metertree/server/internal/apitest"
	"github.com/metertree/metertree/tree"
	"github.com/metertree/metertree/web"
)

// TestShownQueries walks the whole tree as the page does, and asks a real
// Prometheus that holds the same samples each query that is shown beside a number.
func TestShownQueries(t *testing.T) {
	t.Parallel()
	w := newWorld()
	server := apitest.Client{URL: realserver.Prometheus(t, "{}").URL}
	w.push(t, server)
	walk := walker{t: t, page: web.Handler(w.embedded(t), web.Options{}), server: server, now: w.now, answers: map[string]tree.Number{}}
	walk.all()
	t.Logf("%d numbers, %d queries", walk.numbers, len(walk.answers))
	if walk.numbers < 1000 || walk.missing > walk.numbers/50 {
		t.Errorf("%d numbers with a query and %d without: the walk has not seen the tree", walk.numbers, walk.missing)
	}
}

// walker visits what the page can show.
type walker struct {
	t       *testing.T
	page    http.Handler
	server  apitest.Client
	now     time.Time
	answers map[string]tree.Number
	numbers int // with a query
	missing int // without
	failed  int
}

func ask[T any](w *walker, path string, query url.Values) T {
	w.t.Helper()
	recorder := httptest.NewRecorder()
	w.page.ServeHTTP(recorder, httptest.NewRequest(http.MethodGet, path+"?"+query.Encode(), nil))
	var answer T
	if err := json.Unmarshal(recorder.Body.Bytes(), &answer); err != nil || recorder.Code != http.StatusOK {
		w.t.Fatalf("%s?%s: %d %s (%v)", path, query.Encode(), recorder.Code, recorder.Body, err)
	}
	return answer
}

func (w *walker) all() {
	root := ask[tree.Node](w, "/api/v1/tree", url.Values{"depth": {"9"}})
	var names []string
	w.visit(&root, func(n *tree.Node) {
		if n.Type == tree.NodeMetric || n.Type == tree.NodeRatio {
			names = append(names, n.Path)
		}
	})
	if len(names) < 15 {
		w.t.Fatalf("only %q in the namespace", names)
	}
	for _, scope := range []string{"", "shop_"} {
		w.signals(ask[tree.Signals](w, "/api/v1/tree/signals", url.Values{"scope": {scope}}))
	}
	for _, name := range names {
		w.node(tree.Selector{Metric: name}, 0)
	}
}

func (w *walker) node(sel tree.Selector, depth int) {
	query := url.Values{"metric": {sel.Metric}}
	for _, m := range sel.Matchers {
		query["label"], query["value"] = append(query["label"], m.Name), append(query["value"], m.Value)
	}
	n := ask[tree.Node](w, "/api/v1/tree/metric", query)
	w.visit(&n, nil)
	for _, axis := range n.Children {
		for _, mode := range []string{"within-group", "share"} {
			query.Set("by", axis.Label)
			query.Set("limit", "2")
			query.Set("mode", mode)
			split := ask[tree.Node](w, "/api/v1/tree/split", query)
			w.visit(&split, nil)
			if split.Check != nil && !split.Check.Holds {
				w.t.Errorf("%s by %s, %s: %s", sel, axis.Label, mode, split.Check.Text)
			}
			if depth > 0 || mode == "share" {
				continue
			}
			for _, branch := range split.Children {
				if branch.Type == tree.NodeValue {
					w.node(tree.Selector{Metric: sel.Metric, Matchers: branch.Matchers}, depth+1)
				}
			}
		}
	}
}

// visit holds the readings of a node and of all below it.
func (w *walker) visit(n *tree.Node, each func(*tree.Node)) {
	if n.Error != "" {
		w.t.Errorf("%s %v: %s", n.Path, n.Matchers, n.Error)
	}
	if n.Reading != nil {
		w.reading(fmt.Sprintf("%s %s %v", n.Type, n.Path, n.Matchers), *n.Reading, n.At)
	}
	if each != nil {
		each(n)
	}
	for _, c := range n.Children {
		w.visit(c, each)
	}
}

func (w *walker) signals(s tree.Signals) {
	for name, signal := range map[string]*tree.Signal{"traffic": s.Traffic, "errors": s.Errors, "latency": s.Latency, "saturation": s.Saturation} {
		if signal == nil || signal.Error != "" {
			w.t.Errorf("%s of %q: %+v", name, s.Path, signal)
			continue
		}
		w.reading(name+" of "+s.Path, signal.Reading, signal.At)
	}
}

func (w *walker) reading(what string, r tree.Reading, at int64) {
	w.hold(what, r.Value, r.Query, at)
	for _, q := range r.Quantiles {
		w.hold(fmt.Sprintf("%s p%v", what, q.Q*100), q.Value, q.Query, at)
	}
}

// hold compares a number with what the server answers.
func (w *walker) hold(what string, shown tree.Number, query string, at int64) {
	if query == "" {
		if !shown.IsNaN() {
			w.missing++
			w.t.Logf("%s is %v, without a query", what, shown)
		}
		return
	}
	w.numbers++
	got, known := w.answers[query]
	if !known {
		got = w.evaluate(query, time.UnixMilli(at))
		w.answers[query] = got
	}
	if !same(float64(got), float64(shown)) && w.failed < 20 {
		w.failed++
		w.t.Errorf("%s is %v, the server answers %v to %s", what, shown, got, query)
	}
}

func (w *walker) evaluate(query string, at time.Time) tree.Number {
	if at.IsZero() || !at.Equal(w.now.Truncate(time.Millisecond)) {
		w.t.Errorf("%s is of %s, asked was at %s", query, at, w.now)
	}
	answer := w.server.Query(w.t, query, at)
	switch {
	case len(answer) == 0:
		return tree.NoData
	case len(answer) > 1 || len(answer[0].Labels) > 0:
		w.t.Errorf("%s has several answers: %v", query, answer)
	}
	return tree.Number(answer[0].Samples[0].Float())
}

// same reports whether two numbers are equal but for the order of additions.
func same(a, b float64) bool {
	if a == b || math.IsNaN(a) && math.IsNaN(b) {
		return true
	}
	return math.Abs(a-b) <= 1e-9*math.Max(math.Abs(a), math.Abs(b))
}
