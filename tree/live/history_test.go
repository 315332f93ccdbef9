package live

import (
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/metertree/metertree/meter"
	"github.com/metertree/metertree/metric"
	"github.com/metertree/metertree/tree"
)

// churn is a program with two counters, two histograms and a gauge of the same
// labels, whose series come and go.
type churn struct {
	bench
	rng      *rand.Rand
	counters []meter.Counter
	hists    []meter.Histogram
	gauge    meter.Gauge
}

func newChurn(b bench, seed uint64) *churn {
	keys := meter.Keys("x", "y")
	return &churn{
		bench:    b,
		rng:      rand.New(rand.NewPCG(seed, 9)),
		counters: []meter.Counter{b.scope.Counter("c_total", keys), b.scope.Counter("d_total", keys)},
		hists: []meter.Histogram{
			b.scope.Histogram("h", keys, meter.Buckets(1, 5)),
			b.scope.Histogram("i", keys, meter.Exponential(20)),
		},
		gauge: b.scope.Gauge("g", keys, meter.Fold(metric.FoldSum)),
	}
}

// live lets an interval pass in which series count, begin and end.
func (c *churn) live() {
	for range 60 {
		x, y := fmt.Sprint(c.rng.IntN(4)), []string{"", "p", "q"}[c.rng.IntN(3)]
		for i := range c.counters {
			c.counters[i].Add(int64(c.rng.IntN(9)), x, y)
			c.hists[i].Observe(c.rng.Float64()*8, x, y)
		}
		c.gauge.Set(float64(c.rng.IntN(50)), x, y)
		if c.rng.IntN(30) == 0 {
			for i := range c.counters {
				c.counters[i].Delete(x, y)
				c.hists[i].Delete(x, y)
			}
			c.gauge.Delete(x, y)
		}
	}
	c.pass(1)
}

func (c *churn) query(metric string) tree.Query {
	return tree.Query{Family: c.family(metric), Selector: tree.Selector{Metric: metric}}
}

// fold answers one query.
func (c *churn) fold(q tree.Query) tree.Result {
	c.t.Helper()
	results, err := c.source.Fold(c.t.Context(), []tree.Query{q})
	if err != nil || results[0].Err != nil {
		c.t.Fatal(err, results[0].Err)
	}
	return results[0]
}

// TestParts: what matchers select and what is excluded, two metrics together, and
// the leaves of a node make it up.
func TestParts(t *testing.T) {
	for seed := range uint64(4) {
		inBubble(t, Options{RateWindow: time.Minute}, func(t *testing.T, b bench) {
			c := newChurn(b, seed)
			if _, err := b.source.Families(t.Context()); err != nil {
				t.Fatal(err)
			}
			c.live()
			for range 10 {
				for _, name := range []string{"c_total", "h", "i", "g"} {
					c.checkExcept(name)
					c.checkLeaves(name)
				}
				c.checkAlso("c_total", "d_total")
				c.checkAlso("h", "i")
				c.live()
			}
		})
	}
}

// checkExcept: a node is what some branches are and what the others are.
func (c *churn) checkExcept(name string) {
	q := c.query(name)
	whole := c.fold(q).Total
	for _, values := range [][]string{{"0"}, {"", "1", "3"}, {"none"}} {
		in, out := q, q
		in.Where = metric.Matchers{}.With("x", values...)
		out.Except = &tree.Exclusion{Label: "x", Values: values}
		c.sum(name+" with and without x", whole, c.fold(in).Total, c.fold(out).Total)
	}
}

