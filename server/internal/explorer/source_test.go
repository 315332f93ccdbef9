package explorer

import (
	"context"
	"fmt"
	"math"
	"sort"
	"time"

	"github.com/metertree/metertree/tree"
)

// service is a tree.Source over a made-up service whose samples are a function
// of time, so that every instant, past or present, can be asked for.
type service struct {
	extra []tree.Sample // added to every instant
	now   func() time.Time
}

const rateWindow = time.Minute

var serviceMeta = map[string]tree.Metadata{
	"context_http_requests_total":              {Kind: tree.KindCounter, Help: "Requests answered, by route template and status class."},
	"context_http_request_duration_seconds":    {Kind: tree.KindHistogram, Unit: "seconds", Help: "Time from the first byte of a request to the last of its answer."},
	"context_http_in_flight_requests":          {Kind: tree.KindGauge, Fold: tree.FoldSum, Help: "Requests being answered."},
	"context_buffer_mutable_bytes":             {Kind: tree.KindGauge, Unit: "bytes", Fold: tree.FoldSum, Help: "Bytes in the mutable table of each shard."},
	"context_buffer_immutable_bytes":           {Kind: tree.KindGauge, Unit: "bytes", Fold: tree.FoldSum, Help: "Bytes waiting to be flushed."},
	"context_buffer_flushed_bytes_total":       {Kind: tree.KindCounter, Unit: "bytes", Help: "Bytes handed to the table, by outcome."},
	"context_buffer_oldest_age_seconds":        {Kind: tree.KindGauge, Unit: "seconds", Fold: tree.FoldMax, Help: "Age of the oldest record not flushed yet."},
	"context_cache_requests_total":             {Kind: tree.KindCounter, Help: "Cache lookups, by level and result."},
	"context_model_tokens_total":               {Kind: tree.KindCounter, Help: "Tokens sent to and received from models."},
	"context_model_call_duration_seconds":      {Kind: tree.KindHistogram, Unit: "seconds", Help: "Duration of calls to model providers."},
	"context_queue_depth":                      {Kind: tree.KindGauge, Fold: tree.FoldSum, Help: "Tasks waiting."},
	"context_queue_wait_seconds":               {Kind: tree.KindHistogram, Unit: "seconds", Help: "Time from enqueue to dequeue."},
	"go_goroutines":                            {Kind: tree.KindGauge, Help: "Number of goroutines that currently exist."},
	"go_gc_heap_live_bytes":                    {Kind: tree.KindGauge, Unit: "bytes", Help: "Heap memory occupied by live objects."},
	"go_gc_cycles_total":                       {Kind: tree.KindCounter, Help: "Garbage collections completed."},
	"go_gc_pauses_seconds":                     {Kind: tree.KindHistogram, Unit: "seconds", Help: "Stop-the-world pauses."},
	"process_cpu_seconds_total":                {Kind: tree.KindCounter, Unit: "seconds", Help: "CPU time spent, user and system."},
	"process_resident_memory_bytes":            {Kind: tree.KindGauge, Unit: "bytes", Help: "Resident memory."},
	"process_open_fds":                         {Kind: tree.KindGauge, Help: "Open file descriptors."},
	"process_start_time_seconds":               {Kind: tree.KindGauge, Help: "When the process started, in Unix seconds."},
	"metertree_registry_series":                {Kind: tree.KindGauge, Fold: tree.FoldSum, Help: "Series held, by metric."},
	"metertree_registry_overflow_total":        {Kind: tree.KindCounter, Help: "Label sets merged because a budget was spent."},
	"metertree_scrape_duration_seconds":        {Kind: tree.KindHistogram, Unit: "seconds", Help: "Time to answer a scrape."},
	"metertree_collector_last_success_seconds": {Kind: tree.KindGauge, Unit: tree.UnitTimestamp, Help: "When each collector last succeeded."},
}

// serviceStart is when the counters began.
var serviceStart = time.Date(2026, 3, 1, 8, 0, 0, 0, time.UTC)

type lines struct {
	b *tree.SnapshotBuilder
	x float64 // seconds since the start
}

