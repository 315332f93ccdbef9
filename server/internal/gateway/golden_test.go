package gateway

import (
	"flag"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"go.opentelemetry.io/collector/pdata/pmetric"

	"github.com/metertree/metertree/server/internal/apitest"
)

var updateGolden = flag.Bool("update-golden", false, "write the expected expositions")

// everything pushes a metric of every kind, by two instances, over every protocol.
func everything(t *testing.T, g *running, now time.Time) {
	t.Helper()
	for i, instance := range []string{"a", "b"} {
		md := counterPush(instance, now.Add(-time.Minute), now, int64(20+2*i), "http.route", "/api/\"x\"")
		metrics := md.ResourceMetrics().At(0).ScopeMetrics().At(0).Metrics()
		addKinds(metrics, now, i)
		g.mustPush(t, md)
		millis := now.UnixMilli()
		write := apitest.RemoteWriteV2([]apitest.Pushed{
			{Labels: []string{"__name__", "bytes_total", "instance", instance}, Samples: []apitest.PushedSample{{Millis: millis, Value: 1.25}}},
		}, "Bytes.")
		g.want(t, 204, "", http.MethodPost, "/api/v1/write", string(write), "Content-Type", apitest.TypeV2, "Content-Encoding", "snappy")
		g.want(t, 200, "", http.MethodPut, "/metrics/job/nightly/instance/"+instance,
			"# HELP rows_total Rows.\n# TYPE rows_total counter\nrows_total 21\n# TYPE lag_seconds summary\nlag_seconds{quantile=\"0.5\"} 1\nlag_seconds_sum 3\nlag_seconds_count 2\n")
	}
}

func addKinds(metrics pmetric.MetricSlice, now time.Time, i int) {
	inFlight := metrics.AppendEmpty()
	inFlight.SetName("in.flight")
	inFlight.SetDescription("Requests that are being answered.")
	inFlight.SetEmptySum().SetAggregationTemporality(pmetric.AggregationTemporalityCumulative)
	p := inFlight.Sum().DataPoints().AppendEmpty()
	p.SetTimestamp(stampOf(now))
	p.SetIntValue(int64(3 + i))
	heat := metrics.AppendEmpty()
	heat.SetName("temperature")
	heat.SetUnit("Cel")
	p = heat.SetEmptyGauge().DataPoints().AppendEmpty()
	p.SetTimestamp(stampOf(now.Add(time.Duration(i))))
	p.SetDoubleValue(20.5 + float64(i))
	waits := metrics.AppendEmpty()
	waits.SetName("wait")
	waits.SetUnit("s")
	waits.SetDescription("Time in the queue.")
	waits.SetEmptyHistogram().SetAggregationTemporality(pmetric.AggregationTemporalityCumulative)
	h := waits.Histogram().DataPoints().AppendEmpty()
	h.SetStartTimestamp(stampOf(now.Add(-time.Minute)))
	h.SetTimestamp(stampOf(now))
	h.ExplicitBounds().FromRaw([]float64{.1, 1})
	h.BucketCounts().FromRaw([]uint64{1, 2, uint64(i)})
	h.SetCount(uint64(3 + i))
	h.SetSum(2.5)
	sizes := metrics.AppendEmpty()
	sizes.SetName("size")
	sizes.SetUnit("By")
	sizes.SetEmptyExponentialHistogram().SetAggregationTemporality(pmetric.AggregationTemporalityDelta)
	e := sizes.ExponentialHistogram().DataPoints().AppendEmpty()
	e.SetStartTimestamp(stampOf(now.Add(-time.Minute)))
	e.SetTimestamp(stampOf(now))
	e.SetScale(int32(i))
	e.SetZeroCount(1)
	e.Positive().SetOffset(2)
	e.Positive().BucketCounts().FromRaw([]uint64{1, 0, 2})
	e.SetCount(4)
	e.SetSum(50)
}

// TestGoldenScrape compares what is exposed with files.
func TestGoldenScrape(t *testing.T) {
	now := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	g := start(t, t.TempDir(), func(o *Options) { o.now = func() time.Time { return now } })
	everything(t, g, now)
	for name, accept := range map[string]string{
		"scrape.txt":         "text/plain;version=0.0.4",
		"scrape.openmetrics": "application/openmetrics-text;version=1.0.0",
	} {
		_, text, _ := g.send(t, http.MethodGet, "/metrics", nil, "Accept", accept)
		got := withoutOwn(text)
		path := filepath.Join("testdata", name)
		if *updateGolden {
			if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if got != string(want) {
			t.Errorf("%s differs; got:\n%s", name, got)
		}
	}
}

// withoutOwn leaves out the gateway's own metrics.
func withoutOwn(text string) string {
	var kept strings.Builder
	for line := range strings.Lines(text) {
		if !strings.Contains(line, "metertree_gateway_") {
			kept.WriteString(line)
		}
	}
	return kept.String()
}
