//go:build !metertree_off

package metertree_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/metertree/metertree"
	"github.com/metertree/metertree/admission"
	"github.com/metertree/metertree/collect"
	"github.com/metertree/metertree/export"
	"github.com/metertree/metertree/export/exporttest"
	"github.com/metertree/metertree/export/stdout"
	"github.com/metertree/metertree/integrate"
	"github.com/metertree/metertree/meter"
	"github.com/metertree/metertree/metric"
	"github.com/metertree/metertree/policy"
	"github.com/metertree/metertree/policy/tenant"
)

func startWith(t *testing.T, config metertree.Config) *metertree.Runtime {
	t.Helper()
	config.Listen = metertree.NoListener
	rt, err := metertree.Start(context.Background(), config)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = rt.Close(context.Background()) })
	return rt
}

// scrape returns what /metrics answers.
func scrapeText(t *testing.T, rt *metertree.Runtime, query string) string {
	t.Helper()
	answer := httptest.NewRecorder()
	rt.Handler().ServeHTTP(answer, httptest.NewRequest(http.MethodGet, "/metrics"+query, nil))
	if answer.Code != http.StatusOK {
		t.Fatalf("status %d: %s", answer.Code, answer.Body)
	}
	return answer.Body.String()
}

func TestViewsChangeWhatIsShown(t *testing.T) {
	rt := startWith(t, metertree.Config{Views: []integrate.View{
		{Match: integrate.Match{Name: "app_calls_total"}, Drop: []string{"peer"}},
		{Match: integrate.Match{Name: "app_noise_total"}, Aggregation: metric.Drop},
		{Match: integrate.Match{Name: "app_wait_seconds"}, Aggregation: metric.MinMaxSumCount},
	}})
	calls := rt.Scope("app").Counter("calls_total", meter.Keys("op", "peer"))
	for _, peer := range []string{"a", "b", "c"} {
		calls.Add(2, "get", peer)
	}
	noise := rt.Scope("app").Counter("noise_total")
	noise.Inc()
	rt.Scope("app").Histogram("wait_seconds").Observe(3)
	for range 2 { // totals stay
		text := scrapeText(t, rt, "")
		for _, line := range []string{`app_calls_total{op="get"} 6`, "app_wait_seconds_max 3", "app_wait_seconds_count 1",
			`metertree_metric_info{aggregation="sum",axes="op",fold="sum",kind="counter",metric="app_calls_total",role="",scope="app",unit=""} 1`} {
			if !strings.Contains(text, line+"\n") {
				t.Errorf("no line %q in\n%s", line, text)
			}
		}
		for line := range strings.Lines(text) {
			// Nor is it declared.
			if strings.Contains(line, "app_") && (strings.Contains(line, "noise") || strings.Contains(line, "peer")) {
				t.Errorf("what views hide is shown: %s", line)
			}
		}
	}
	if noise.Enabled() {
		t.Error("a metric that a view drops is enabled")
	}
}

func TestContradictingViewsAreAnError(t *testing.T) {
	_, err := metertree.Start(context.Background(), metertree.Config{Listen: metertree.NoListener, Views: []integrate.View{
		{Match: integrate.Match{Name: "a_total"}, Rename: "b_total"},
		{Match: integrate.Match{Name: "a_total"}, Rename: "c_total"},
	}})
	if err == nil || !strings.Contains(err.Error(), "Config.Views") {
		t.Errorf("error %v, want one about Config.Views", err)
	}
}

// TestExportersAreGivenEverything pushes deltas to one exporter that fails at
// first, and totals to another; closing exports what is left.
func TestExportersAreGivenEverything(t *testing.T) {
	failing, steady := &exporttest.Recorder{}, &exporttest.Recorder{}
	failing.Next(exporttest.Fail(errors.New("not yet")))
	rt := startWith(t, metertree.Config{
		Period: time.Hour,
		Exporters: []metertree.Exporter{
			{Name: "deltas", Exporter: failing, Temporality: metric.Delta},
			{Name: "totals", Exporter: steady},
		},
	})
	calls := rt.Scope("app").Counter("calls_total")
	calls.Add(3)
	if err := rt.Flush(context.Background()); err == nil {
		t.Error("a failed export is no error")
	}
	calls.Add(4)
	if err := rt.Flush(context.Background()); err != nil {
		t.Error(err)
	}
	calls.Add(5)
	if err := rt.Close(context.Background()); err != nil {
		t.Error(err)
	}
	if got := exported(failing, "app_calls_total"); len(got) != 2 || got[0] != 7 || got[1] != 5 {
		t.Errorf("deltas %v, want 7 and 5", got)
	}
	if got := exported(steady, "app_calls_total"); len(got) != 3 || got[2] != 12 {
		t.Errorf("totals %v, want three up to 12", got)
	}
	if failing.Shutdowns() != 1 || steady.Shutdowns() != 1 {
		t.Error("exporters were not shut down once")
	}
}