func (l lines) add(name string, v float64, labels ...string) {
	s := tree.Sample{Name: name, Value: v}
	for i := 0; i < len(labels); i += 2 {
		s.Labels = append(s.Labels, tree.Label{Name: labels[i], Value: labels[i+1]})
	}
	sort.Slice(s.Labels, func(i, j int) bool { return s.Labels[i].Name < s.Labels[j].Name })
	l.b.Add(s)
}

// counter grows by about perSecond, in waves of its own.
func (l lines) counter(name string, perSecond float64, labels ...string) {
	period := 300 + float64(len(fmt.Sprint(labels))*13%240)
	l.add(name, perSecond*(l.x-0.35*period/6.283*math.Cos(l.x*6.283/period)-0.1*40*math.Sin(l.x/40)), labels...)
}

func (l lines) gauge(name string, around float64, labels ...string) {
	phase := float64(len(fmt.Sprint(labels)))
	l.add(name, math.Round(around*(1+0.25*math.Sin(l.x/90+phase)+0.08*math.Sin(l.x/17+2*phase))), labels...)
}

func (l lines) histogram(name string, perSecond, median float64, labels ...string) {
	period := 400.0
	n := perSecond * (l.x - 0.3*period/6.283*math.Cos(l.x*6.283/period))
	for _, le := range []float64{.005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 30, math.Inf(1)} {
		share := 1 / (1 + math.Pow(le/median, -2.2))
		if math.IsInf(le, 1) {
			share = 1
		}
		text := fmt.Sprint(le)
		l.add(name+"_bucket", n*share, append([]string{"le", text}, labels...)...)
	}
	l.add(name+"_count", n, labels...)
	l.add(name+"_sum", n*median*1.6, labels...)
}

func (s service) at(t time.Time) *tree.Snapshot {
	l := lines{b: tree.NewSnapshotBuilder(), x: t.Sub(serviceStart).Seconds()}
	for name, md := range serviceMeta {
		l.b.Declare(name, md)
	}
	l.http()
	l.storage()
	l.models()
	l.runtime(t)
	for _, sample := range s.extra {
		l.b.Add(sample)
	}
	return l.b.Build()
}

func (l lines) http() {
	routes := []string{"/api/contexts", "/api/contexts/{id}", "/api/search", "/api/sessions", "/healthz"}
	for i, route := range routes {
		for _, status := range []string{"2xx", "4xx", "5xx"} {
			share := map[string]float64{"2xx": 0.955, "4xx": 0.037, "5xx": 0.008}[status]
			l.counter("context_http_requests_total", share*180/float64(1+i*i), "route", route, "status", status, "instance", "127.0.0.1:8080", "job", "contextd")
		}
		l.histogram("context_http_request_duration_seconds", 180/float64(1+i*i), 0.02*float64(1+i), "route", route)
	}
	l.gauge("context_http_in_flight_requests", 14)
}

func (l lines) storage() {
	for shard := range 4 {
		n := fmt.Sprint(shard)
		l.gauge("context_buffer_mutable_bytes", 6e5*float64(1+shard), "shard", n)
		l.gauge("context_buffer_immutable_bytes", 2e6*float64(1+shard%2), "shard", n)
		l.counter("context_buffer_flushed_bytes_total", 4e5*float64(1+shard), "shard", n, "status", "ok")
		l.counter("context_buffer_flushed_bytes_total", 900, "shard", n, "status", "error")
		l.gauge("context_buffer_oldest_age_seconds", 3+float64(shard), "shard", n)
	}
	for _, level := range []string{"l0", "l1", "l2"} {
		l.counter("context_cache_requests_total", 240, "level", level, "result", "hit")
		l.counter("context_cache_requests_total", 32, "level", level, "result", "miss")
	}
}

func (l lines) models() {
	for i, model := range []string{"embed-small", "embed-large", "chat-mini"} {
		l.counter("context_model_tokens_total", 5200/float64(1+i), "model_name", model, "direction", "input")
		if i == 2 {
			l.counter("context_model_tokens_total", 610, "model_name", model, "direction", "output")
		}
		l.histogram("context_model_call_duration_seconds", 22/float64(1+i), 0.18*float64(1+i), "model_name", model)
	}
	l.counter("context_model_tokens_total", 35) // from before the labels were set
	for _, queue := range []string{"ingest", "embed", "summarise"} {
		l.gauge("context_queue_depth", 40, "queue", queue)
		l.histogram("context_queue_wait_seconds", 30, 0.4, "queue", queue)
	}
}

