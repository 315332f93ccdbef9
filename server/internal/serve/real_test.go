package serve

import (
	"fmt"
	"math"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"runtime"
	"runtime/debug"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/metertree/metertree/internal/realserver"
	"github.com/metertree/metertree/server/internal/apitest"
)

// The replay's samples lie this far apart; queries are evaluated between them, so
// that it does not matter whether a range includes its left end, on which
// versions of Prometheus differ.
const (
	replayStep  = 15 * time.Second
	replayCount = 40
	between     = 7 * time.Second
)

// replay is a target whose n-th scrape, by whichever server, has the n-th
// timestamp and values: two servers that scrape it store the same samples.
type replay struct {
	begin time.Time
	mu    sync.Mutex
	next  map[string]int // by scraping server
}

func (p *replay) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	by := r.URL.Query().Get("by")
	p.mu.Lock()
	defer p.mu.Unlock()
	n := min(p.next[by], replayCount-1)
	w.Header().Set("Content-Type", "text/plain; version=0.0.4")
	if _, err := fmt.Fprint(w, exposition(n, p.begin.Add(time.Duration(n)*replayStep).UnixMilli())); err == nil && r.Context().Err() == nil {
		p.next[by] = n + 1
	}
}

// finished reports whether the server has scraped the last version.
func (p *replay) finished(by string) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.next[by] >= replayCount
}

// exposition has the shapes that queries treat differently: a counter that
// resets, a gauge that is sometimes NaN or infinite, a histogram, a summary, a
// series that comes and goes, and labels that need escaping.
func exposition(n int, at int64) string {
	var b strings.Builder
	b.WriteString("# TYPE requests_total counter\n")
	for shard := range 3 {
		for _, status := range []string{"ok", "error"} {
			// Far from zero, since versions of Prometheus differ in how a rate is
			// extrapolated to the start of a counter that begins near it.
			value := 1000 + float64((n+1)*(shard+1)*7)/float64(len(status))
			if n >= replayCount/2 && shard == 1 {
				value = float64(n - replayCount/2) // restarted
			}
			fmt.Fprintf(&b, "requests_total{shard=\"%d\",status=%q} %g %d\n", shard, status, value, at)
		}
	}
	temperature := 20 + 5*math.Sin(float64(n)/3)
	switch n {
	case 11:
		temperature = math.NaN()
	case 12:
		temperature = math.Inf(1)
	}
	fmt.Fprintf(&b, "# TYPE temperature gauge\ntemperature{room=\"a \\\"b\\\" \\\\ é\"} %g %d\n", temperature, at)
	b.WriteString("# TYPE latency_seconds histogram\n")
	for i, bound := range []string{"0.05", "0.25", "2.5", "+Inf"} {
		fmt.Fprintf(&b, "latency_seconds_bucket{le=%q} %d %d\n", bound, (n+1)*(i+1)*3, at)
	}
	fmt.Fprintf(&b, "latency_seconds_sum %g %d\nlatency_seconds_count %d %d\n", float64(n+1)*4.5, at, (n+1)*12, at)
	fmt.Fprintf(&b, "# TYPE size summary\nsize{quantile=\"0.5\"} %d %d\nsize_sum %d %d\nsize_count %d %d\n", n, at, n*9, at, n*2, at)
	if n%5 < 3 {
		fmt.Fprintf(&b, "# TYPE sometimes gauge\nsometimes %d %d\n", n, at)
	}
	return b.String()
}

var parityQueries = []string{
	`requests_total`,
	`rate(requests_total[1m])`,
	`irate(requests_total[1m])`,
	`increase(requests_total{status="ok"}[5m])`,
	`resets(requests_total[9m])`,
	`sum by (status) (rate(requests_total[2m]))`,
	`sum without (status) (requests_total)`,
	`topk(2, requests_total)`,
	`sum(rate(requests_total{status="error"}[2m])) / sum(rate(requests_total[2m]))`,
	`requests_total{status="error"} / on (shard) group_left requests_total{status="ok"}`,
	`requests_total{shard=~"0|2",status!="ok"} > 1100`,
	`requests_total and on (shard) (requests_total > 1200)`,
	`requests_total offset 1m`,
	`temperature`,
	`avg_over_time(temperature[2m])`,
	`quantile_over_time(0.9, temperature[2m])`,
	`max_over_time(temperature[5m:30s])`,
	`deriv(temperature[2m])`,
	`predict_linear(temperature[2m], 60)`,
	`changes(temperature[5m])`,
	`label_replace(temperature, "place", "$1", "room", "(.).*")`,
	`histogram_quantile(0.5, rate(latency_seconds_bucket[2m]))`,
	`histogram_quantile(0.99, sum by (le) (rate(latency_seconds_bucket[5m])))`,
	`rate(latency_seconds_sum[2m]) / rate(latency_seconds_count[2m])`,
	`size`,
	`sometimes`,
	`absent(temperature > 1000)`,
	`count_over_time(sometimes[5m])`,
	`absent_over_time(nothing[5m])`,
	`count by (__name__) ({__name__=~".+",job="replay"})`,
	`sort_desc(requests_total)`,
	`stddev(requests_total)`,
	`time() - timestamp(requests_total)`,
	`vector(1)`,
	`scalar(vector(2)) * 3`,
	`{job="replay",__name__=~"latency.*"}`,
}