// exported returns the values of a metric with one series in delivered batches.
func exported(r *exporttest.Recorder, name string) (values []int64) {
	for _, b := range r.Batches() {
		for f := range b.Families {
			if f.Descriptor.Name == name {
				for p := range f.Points {
					values = append(values, p.Int)
				}
			}
		}
	}
	return values
}

func TestPushToStdout(t *testing.T) {
	var out bytes.Buffer
	exporter, err := stdout.New(&out, stdout.Options{})
	if err != nil {
		t.Fatal(err)
	}
	rt := startWith(t, metertree.Config{Exporters: []metertree.Exporter{{Name: "stdout", Exporter: exporter}}})
	rt.Scope("app").Counter("calls_total").Inc()
	if err := rt.Close(context.Background()); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(out.String(), `"app_calls_total"`) {
		t.Errorf("closing has not exported: %q", out.String())
	}
}

func TestPolicyRefusesAndBoundsTenants(t *testing.T) {
	guard, err := tenant.New(tenant.Options{Metrics: policy.Patterns{"app_calls_total"}, Limit: 2})
	if err != nil {
		t.Fatal(err)
	}
	rt := startWith(t, metertree.Config{Admission: admission.Options{Labels: policy.DefaultLabels(), Tenants: guard}})
	if _, err := rt.Scope("app").NewCounter("bad_total", meter.Keys("user_id")); err == nil {
		t.Error("a forbidden label is no error")
	}
	calls := rt.Scope("app").Counter("calls_total", meter.Keys("account_id"), meter.PerTenant())
	calls.Inc("acme")
	if text := scrapeText(t, rt, "?name[]=app_calls_total"); !strings.Contains(text, `app_calls_total{account_id="__overflow__"} 1`) {
		t.Errorf("a tenant without a place is shown as\n%s", text)
	}
	calls.Inc("acme")
	if n := rt.DeleteTenant("nobody"); n != 0 {
		t.Errorf("%d series of nobody ended", n)
	}
}

func TestScrapesAreCounted(t *testing.T) {
	rt := startWith(t, metertree.Config{})
	scrapeText(t, rt, "")
	request := httptest.NewRequest(http.MethodGet, "/metrics", nil)
	request.Header.Set("Accept", "application/openmetrics-text;version=1.0.0")
	answer := httptest.NewRecorder()
	rt.Handler().ServeHTTP(answer, request)
	body, err := io.ReadAll(answer.Body)
	if err != nil || !strings.HasSuffix(string(body), "# EOF\n") {
		t.Errorf("OpenMetrics ends with %q, %v", body[max(0, len(body)-20):], err)
	}
	text := scrapeText(t, rt, "")
	for _, line := range []string{
		`metertree_scrapes_total{format="text",outcome="ok"} 1`,
		`metertree_scrapes_total{format="openmetrics",outcome="ok"} 1`,
	} {
		if !strings.Contains(text, line+"\n") {
			t.Errorf("no line %q", line)
		}
	}
}

// TestHungCollectorHoldsUpNobody scrapes with twenty collectors, of which one
// never answers: the scrape is answered in time, with the values of the others
// as they are now.
func TestHungCollectorHoldsUpNobody(t *testing.T) {
	rt := startWith(t, metertree.Config{Grace: time.Second})
	values := rt.Scope("app").Gauge("reading", meter.Keys("source"))
	hung := make(chan struct{})
	t.Cleanup(func() { close(hung) })
	reads := 0
	for i := range 20 {
		source := fmt.Sprint("s", i)
		read := func(context.Context) (float64, error) { return 100, nil }
		switch i {
		case 7:
			read = func(context.Context) (float64, error) { <-hung; return 0, nil }
		case 8:
			read = func(context.Context) (float64, error) { reads++; return float64(reads), nil }
		}
		_, err := rt.Refresher().Add(source, collect.State(read, func(v float64, out *collect.Gauges) {
			out.Set(values, v, source)
		}), collect.Schedule{TTL: -1, Timeout: time.Minute})
		if err != nil {
			t.Fatal(err)
		}
	}
	for scrape := 1; scrape <= 2; scrape++ {
		request := httptest.NewRequest(http.MethodGet, "/metrics", nil)
		request.Header.Set("X-Prometheus-Scrape-Timeout-Seconds", "1")
		answer := httptest.NewRecorder()
		rt.Handler().ServeHTTP(answer, request)
		text := answer.Body.String()
		if answer.Code != http.StatusOK {
			t.Fatalf("status %d: %s", answer.Code, text)
		}
		if n := strings.Count(text, "\napp_reading{"); n != 19 {
			t.Errorf("scrape %d: %d sources shown, want the 19 that answer", scrape, n)
		}
		if line := fmt.Sprintf("app_reading{source=\"s8\"} %d\n", scrape); !strings.Contains(text, line) {
			t.Errorf("scrape %d: no line %q", scrape, line)
		}
	}
}

