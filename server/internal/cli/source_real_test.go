package cli

import (
	"context"
	"encoding/json"
	"fmt"
	"math"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/metertree/metertree"
	"github.com/metertree/metertree/internal/realserver"
	"github.com/metertree/metertree/meter"
	"github.com/metertree/metertree/metric"
	"github.com/metertree/metertree/server/internal/apitest"
	"github.com/metertree/metertree/server/internal/queryapi"
	"github.com/metertree/metertree/tree"
	"github.com/metertree/metertree/web"
)

// shopHistory is half an hour of a shop, of which since six minutes the calls to put
// in eu fail more often. It was told in declarations what its metrics are.
func shopHistory() []apitest.Pushed {
	const step, past = 10 * time.Second, 30 * time.Minute
	const count = int((past + 2*time.Minute) / step) // beyond now, for tests that take their time
	begin := time.Now().Add(-past)
	var all []apitest.Pushed
	add := func(value func(at time.Duration) float64, labels ...string) {
		p := apitest.Pushed{Labels: labels}
		for n := range count + 1 {
			at := time.Duration(n) * step
			p.Samples = append(p.Samples, apitest.PushedSample{Millis: begin.Add(at).UnixMilli(), Value: value(at)})
		}
		all = append(all, p)
	}
	const incident = past - 6*time.Minute
	for i, operation := range []string{"get", "list", "put"} {
		for j, region := range []string{"ap", "eu", "us"} {
			ok, failed, more := float64(20*(i+1)+7*j), float64(i+j+1)/10, 0.0
			if operation == "put" && region == "eu" {
				more = 9
			}
			lasting := func(at time.Duration) float64 { return max(at-incident, 0).Seconds() }
			labels := func(status string) []string {
				return []string{"__name__", "shop_calls_total", "operation", operation, "region", region, "status", status}
			}
			add(func(at time.Duration) float64 { return ok*at.Seconds() - more*lasting(at) }, labels("ok")...)
			add(func(at time.Duration) float64 { return failed*at.Seconds() + more*lasting(at) }, labels("error")...)
		}
	}
	one := func(time.Duration) float64 { return 1 }
	add(one, "__name__", "metertree_metric_info", "aggregation", "sum", "axes", "operation,region,status", "fold", "sum",
		"kind", "counter", "metric", "shop_calls_total", "role", "traffic", "scope", "shop")
	add(one, "__name__", "metertree_ratio_info", "axes", "operation,region", "denominator", "shop_calls_total", "numerator", "shop_calls_total",
		"numerator_matchers", `status="error"`, "ratio", "shop_call_error_ratio", "role", "errors", "scope", "shop")
	return all
}

// viewed serves what a server stores as a tree page, as "metertree serve --query-url"
// does, and returns the flags of both ways to it.
func viewed(t *testing.T, url string) (ways [][]string) {
	t.Helper()
	source, err := queryapi.New(queryapi.Options{URL: url})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(source.Close)
	page := httptest.NewServer(web.Handler(source, web.Options{}))
	t.Cleanup(page.Close)
	return [][]string{{"--query-url", url}, {"--from", page.URL + "/"}}
}

func TestCommandsOnPrometheus(t *testing.T) {
	t.Parallel()
	p := realserver.Prometheus(t, "{}")
	checkShop(t, p.URL, viewed(t, p.URL))
}

func TestCommandsOnTheEmbeddedServer(t *testing.T) {
	t.Parallel()
	p := serveProcess(t, "--storage.path="+dataDir(t), "--no-scrape.self")
	url := p.Process.URL
	checkShop(t, url, [][]string{{"--query-url", url}, {"--from", url + "/"}})
}