// checkAlso: two metrics folded together are the sum of both, branch by branch.
func (c *churn) checkAlso(one, other string) {
	first, second := c.query(one), c.query(other)
	first.By, second.By = "x", "x"
	second.Limit = -1
	both := first
	both.Limit = -1
	both.Also = []tree.Part{{Family: second.Family}}
	whole, a, b := c.fold(both), c.fold(first), c.fold(second)
	c.sum(one+" and "+other, whole.Total, a.Total, b.Total)
	for _, g := range whole.Groups {
		same := func(other tree.Group) bool { return other.Value == g.Value }
		var parts []tree.Group
		for _, list := range [][]tree.Group{a.Groups, b.Groups} {
			if i := slices.IndexFunc(list, same); i >= 0 {
				parts = append(parts, list[i])
			}
		}
		c.sum(fmt.Sprintf("%s and %s where x is %q", one, other, g.Value), g, parts...)
	}
	if want := slices.Concat(a.Total.Reading.Quantiles, b.Total.Reading.Quantiles); len(want) > 0 {
		for i, q := range whole.Total.Reading.Quantiles {
			lo, hi := want[i].Value, want[i+len(want)/2].Value
			// The bounds of one do not tell apart what the other's do.
			if q.Value < min(lo, hi)*0.5 || q.Value > max(lo, hi, 5)*1.1 {
				c.t.Errorf("quantile %v of both is %v, of each %v and %v", q.Q, q.Value, lo, hi)
			}
		}
	}
}

// checkLeaves: the leaves add up to the node, and each of what increases is the
// node of its labels.
func (c *churn) checkLeaves(name string) {
	q := c.query(name)
	leaves, err := c.source.Leaves(c.t.Context(), tree.LeavesQuery{
		Family: q.Family, Selector: q.Selector, By: []string{"y", "x"}, Moment: tree.Moment{Length: time.Minute}, Limit: 12,
	})
	if err != nil {
		c.t.Fatal(err)
	}
	if !slices.IsSortedFunc(leaves, func(a, b tree.Leaf) int { return slices.Compare(a.Values, b.Values) }) {
		c.t.Errorf("leaves of %s are out of order: %v", name, leaves)
	}
	if !q.Family.Increases() {
		return
	}
	var groups []tree.Group
	for _, leaf := range leaves {
		of := q
		of.Selector = q.Selector.With("x", leaf.Values[1]).With("y", leaf.Values[0])
		node := c.fold(of).Total
		groups = append(groups, node)
		if !near(float64(node.Reading.Value), leaf.Value) {
			c.t.Errorf("%s is %v, its leaf %v", of.Selector, node.Reading.Value, leaf.Value)
		}
	}
	c.sum("leaves of "+name, c.fold(q).Total, groups...)
}

// sum checks that the parts add up to the whole.
func (c *churn) sum(what string, whole tree.Group, parts ...tree.Group) {
	c.t.Helper()
	sum, series, streams := 0.0, 0, 0
	for _, p := range parts {
		series += p.Series
		streams += p.Streams
		if !p.Reading.Value.IsNaN() {
			sum += float64(p.Reading.Value)
		}
	}
	if !near(sum, float64(whole.Reading.Value)) || series != whole.Series || streams != whole.Streams {
		c.t.Errorf("%s: %v of %d series in %d streams, the whole is %v of %d in %d", what,
			sum, series, streams, whole.Reading.Value, whole.Series, whole.Streams)
	}
}

// near reports whether two numbers are equal but for the rounding of sums.
func near(a, b float64) bool { return math.Abs(a-b) <= 1e-12*max(math.Abs(a), math.Abs(b)) }

// TestMomentsAgree: asked later about the moment of an answer, to the millisecond,
// the answer is the same.
func TestMomentsAgree(t *testing.T) {
	inBubble(t, Options{RateWindow: time.Minute}, func(t *testing.T, b bench) {
		c := newChurn(b, 7)
		c.live()
		time.Sleep(1234567 * time.Nanosecond)
		var asked []tree.Query
		var answers []tree.Result
		for range 20 {
			for _, name := range []string{"c_total", "h", "i", "g"} {
				q := c.query(name)
				q.By = "x"
				asked, answers = append(asked, q), append(answers, c.fold(q))
			}
			c.live()
		}
		for i, q := range asked {
			q.Moment.End = time.UnixMilli(answers[i].At.UnixMilli())
			if again := c.fold(q); !reflect.DeepEqual(again, answers[i]) {
				t.Errorf("%s at %s was %v, now %v", q.Selector, answers[i].At, answers[i], again)
			}
			q.Moment.End = answers[i].At.Add(time.Second / 2)
			if later := c.fold(q); !later.At.Equal(answers[i].At) {
				t.Errorf("%s between two samples is of %s, not %s", q.Selector, later.At, answers[i].At)
			}
		}
	})
}