// replaced are sets of views that are derived from a counter with the labels op
// and peer.
var replaced = [][]integrate.View{
	{{Drop: []string{"peer"}, Match: integrate.Match{Name: "app_calls_total"}}},
	nil,
	{{Keep: []string{"peer"}, Match: integrate.Match{Name: "app_calls_total"}}},
	{{Keep: []string{}, Rename: "app_requests_total", Match: integrate.Match{Name: "app_calls_total"}}},
}

var callsLine = regexp.MustCompile(`(?m)^app_(?:calls|requests)_total(?:\{.*\})? (\d+)$`)

// callsShown returns the sum of the counter over all labels.
func callsShown(t *testing.T, rt *metertree.Runtime) (sum int) {
	t.Helper()
	for _, line := range callsLine.FindAllStringSubmatch(scrapeText(t, rt, ""), -1) {
		n, err := strconv.Atoi(line[1])
		if err != nil {
			t.Fatal(err)
		}
		sum += n
	}
	return sum
}

// TestViewsAreReplacedUnderLoad counts while views are replaced, scrapes and
// exports run: nothing is lost, nothing counted twice, and totals never shrink.
func TestViewsAreReplacedUnderLoad(t *testing.T) {
	const writers, updates, replacements = 4, 20_000, 40
	sink := &exporttest.Recorder{}
	rt := startWith(t, metertree.Config{Period: time.Hour, Exporters: []metertree.Exporter{
		{Name: "deltas", Exporter: sink, Temporality: metric.Delta},
	}})
	calls := rt.Scope("app").Counter("calls_total", meter.Keys("op", "peer"))
	var group sync.WaitGroup
	for w := range writers {
		group.Go(func() {
			for i := range updates {
				calls.Inc(fmt.Sprint(i%3), fmt.Sprint(w))
			}
		})
	}
	group.Go(func() {
		last := 0
		for range replacements {
			now := callsShown(t, rt)
			if now < last {
				t.Errorf("the total fell from %d to %d", last, now)
			}
			last = now
			if err := rt.Flush(t.Context()); err != nil {
				t.Error(err)
			}
		}
	})
	group.Go(func() {
		for i := range replacements {
			views := replaced[i%len(replaced)]
			err := errors.Join(rt.ReplaceViews(t.Context(), views...), rt.ReplaceExporterViews(t.Context(), "deltas", views...))
			if err != nil {
				t.Error(err)
			}
		}
	})
	group.Wait()
	for _, views := range replaced {
		if err := rt.ReplaceViews(t.Context(), views...); err != nil {
			t.Error(err)
		}
		if got := callsShown(t, rt); got != writers*updates {
			t.Errorf("%d shown under %v, want %d", got, views, writers*updates)
		}
	}
	if err := rt.Flush(t.Context()); err != nil {
		t.Error(err)
	}
	got := 0
	for _, name := range []string{"app_calls_total", "app_requests_total"} {
		for _, n := range exported(sink, name) {
			got += int(n)
		}
	}
	if got != writers*updates {
		t.Errorf("%d delivered, want %d", got, writers*updates)
	}
}

// TestReplacedViewsOnlyDerive gives views to a program that began with some, and
// takes them away.
func TestReplacedViewsOnlyDerive(t *testing.T) {
	rt := startWith(t, metertree.Config{Views: []integrate.View{
		{Match: integrate.Match{Name: "app_noise_total"}, Aggregation: metric.Drop},
		{Match: integrate.Match{Name: "app_calls_total"}, Drop: []string{"peer"}},
	}})
	rt.Scope("app").Counter("noise_total").Inc()
	calls := rt.Scope("app").Counter("calls_total", meter.Keys("op", "peer"))
	calls.Inc("get", "a")
	calls.Inc("get", "b")
	if err := rt.ReplaceViews(t.Context()); err != nil {
		t.Fatal(err)
	}
	text := scrapeText(t, rt, "")
	for _, line := range []string{`app_calls_total{op="get",peer="a"} 1`, `app_calls_total{op="get",peer="b"} 1`} {
		if !strings.Contains(text, line+"\n") {
			t.Errorf("no line %q in\n%s", line, text)
		}
	}
	if strings.Contains(text, "noise") {
		t.Error("what was never kept is shown")
	}
}