// checkShop pushes the history of the shop and looks at it in each of the ways.
func checkShop(t *testing.T, url string, ways [][]string) {
	t.Helper()
	history := shopHistory()
	apitest.Client{URL: url}.MustWrite(t, apitest.RemoteWriteV1(history), apitest.TypeV1)
	apitest.Eventually(t, 30*time.Second, func() (bool, string) {
		got := apitest.Client{URL: url}.Query(t, `count({__name__=~"shop.*|metertree.*_info"})`, time.Now())
		return len(got) == 1 && got[0].Samples[0].Value == fmt.Sprint(len(history)), fmt.Sprint(got)
	})
	for _, way := range ways {
		t.Run(strings.TrimLeft(way[0], "-"), func(t *testing.T) {
			checkExplanations(t, way)
			checkRatios(t, way)
			checkTree(t, way)
		})
	}
}

// answer runs a command and reads its JSON.
func answer[T any](t *testing.T, way []string, args ...string) (value T) {
	t.Helper()
	code, out, errs := run(t, slices.Concat(args, way, []string{"--json"})...)
	if err := json.Unmarshal([]byte(out), &value); err != nil || code != exitOK || errs != "" {
		t.Fatalf("%v: exit code %d, %v: %s\n%.1000s", args, code, err, errs, out)
	}
	return value
}

func checkExplanations(t *testing.T, way []string) {
	windows := []string{"--window=4m", "--baseline=10m"}
	for _, metric := range []string{"shop_call_error_ratio", `shop_calls_total{status="error"}`} {
		e := answer[tree.Explained](t, way, slices.Concat([]string{"explain", metric}, windows)...)
		if len(e.Branches) == 0 || e.Branches[0].Selector != `operation="put", region="eu"` {
			t.Fatalf("%s: %s %+v", metric, e.Summary, e.Branches)
		}
		sum := e.Remainder.Contribution
		for _, b := range e.Branches {
			sum += b.Contribution
		}
		if math.Abs(sum-float64(e.Change)) > 1e-9*float64(e.AfterValue) || math.Abs(e.Branches[0].Percent-100) > 5 {
			t.Errorf("%s: %v and the rest add up to %v, not %v", metric, e.Branches[0].Percent, sum, e.Change)
		}
		code, out, errs := run(t, slices.Concat([]string{"explain", metric}, windows, way)...)
		if code != exitOK || !strings.Contains(out, `1 operation="put", region="eu"`) || !strings.Contains(out, "the remainder") || errs != "" {
			t.Errorf("exit code %d, %s\n%s", code, errs, out)
		}
	}
	if e := answer[tree.Explained](t, way, slices.Concat([]string{"explain", "shop_calls_total", "--by=operation", "--by=region"}, windows)...); len(e.Branches) != 0 || len(e.Labels) != 2 {
		t.Errorf("calls moved to errors and not away: %s in %v", e.Summary, e.Labels)
	}
}

func checkRatios(t *testing.T, way []string) {
	by := []string{"--by=operation", "--by=region", "--baseline=10m"}
	declared := answer[tree.Node](t, way, slices.Concat([]string{"ratio", "shop_call_error_ratio"}, by)...)
	put := declared.Children[0]
	if put.Name != "put" || put.Children[0].Name != "eu" || put.Children[0].Change.Delta <= 0 || declared.Check == nil || !declared.Check.Holds {
		t.Errorf("%+v", put)
	}
	if all := answer[branch](t, way, "ratio"); all.Ratios != 1 {
		t.Errorf("%d ratios", all.Ratios)
	}
	args := slices.Concat([]string{"ratio", `shop_calls_total{status=~"error|lost"}`, "shop_calls_total"}, by)
	made := answer[tree.Node](t, way, args...)
	if made.Children[0].Name != "put" || made.Children[0].Change == nil || made.Children[0].Change.Delta <= 0 || !made.Check.Holds || math.Abs(float64(made.Reading.Value-declared.Reading.Value)) > 0.01*float64(made.Reading.Value) {
		t.Errorf("%v, declared %v", made.Reading.Value, declared.Reading.Value)
	}
}