func TestPromQLEqualsPrometheus(t *testing.T) {
	t.Parallel()
	target := &replay{begin: time.Now().Add(-20 * time.Minute).Truncate(time.Second), next: map[string]int{}}
	server := httptest.NewServer(target)
	t.Cleanup(server.Close)
	jobs := func(by string) string {
		return fmt.Sprintf(`
global: {scrape_interval: 150ms}
scrape_configs:
- job_name: replay
  params: {by: [%s]}
  static_configs: [{targets: [%q]}]
`, by, strings.TrimPrefix(server.URL, "http://"))
	}
	real := apitest.Client{URL: realserver.Prometheus(t, jobs("prometheus")).URL}
	options := testOptions(t)
	options.ConfigFile = configFile(t, jobs("metertree"))
	options.SelfScrape = SelfScrapeOff
	ours := start(t, options)

	last := target.begin.Add((replayCount - 1) * replayStep)
	for by, client := range map[string]apitest.Client{"prometheus": real, "metertree": ours.Client} {
		apitest.Eventually(t, time.Minute, func() (bool, string) {
			got := client.Query(t, fmt.Sprintf(`count_over_time(requests_total{shard="0",status="ok"}[%ds])`, int(replayCount*replayStep.Seconds())), last.Add(between))
			state := fmt.Sprintf("%s has %v", by, got)
			return target.finished(by) && len(got) == 1 && got[0].Samples[0].Value == fmt.Sprint(replayCount), state
		})
	}

	for _, expr := range parityQueries {
		t.Run(expr, func(t *testing.T) {
			samples := 0
			for _, n := range []int{0, 5, 12, replayCount / 2, replayCount - 1} {
				at := target.begin.Add(time.Duration(n)*replayStep + between)
				want := real.Query(t, expr, at)
				compareSeries(t, fmt.Sprintf("at sample %d", n), ours.Query(t, expr, at), want)
				samples += len(want)
			}
			begin, end := target.begin.Add(between), last.Add(between)
			want := real.QueryRange(t, expr, begin, end, 30*time.Second)
			compareSeries(t, "over the range", ours.QueryRange(t, expr, begin, end, 30*time.Second), want)
			if samples+len(want) == 0 {
				t.Error("neither server has an answer: the query compares nothing")
			}
		})
	}
}

// compareSeries compares two results; the values may differ in the last digits,
// because versions of Prometheus sum in different order.
func compareSeries(t *testing.T, when string, got, want []apitest.Series) {
	t.Helper()
	if len(got) != len(want) {
		t.Errorf("%s: %d series %v, want %d %v", when, len(got), got, len(want), want)
		return
	}
	for i := range want {
		if got[i].Name() != want[i].Name() {
			t.Errorf("%s: series %s, want %s", when, got[i].Name(), want[i].Name())
			continue
		}
		equal := slices.EqualFunc(got[i].Samples, want[i].Samples, func(a, b apitest.Sample) bool {
			return a.Millis == b.Millis && (a.Value == b.Value || near(a.Float(), b.Float()))
		})
		if !equal {
			t.Errorf("%s: %s is\n%v, want\n%v", when, got[i].Name(), got[i].Samples, want[i].Samples)
		}
	}
}

func near(a, b float64) bool {
	return math.Abs(a-b) <= 1e-9*math.Max(math.Abs(a), math.Abs(b))
}