func TestReplacementsThatFailChangeNothing(t *testing.T) {
	sink := &exporttest.Recorder{}
	old := integrate.View{Match: integrate.Match{Name: "app_calls_total"}, Drop: []string{"peer"}}
	rt := startWith(t, metertree.Config{
		Views: []integrate.View{old},
		Exporters: []metertree.Exporter{
			{Name: "steady", Exporter: sink, Views: []integrate.View{old}},
			{Name: "other", Exporter: &exporttest.Recorder{}},
		},
	})
	calls := rt.Scope("app").Counter("calls_total", meter.Keys("peer"))
	calls.Inc("a")
	calls.Inc("b")
	rt.Scope("app").Histogram("wait_seconds", meter.Buckets(1, 2)).Observe(1)
	match := integrate.Match{Name: "app_calls_total"}
	for says, views := range map[string][]integrate.View{
		"view 1 (":         {{Match: match, Rename: "a_total"}, {Match: match, Rename: "b_total"}},
		"app_wait_seconds": {{Match: integrate.Match{Name: "app_wait_seconds"}, Buckets: []float64{1, 3}}},
	} {
		for _, err := range []error{
			rt.ReplaceViews(t.Context(), views...), rt.ReplaceExporterViews(t.Context(), "steady", views...),
		} {
			if err == nil || !strings.Contains(err.Error(), says) {
				t.Errorf("error %v, want one that says %s", err, says)
			}
		}
	}
	err := rt.ReplaceExporterViews(t.Context(), "nobody")
	if err == nil || !strings.Contains(err.Error(), `"nobody"`) || !strings.Contains(err.Error(), `"steady", "other"`) {
		t.Errorf("error %v, want one that names the exporters there are", err)
	}
	if text := scrapeText(t, rt, ""); !strings.Contains(text, "\napp_calls_total 2\n") {
		t.Errorf("/metrics has other views:\n%s", text)
	}
	if err := rt.Flush(t.Context()); err != nil {
		t.Error(err)
	}
	if got := exported(sink, "app_calls_total"); len(got) != 1 || got[0] != 2 {
		t.Errorf("the exporter was given %v, want 2 in one series", got)
	}
}

func TestViewsAreNotReplacedAfterClose(t *testing.T) {
	for _, views := range [][]integrate.View{nil, replaced[0]} {
		rt := startWith(t, metertree.Config{Views: views, Exporters: []metertree.Exporter{{Name: "e", Exporter: &exporttest.Recorder{}}}})
		if err := rt.Close(t.Context()); err != nil {
			t.Error(err)
		}
		for _, err := range []error{rt.ReplaceViews(t.Context()), rt.ReplaceExporterViews(t.Context(), "e")} {
			if !errors.Is(err, integrate.ErrClosed) {
				t.Errorf("error %v, want integrate.ErrClosed", err)
			}
		}
	}
}

// deaf is an exporter that ignores its context, and reads its batch when it is
// let go.
type deaf struct {
	begun, letGo chan struct{}
	read         int64
}

func (d *deaf) Export(_ context.Context, b *export.Batch) error {
	close(d.begun)
	<-d.letGo
	for f := range b.Families {
		if f.Descriptor.Name != "app_calls_total" {
			continue
		}
		for p := range f.Points {
			d.read += p.Int
		}
	}
	return nil
}

func (d *deaf) Shutdown(context.Context) error { return nil }

// TestCloseLeavesItsBatchToWhatIsLeftBehind closes under an exporter that does
// not return in time. It still reads all that it was given, and what it was
// given from ends after it.
func TestCloseLeavesItsBatchToWhatIsLeftBehind(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := &deaf{begun: make(chan struct{}), letGo: make(chan struct{})}
		rt := startWith(t, metertree.Config{Grace: time.Second, Exporters: []metertree.Exporter{
			{Name: "deaf", Exporter: d, Temporality: metric.Delta},
		}})
		rt.Scope("app").Counter("calls_total").Add(3)
		flushed := make(chan error, 1)
		go func() { flushed <- rt.Flush(t.Context()) }()
		<-d.begun
		if err := rt.Close(t.Context()); err == nil || !strings.Contains(err.Error(), `"deaf": has not returned`) {
			t.Errorf("Close = %v, want that the exporter is left behind", err)
		}
		close(d.letGo)
		if err := <-flushed; err != nil {
			t.Errorf("Flush = %v", err)
		}
		synctest.Wait()
		if d.read != 3 {
			t.Errorf("the exporter read %d, want 3", d.read)
		}
		if err := rt.ReplaceExporterViews(t.Context(), "deaf"); !errors.Is(err, integrate.ErrClosed) {
			t.Errorf("error %v, want that the integrator was closed", err)
		}
	})
}