func checkTree(t *testing.T, way []string) {
	root := answer[branch](t, way, "tree", "--filter=shop", "--signals", "--sparkline", "--baseline=10m", "--by=region", "--top=2")
	shop := root.Children[0]
	if shop.Path != "shop_" || shop.Signals == nil || shop.Signals.Errors == nil || shop.Signals.Traffic.Reading.Value <= 0 {
		t.Fatalf("%+v %+v", shop.Node, shop.Signals)
	}
	if len(shop.Children) != 2 {
		t.Fatalf("%d children", len(shop.Children))
	}
	for _, n := range shop.Children {
		if len(n.Children) != 3 || n.Children[2].Type != tree.NodeOther || n.Change == nil || n.Check == nil || !n.Check.Holds || len(n.Trend) < 10 || len(n.Children[0].Trend) < 10 {
			t.Errorf("%s: %d children, change %v, check %v, %d points", n.Path, len(n.Children), n.Change, n.Check, len(n.Trend))
		}
	}
	code, out, errs := run(t, slices.Concat([]string{"tree", "shop_calls_total", "--by=status", "--sparkline", "--window=20m"}, way)...)
	if code != exitOK || !strings.ContainsAny(out, "▁▂▃▄▅▆▇█") || !strings.Contains(out, "status=error") || errs != "" {
		t.Errorf("exit code %d, %s\n%s", code, errs, out)
	}
	code, out, errs = run(t, slices.Concat([]string{"tree", "shop_calls_total"}, way)...)
	if code != exitOK || !strings.Contains(out, "by operation") || !strings.Contains(out, "3 values") || errs != "" {
		t.Errorf("exit code %d, %s\n%s", code, errs, out)
	}
}

// A running program shows its ratios and golden signals at once, and says what it
// takes to explain a change.
func TestCommandsOnARunningProgram(t *testing.T) {
	rt, err := metertree.Start(t.Context(), metertree.Config{Service: "shop", Listen: "127.0.0.1:0"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := rt.Close(context.Background()); err != nil {
			t.Error(err)
		}
	})
	scope := rt.Scope("shop")
	calls := scope.Counter("calls_total", meter.Keys("status", "region"), meter.Role(metric.RoleTraffic))
	if err := meter.Ratio(scope, "call_error_ratio", calls, meter.Where("status", "error")); err != nil {
		t.Fatal(err)
	}
	calls.Add(30, "ok", "eu")
	calls.Add(10, "error", "eu")
	page := "http://" + rt.Addr().String() + "/tree/"
	way := []string{"--from", page}
	root := answer[branch](t, way, "tree", "--filter=shop_call", "--signals")
	if shop := root.Children[0]; shop.Path != "shop_" || shop.Signals == nil || shop.Signals.Traffic == nil || len(shop.Children) == 0 {
		t.Errorf("%+v %+v", shop.Node, shop.Signals)
	}
	ratio := answer[tree.Node](t, way, "ratio", "shop_call_error_ratio", "--by=region")
	if ratio.Ratio == nil || ratio.Ratio.Numerator != `shop_calls_total{status="error"}` || len(ratio.Children) != 1 {
		t.Errorf("%+v", ratio)
	}
	made := answer[tree.Node](t, way, "ratio", "shop_calls_total{status=~'error|lost'}", "shop_calls_total", "--by=region")
	if made.Ratio == nil || made.Ratio.Numerator != `shop_calls_total{status=~"error|lost"}` {
		t.Errorf("%+v", made)
	}
	shares := answer[tree.Node](t, []string{"--from", strings.TrimSuffix(page, "tree/") + "metrics"}, "ratio", "shop_calls_total", "--by=status", "--mode=share")
	if len(shares.Children) != 2 || *shares.Children[0].Share != 0.75 || shares.Children[0].Name != "ok" {
		t.Errorf("%+v", shares)
	}
	code, _, errs := run(t, append([]string{"explain", "shop_calls_total"}, way...)...)
	if code != exitFailure || !strings.Contains(errs, "ask again in half a minute") || strings.Count(errs, "\n") != 1 {
		t.Errorf("exit code %d, %s", code, errs)
	}
}
