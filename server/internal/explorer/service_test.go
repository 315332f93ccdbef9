package explorer

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/metertree/metertree/metric"
	"github.com/metertree/metertree/tree"
)

// service is a tree.Source over a made-up service whose samples are a function
// of time, so that every instant, past or present, can be asked for. From a moment
// on, version 2 fails more often in the region eu than anything else.
type service struct {
	now      func() time.Time
	incident time.Time
	start    time.Time // when the counters began
	extra    []sample  // added to every instant
	notices  []string
	cache    *snapshots
}

func made() service {
	now := time.Now()
	return service{now: time.Now, incident: now.Add(-14 * time.Minute), start: now.Add(-9 * 24 * time.Hour), cache: &snapshots{}}
}

const rateWindow = time.Minute

var serviceMeta = map[string]tree.Metadata{
	"context_http_requests_total":              {Kind: tree.KindCounter, Help: "Requests answered, by route template and status class.", Role: metric.RoleTraffic, Axes: []string{"status", "route", "region", "version"}},
	"context_http_request_duration_seconds":    {Kind: tree.KindHistogram, Unit: "seconds", Help: "Time from the first byte of a request to the last of its answer.", Role: metric.RoleLatency, Axes: []string{"route", "region"}},
	"context_http_in_flight_requests":          {Kind: tree.KindGauge, Fold: tree.FoldSum, Help: "Requests being answered."},
	"context_buffer_mutable_bytes":             {Kind: tree.KindGauge, Unit: "bytes", Fold: tree.FoldSum, Help: "Bytes in the mutable table of each shard."},
	"context_buffer_max_bytes":                 {Kind: tree.KindGauge, Unit: "bytes", Fold: tree.FoldSum, Help: "Bytes that each shard may hold."},
	"context_buffer_immutable_bytes":           {Kind: tree.KindGauge, Unit: "bytes", Fold: tree.FoldSum, Help: "Bytes waiting to be flushed."},
	"context_buffer_flushed_bytes_total":       {Kind: tree.KindCounter, Unit: "bytes", Help: "Bytes handed to the table, by outcome."},
	"context_buffer_oldest_age_seconds":        {Kind: tree.KindGauge, Unit: "seconds", Fold: tree.FoldMax, Help: "Age of the oldest record not flushed yet."},
	"context_cache_evictions_total":            {Kind: tree.KindCounter, Help: "Entries evicted, by who asked for them."},
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

type lines struct {
	samples *[]sample
	start   float64 // in Unix seconds
	x       float64 // seconds since the start
	failing float64 // seconds since the incident began
}

func (l lines) add(name string, v float64, labels ...string) {
	s := sample{Name: name, Value: v}
	for i := 0; i < len(labels); i += 2 {
		s.Labels = append(s.Labels, tree.Label{Name: labels[i], Value: labels[i+1]})
	}
	slices.SortFunc(s.Labels, func(a, b tree.Label) int { return strings.Compare(a.Name, b.Name) })
	*l.samples = append(*l.samples, s)
}

// counter grows by about perSecond, in waves of its own.
func (l lines) counter(name string, perSecond float64, labels ...string) {
	l.add(name, l.grown(perSecond, labels), labels...)
}

func (l lines) grown(perSecond float64, labels []string) float64 {
	period := 300 + float64(len(fmt.Sprint(labels))*13%240)
	return perSecond * (l.x - 0.12*period/6.283*math.Cos(l.x*6.283/period) - 0.05*40*math.Sin(l.x/40))
}

func (l lines) gauge(name string, around float64, labels ...string) {
	phase := float64(len(fmt.Sprint(labels)))
	l.add(name, math.Round(around*(1+0.25*math.Sin(l.x/90+phase)+0.08*math.Sin(l.x/17+2*phase))), labels...)
}

// histogram observes around a median, and now and then four times that.
func (l lines) histogram(name string, perSecond, median float64, labels ...string) {
	quick := l.grown(0.85*perSecond, labels)
	slow := 0.15 * perSecond * (l.x - 0.8*170/6.283*math.Cos(l.x*6.283/170+median))
	for _, le := range []float64{.005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 30, math.Inf(1)} {
		below := func(median float64) float64 { return 1 / (1 + math.Pow(le/median, -3)) }
		n := quick + slow
		if !math.IsInf(le, 1) {
			n = quick*below(median) + slow*below(4*median)
		}
		l.add(name+"_bucket", n, append([]string{"le", fmt.Sprint(le)}, labels...)...)
	}
	l.add(name+"_count", quick+slow, labels...)
	l.add(name+"_sum", (quick+4*slow)*median, labels...)
}

func (l lines) http() {
	weight := map[string]float64{"eu": 1, "us": 0.8, "ap": 0.35, "1": 0.7, "2": 0.3}
	for i, route := range []string{"/api/contexts", "/api/contexts/{id}", "/api/search", "/api/sessions", "/healthz"} {
		for _, region := range []string{"eu", "us", "ap"} {
			for _, version := range []string{"1", "2"} {
				l.requests(84*weight[region]*weight[version]/float64(1+i*i), route, region, version)
			}
			l.histogram("context_http_request_duration_seconds", 84*weight[region]/float64(1+i*i), 0.02*float64(1+i), "route", route, "region", region)
		}
	}
	l.gauge("context_http_in_flight_requests", 14)
}

func (l lines) requests(perSecond float64, route, region, version string) {
	fails := map[string]float64{"eu": 0.008, "us": 0.006, "ap": 0.011}[region]
	for status, share := range map[string]float64{"2xx": 0.963 - fails, "4xx": 0.037, "5xx": fails} {
		labels := []string{"route", route, "status", status, "region", region, "version", version, "job", "contextd"}
		n := l.grown(share*perSecond, labels)
		if more := 0.075 * perSecond * math.Max(l.failing, 0); region == "eu" && version == "2" && status == "5xx" {
			n += more
		}
		l.add("context_http_requests_total", n, labels...)
	}
}

func (l lines) storage() {
	for shard := range 4 {
		n := fmt.Sprint(shard)
		l.gauge("context_buffer_mutable_bytes", 6e5*float64(1+shard), "shard", n)
		l.gauge("context_buffer_immutable_bytes", 2e6*float64(1+shard%2), "shard", n)
		l.add("context_buffer_max_bytes", 8e6, "shard", n)
		l.counter("context_buffer_flushed_bytes_total", 4e5*float64(1+shard), "shard", n, "status", "ok")
		l.counter("context_buffer_flushed_bytes_total", 900, "shard", n, "status", "error")
		l.gauge("context_buffer_oldest_age_seconds", 3+float64(shard), "shard", n)
	}
	for _, level := range []string{"l0", "l1", "l2"} {
		l.counter("context_cache_requests_total", 240, "level", level, "result", "hit")
		l.counter("context_cache_requests_total", 32, "level", level, "result", "miss")
	}
	for user := range 340 {
		l.counter("context_cache_evictions_total", 0.2+float64(user%7)/10, "user_id", fmt.Sprintf("u-%04d", user), "level", fmt.Sprintf("l%d", user%3))
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
		l.add("process_start_time_seconds", l.start, with...)
		l.add("up", 1, with...)
	}
	l.gauge("metertree_registry_series", 1400)
	l.counter("metertree_registry_overflow_total", 0)
	l.histogram("metertree_scrape_duration_seconds", 0.2, 0.012)
	l.add("metertree_collector_last_success_seconds", float64(now.Unix()-4), "collector", "goruntime")
	l.add("metertree_collector_last_success_seconds", float64(now.Unix()-11), "collector", "process")
}

// ratios are what the service declares to be divided by what.
func (l lines) ratios() {
	failed := metric.Matchers{}.With("status", "5xx")
	hit := metric.Matchers{}.With("result", "hit")
	for _, r := range []metric.Ratio{
		{
			Name: "context_http_error_ratio", Scope: []string{"context", "http"}, Help: "Part of the requests that fail.", Role: metric.RoleErrors,
			Numerator:   metric.Selection{Metric: "context_http_requests_total", Matchers: failed},
			Denominator: metric.Selection{Metric: "context_http_requests_total"},
			Axes:        []string{"job", "region", "route", "version"},
		},
		{
			Name: "context_cache_hit_ratio", Scope: []string{"context", "cache"}, Help: "Part of the lookups that are answered from the cache.",
			Numerator:   metric.Selection{Metric: "context_cache_requests_total", Matchers: hit},
			Denominator: metric.Selection{Metric: "context_cache_requests_total"}, Axes: []string{"level"},
		},
		{
			Name: "context_buffer_use_ratio", Scope: []string{"context", "buffer"}, Help: "How full the buffer is.", Role: metric.RoleSaturation,
			Numerator:   metric.Selection{Metric: "context_buffer_immutable_bytes"},
			Denominator: metric.Selection{Metric: "context_buffer_max_bytes"}, Axes: []string{"shard"},
		},
	} {
		s := sample{Name: metric.RatioInfo, Value: 1}
		for _, label := range r.Info() {
			if label.Value != "" {
				s.Labels = append(s.Labels, tree.Label{Name: label.Name, Value: label.Value})
			}
		}
		*l.samples = append(*l.samples, s)
	}
}
