package servers

import (
	"context"
	"fmt"
	"math"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"time"

	"github.com/metertree/metertree/benchmarks/measure"
	"github.com/metertree/metertree/benchmarks/servers/load"
)

// Query is a question that servers are timed with.
type Query struct {
	// Name is its row: the expression and what it is asked over.
	Name string
	expr string
	// over and step make it one over a range, up to the end of what is stored.
	over, step time.Duration
}

// Queries are what a dashboard and its alerts ask.
func Queries() []Query {
	const hour, minute = time.Hour, time.Minute
	ranged := func(expr string, over, step time.Duration) Query {
		name := fmt.Sprintf("`%s`, %s by %s", expr, short(over), short(step))
		return Query{Name: name, expr: expr, over: over, step: step}
	}
	instant := func(expr string) Query { return Query{Name: "`" + expr + "`", expr: expr} }
	path := load.Path(0)
	return []Query{
		instant("sum(rate(" + load.Requests + "[5m]))"),
		instant("sum by (status) (rate(" + load.Requests + "[5m]))"),
		instant("topk(5, sum by (path) (rate(" + load.Requests + "[5m])))"),
		instant("histogram_quantile(0.99, sum by (le) (rate(" + load.Latency + "_bucket[5m])))"),
		instant("count by (instance) ({__name__=~\"" + load.Prefix + ".+\"})"),
		ranged(fmt.Sprintf(`%s{instance=%q,path=%q}`, load.InFlight, load.Instance(0), path), hour, minute),
		ranged(fmt.Sprintf(`sum(rate(%s{path=%q}[5m]))`, load.Requests, path), hour, minute),
		ranged("sum by (status) (rate("+load.Requests+"[5m]))", hour, minute),
		ranged("histogram_quantile(0.99, sum by (le, path) (rate("+load.Latency+"_bucket[5m])))", hour, 5*minute),
		ranged("sum by (path) (rate("+load.Requests+"[5m]))", 3*hour, 2*minute),
	}
}

func short(d time.Duration) string {
	if d%time.Hour == 0 {
		return strconv.Itoa(int(d/time.Hour)) + "h"
	}
	return strconv.Itoa(int(d/time.Minute)) + "m"
}

// aside is how far from the samples queries are evaluated, so that it does not
// matter whether a range includes its left end, on which versions differ.
const aside = -7 * time.Second

func (q Query) question(history span) question {
	end := history.end.Add(aside)
	return question{expr: q.expr, start: end.Add(-min(q.over, history.end.Sub(history.begin))), end: end, step: q.step}
}

// TreeQuestions are what the page asks, by name; there is nothing beside them.
func TreeQuestions() []Query {
	return []Query{
		{Name: "the namespace, `/api/v1/tree`", expr: "/api/v1/tree?depth=3"},
		{Name: "one metric and its axes, `/api/v1/tree/metric`", expr: "/api/v1/tree/metric?metric=" + load.Requests},
		{Name: "its split by path, `/api/v1/tree/split`", expr: "/api/v1/tree/split?by=path&metric=" + load.Requests},
		{Name: "its split by instance, `/api/v1/tree/split`", expr: "/api/v1/tree/split?by=instance&metric=" + load.Requests},
	}
}

// queries asks a server everything, compares its answers with what others said,
// and takes the times.
func (b *Bench) queries(ctx context.Context, p *process) error {
	for _, q := range Queries() {
		asked := q.question(b.history)
		said, err := p.ask(ctx, asked)
		if err != nil {
			return err
		}
		if len(said) == 0 {
			return fmt.Errorf("%s answers %s with nothing", p.server.Name, q.expr)
		}
		b.answers[p.server.Name] = append(b.answers[p.server.Name], said)
		if err := b.timed(ctx, p, q, asked.address(p)); err != nil {
			return err
		}
	}
	if p.server.Name != Metertree {
		return nil
	}
	for _, q := range TreeQuestions() {
		address, err := url.Parse(p.url + q.expr)
		if err != nil {
			return err
		}
		values := address.Query()
		values.Set("at", strconv.FormatInt(b.history.end.UnixMilli(), 10))
		address.RawQuery = values.Encode()
		if err := b.timed(ctx, p, q, address.String()); err != nil {
			return err
		}
	}
	return nil
}

// timed asks for an address again and again, and adds the median and the 99th
// percentile of the milliseconds until the answer is read.
func (b *Bench) timed(ctx context.Context, p *process, q Query, address string) error {
	var took []float64
	for i := range b.Plan.QueryWarmUp + b.Plan.QueryTimes {
		began := time.Now()
		if _, err := get(ctx, http.DefaultClient, address); err != nil {
			return err
		}
		if i >= b.Plan.QueryWarmUp {
			took = append(took, milliseconds(time.Since(began)))
		}
	}
	b.results.Add(p.server.Name, measure.Samples{q.Median(): took})
	b.add(p.server, q.Slowest(), quantile(took, .99))
	return nil
}

func milliseconds(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }

// quantile is the figure of the nearest rank.
func quantile(figures []float64, q float64) float64 {
	sorted := slices.Sorted(slices.Values(figures))
	rank := int(math.Ceil(q * float64(len(sorted))))
	return sorted[max(rank, 1)-1]
}