func (l lines) runtime(now time.Time) {
	for _, job := range []string{"contextd", "metertree"} {
		with := []string{"job", job}
		l.gauge("go_goroutines", 48, with...)
		l.gauge("go_gc_heap_live_bytes", 4.1e7, with...)
		l.counter("go_gc_cycles_total", 0.4, with...)
		l.histogram("go_gc_pauses_seconds", 0.9, 0.006, with...)
		l.counter("process_cpu_seconds_total", 0.62, with...)
		l.gauge("process_resident_memory_bytes", 1.2e8, with...)
		l.gauge("process_open_fds", 31, with...)
		l.add("process_start_time_seconds", float64(serviceStart.Unix()), with...)
		l.add("up", 1, with...)
	}
	l.gauge("metertree_registry_series", 1400)
	l.counter("metertree_registry_overflow_total", 0)
	l.histogram("metertree_scrape_duration_seconds", 0.2, 0.012)
	l.add("metertree_collector_last_success_seconds", float64(now.Unix()-4), "collector", "goruntime")
	l.add("metertree_collector_last_success_seconds", float64(now.Unix()-11), "collector", "process")
}

func (s service) Families(ctx context.Context) ([]tree.Family, error) {
	return s.at(s.now()).Families(ctx)
}

func (s service) Axes(ctx context.Context, sel tree.Selector) ([]tree.Axis, error) {
	return s.at(s.now()).Axes(ctx, sel)
}

// Fold takes rates from the totals of now and of a minute ago.
func (s service) Fold(ctx context.Context, queries []tree.Query) ([]tree.Result, error) {
	return s.fold(ctx, queries, s.now())
}

func (s service) fold(ctx context.Context, queries []tree.Query, at time.Time) ([]tree.Result, error) {
	now, err := s.at(at).Fold(ctx, queries)
	if err != nil {
		return nil, err
	}
	before, err := s.at(at.Add(-rateWindow)).Fold(ctx, queries)
	if err != nil {
		return nil, err
	}
	for i := range now {
		old := map[string]tree.Group{}
		for _, g := range before[i].Groups {
			old[g.Value] = g
		}
		toRate(&now[i].Total, before[i].Total)
		for j := range now[i].Groups {
			toRate(&now[i].Groups[j], old[now[i].Groups[j].Value])
		}
	}
	return now, nil
}

func toRate(g *tree.Group, before tree.Group) {
	if g.Reading.Meaning == tree.MeaningTotal {
		g.Reading.Meaning = tree.MeaningRate
		g.Reading.Value = (g.Reading.Value - before.Reading.Value) / tree.Number(rateWindow.Seconds())
	}
}

func (s service) Range(ctx context.Context, q tree.Query, w tree.Window) (tree.RangeResult, error) {
	times := w.Instants()
	r := tree.RangeResult{Times: times}
	lines := map[string]int{}
	for _, at := range times {
		results, err := s.fold(ctx, []tree.Query{q}, at)
		if err != nil {
			return r, err
		}
		if results[0].Err != nil {
			return r, results[0].Err
		}
		r.Meaning = results[0].Total.Reading.Meaning
		r.Total = append(r.Total, pick(results[0].Total.Reading, q.Quantile))
		for _, g := range results[0].Groups {
			i, ok := lines[g.Value]
			if !ok {
				i = len(r.Lines)
				lines[g.Value] = i
				r.Lines = append(r.Lines, tree.Line{Value: g.Value})
			}
			r.Lines[i].Points = append(r.Lines[i].Points, pick(g.Reading, q.Quantile))
		}
	}
	return r, nil
}

func pick(r tree.Reading, quantile float64) tree.Number {
	if quantile == 0 {
		return r.Value
	}
	for _, q := range r.Quantiles {
		if q.Q == quantile {
			return q.Value
		}
	}
	return tree.NoData
}