func TestMomentBeforeHistory(t *testing.T) {
	inBubble(t, Options{History: time.Minute}, func(t *testing.T, b bench) {
		c := newChurn(b, 1)
		for range 10 {
			c.live()
			c.fold(c.query("c_total"))
		}
		q := c.query("c_total")
		q.Moment.End = time.Now().Add(-5 * time.Minute)
		results, err := b.source.Fold(t.Context(), []tree.Query{q, c.query("g")})
		if err != nil || results[1].Err != nil {
			t.Fatal(err, results[1].Err)
		}
		_, leavesErr := b.source.Leaves(t.Context(), tree.LeavesQuery{Family: q.Family, Selector: q.Selector, Moment: q.Moment})
		for _, err := range []error{results[0].Err, leavesErr} {
			if !errors.Is(err, tree.ErrNoHistory) || !strings.Contains(err.Error(), "reaches back 1m0s") {
				t.Errorf("a moment before the history gives %v", err)
			}
		}
	})
}

// TestLength: a rate is taken over the length asked for, and a metric that was not
// there then has no data.
func TestLength(t *testing.T) {
	inBubble(t, Options{}, func(t *testing.T, b bench) {
		c := newChurn(b, 1)
		c.counters[0].Add(0, "1", "p")
		b.ask("c_total", "")
		for range 6 {
			c.counters[0].Add(10, "1", "p")
			b.pass(1)
		}
		c.counters[0].Add(600, "1", "p")
		c.counters[1].Add(1, "1", "p")
		b.pass(1)
		q := c.query("c_total")
		for length, want := range map[time.Duration]float64{0: 650.0 / 60, time.Minute: 650.0 / 60, 2 * interval: 610.0 / 20, time.Second: 610.0 / 20} {
			q.Moment.Length = length
			if got := float64(c.fold(q).Total.Reading.Value); !near(got, want) {
				t.Errorf("over %s: %v, want %v", length, got, want)
			}
		}
		later := c.query("d_total")
		later.Moment.End = time.Now().Add(-3 * interval)
		if got := c.fold(later); got.Total.Streams != 0 || !got.Total.Reading.Value.IsNaN() {
			t.Errorf("before its first series: %s", show(got))
		}
	})
}

// TestRatesSoon: who begins to look sees rates after a second, from two samples.
func TestRatesSoon(t *testing.T) {
	inBubble(t, Options{}, func(t *testing.T, b bench) {
		c := b.scope.Counter("c_total")
		c.Add(40)
		b.expect(":40 total 1/1", "c_total", "")
		time.Sleep(500 * time.Millisecond)
		c.Add(7)
		b.expect(":40 total 1/1", "c_total", "")
		time.Sleep(500 * time.Millisecond)
		synctest.Wait()
		b.expect(":7 rate 1/1", "c_total", "")
	})
}

func TestAs(t *testing.T) {
	inBubble(t, Options{}, func(t *testing.T, b bench) {
		c := newChurn(b, 1)
		c.counters[0].Add(40, "1", "p")
		q := c.query("c_total")
		as := func(meaning tree.Meaning) string {
			q.As = meaning
			return show(c.fold(q))
		}
		if got := as(tree.MeaningRate); got != ":NaN none 1/1" {
			t.Errorf("a rate of one sample: %s", got)
		}
		_, err := b.source.Leaves(t.Context(), tree.LeavesQuery{Family: q.Family, Selector: q.Selector})
		if !errors.Is(err, tree.ErrNoHistory) {
			t.Errorf("leaves of one sample: %v", err)
		}
		c.counters[0].Add(20, "1", "p")
		b.pass(1)
		if got := as(tree.MeaningRate); got != ":2 rate 1/1" {
			t.Errorf("a rate: %s", got)
		}
		if got := as(tree.MeaningTotal); got != ":60 total 1/1" {
			t.Errorf("a total: %s", got)
		}
	})
}