// Against a node exporter that both scrape at their own times, what does not
// depend on the time is the same. The real Prometheus also scrapes our metrics.
func TestNodeExporterEqualsPrometheus(t *testing.T) {
	t.Parallel()
	exporter := realserver.NodeExporter(t)
	address := strings.TrimPrefix(exporter.URL, "http://")
	options := testOptions(t)
	options.Defaults.Interval = time.Second
	options.Scrape = []string{exporter.URL + "/metrics"}
	ours := start(t, options)
	real := apitest.Client{URL: realserver.Prometheus(t, fmt.Sprintf(`
global: {scrape_interval: 1s}
scrape_configs:
- job_name: %q
  static_configs: [{targets: [%q]}]
- job_name: ours
  static_configs: [{targets: [%q]}]
`, address, address, strings.TrimPrefix(ours.URL, "http://"))).URL}

	// From the third scrape on the exporter's metrics about itself are complete.
	settled := fmt.Sprintf(`sum_over_time(up{job=%q}[10m]) >= 3`, address)
	for _, client := range []apitest.Client{real, ours.Client} {
		apitest.Eventually(t, time.Minute, func() (bool, string) {
			got := client.Query(t, settled, time.Now())
			return len(got) == 1, fmt.Sprint(got)
		})
	}
	now := time.Now()
	for _, expr := range []string{
		`count by (__name__) ({job=%q})`,
		`count by (mode) (node_cpu_seconds_total{job=%q})`,
		`node_uname_info{job=%q}`,
		`node_exporter_build_info{job=%q}`,
		`node_memory_MemTotal_bytes{job=%q}`,
		`node_boot_time_seconds{job=%q}`,
		`count(node_filesystem_size_bytes{job=%q})`,
		`min(node_cpu_seconds_total{job=%q}) >= bool 0`,
		`up{job=%q}`,
	} {
		expr = fmt.Sprintf(expr, address)
		want := real.Query(t, expr, now)
		if len(want) == 0 {
			t.Errorf("%s: Prometheus has no answer, so nothing is compared", expr)
		}
		compareSeries(t, expr, ours.Query(t, expr, now), want)
	}
	for _, family := range []string{"node_cpu_seconds_total", "node_load1", "node_uname_info"} {
		if got, want := ours.Metadata(t, family), real.Metadata(t, family); len(want) == 0 || !slices.Equal(got, want) {
			t.Errorf("metadata of %s: %v, want %v", family, got, want)
		}
	}
	for client, job := range map[apitest.Client]string{ours.Client: "metertree", real: "ours"} {
		apitest.Eventually(t, 20*time.Second, func() (bool, string) {
			target := client.Targets(t)[job]
			return target.Health == "up" && target.LastError == "", fmt.Sprintf("job %s: %+v", job, target)
		})
	}
}

// The commands of the real promtool that ask a server work with ours.
func TestPromtoolQueries(t *testing.T) {
	t.Parallel()
	promtool := realserver.Find(t, "promtool")
	r := start(t, testOptions(t))
	now := time.Now()
	r.MustWrite(t, apitest.RemoteWriteV1([]apitest.Pushed{{
		Labels:  []string{"__name__", "asked", "who", "promtool"},
		Samples: []apitest.PushedSample{{Millis: now.UnixMilli(), Value: 12.5}},
	}}), apitest.TypeV1)
	begin, end := now.Add(-time.Minute).Format(time.RFC3339), now.Add(time.Minute).Format(time.RFC3339)
	for _, test := range []struct {
		args []string
		want string
	}{
		{[]string{"instant", r.URL, "asked"}, "12.5"},
		{[]string{"range", "--start=" + begin, "--end=" + end, "--step=10s", r.URL, "asked"}, "12.5"},
		{[]string{"series", "--match=asked", r.URL}, `who="promtool"`},
		{[]string{"labels", r.URL, "who"}, "promtool"},
	} {
		out, err := exec.Command(promtool, append([]string{"query"}, test.args...)...).CombinedOutput()
		if err != nil || !strings.Contains(string(out), test.want) {
			t.Errorf("promtool query %v: %v, %q; want %q in it", test.args, err, out, test.want)
		}
	}
}

// What a Prometheus says of itself we say too, of the same kind.
func TestRuntimeInfoIsPrometheus(t *testing.T) {
	prometheus := realserver.Prometheus(t, "global: {scrape_interval: 1s}\n")
	options := testOptions(t)
	r := start(t, options)
	var theirs, ours map[string]any
	(&apitest.Client{URL: prometheus.URL}).Get(t, "status/runtimeinfo", nil, &theirs)
	r.Get(t, "status/runtimeinfo", nil, &ours)
	for key, want := range theirs {
		if got, there := ours[key]; !there || fmt.Sprintf("%T", got) != fmt.Sprintf("%T", want) {
			t.Errorf("%s is %v (%T), and Prometheus has %v (%T)", key, got, got, want, want)
		}
	}
	for key, want := range map[string]any{
		"corruptionCount": 0.0, "reloadConfigSuccess": true, "storageRetention": "1w",
		"GOMAXPROCS": float64(runtime.GOMAXPROCS(0)), "GOMEMLIMIT": float64(debug.SetMemoryLimit(-1)), "GOGC": os.Getenv("GOGC"),
	} {
		if ours[key] != want {
			t.Errorf("%s is %v, want %v", key, ours[key], want)
		}
	}
	if n, _ := ours["goroutineCount"].(float64); n < 1 {
		t.Errorf("%v goroutines", n)
	}
	for _, key := range []string{"startTime", "lastConfigTime", "serverTime"} {
		text, _ := ours[key].(string)
		if at, err := time.Parse(time.RFC3339Nano, text); err != nil || time.Since(at) > time.Hour || time.Since(at) < -time.Minute {
			t.Errorf("%s is %v: %v", key, ours[key], err)
		}
	}
}