// TestGaugeLeaves: a leaf of gauges is the sum of the means of its series, each
// over the samples it is in.
func TestGaugeLeaves(t *testing.T) {
	inBubble(t, Options{}, func(t *testing.T, b bench) {
		g := b.scope.Gauge("g", meter.Keys("x", "y"), meter.Fold(metric.FoldMax))
		g.Set(10, "a", "p")
		g.Set(7, "", "p")
		b.ask("g", "")
		time.Sleep(interval / 2)
		g.Set(22, "a", "p")
		g.Set(5, "a", "q")
		b.pass(1)
		q := tree.LeavesQuery{Family: b.family("g"), Selector: tree.Selector{Metric: "g"}, By: []string{"x"}, Moment: tree.Moment{Length: time.Minute}, Limit: 2}
		got, err := b.source.Leaves(t.Context(), q)
		// Samples at 0, 1 and 10 seconds: of 10, 10 and 22; of the second series one.
		want := []tree.Leaf{{Values: []string{""}, Value: 7, Streams: 1}, {Values: []string{"a"}, Value: 14 + 5, Streams: 2}}
		if err != nil || fmt.Sprint(got) != fmt.Sprint(want) {
			t.Errorf("leaves %v, %v; want %v", got, err, want)
		}
		q.By = []string{"x", "y"}
		if _, err := b.source.Leaves(t.Context(), q); !errors.Is(err, tree.ErrTooMany) {
			t.Errorf("three leaves where two are asked for: %v", err)
		}
		q.Where = metric.Matchers{}.With("y", "q")
		if got, err := b.source.Leaves(t.Context(), q); err != nil || len(got) != 1 {
			t.Errorf("leaves where y is q: %v, %v", got, err)
		}
	})
}

func TestNoLimit(t *testing.T) {
	inBubble(t, Options{}, func(t *testing.T, b bench) {
		c := b.scope.Counter("c_total", meter.Keys("x"))
		for i := range 150 {
			c.Add(1, fmt.Sprint(i))
		}
		for limit, want := range map[int]int{0: tree.DefaultBranches, 3: 3, -1: 150} {
			q := tree.Query{Family: b.family("c_total"), Selector: tree.Selector{Metric: "c_total"}, By: "x", Limit: limit}
			r, err := b.source.Fold(t.Context(), []tree.Query{q})
			if err != nil || len(r[0].Groups) != want || r[0].Others != 150-want {
				t.Errorf("limit %d: %d branches and %d others, %v", limit, len(r[0].Groups), r[0].Others, err)
			}
		}
	})
}

func TestRatios(t *testing.T) {
	inBubble(t, Options{}, func(t *testing.T, b bench) {
		calls := b.scope.Counter("calls_total", meter.Keys("status", "op"))
		for _, name := range []string{"lost_ratio", "error_ratio"} {
			if err := meter.Ratio(b.scope, name, calls, meter.Where("status", name)); err != nil {
				t.Fatal(err)
			}
		}
		got, err := b.source.Ratios(t.Context())
		if want := slices.Collect(b.registry.Ratios()); err != nil || len(got) != 2 || !reflect.DeepEqual(got, want) {
			t.Errorf("ratios %v, %v; want %v", got, err, want)
		}
		other := New(&counting{Producer: b.registry}, Options{})
		if got, err := other.Ratios(t.Context()); err != nil || len(got) != 0 {
			t.Errorf("a producer that declares none gives %v, %v", got, err)
		}
		other.Close()
		if _, err := other.Ratios(t.Context()); !errors.Is(err, errClosed) {
			t.Errorf("a closed source gives %v", err)
		}
	})
}
