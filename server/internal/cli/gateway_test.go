package cli

import (
	"bytes"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/pmetric"
	"go.opentelemetry.io/collector/pdata/pmetric/pmetricotlp"

	"github.com/metertree/metertree/internal/realserver"
	"github.com/metertree/metertree/server/internal/apitest"
)

// gatewayProcess starts "metertree gateway" as a process, on a free port.
func gatewayProcess(t *testing.T, path string, args ...string) *realserver.Process {
	t.Helper()
	return realserver.Start(t, "/-/ready", func(address string) *exec.Cmd {
		return program(t, append([]string{"gateway", "--web.listen-address=" + address, "--log.level=warn", "--storage.path=" + path}, args...)...)
	})
}

// pusher is a process that counts calls and pushes them, with its answers lost now
// and then.
type pusher struct {
	id     int
	random *rand.Rand
	// start, at and total are of the present life; sent is of all lives, and
	// counts what was acknowledged.
	start, at time.Time
	total     int64
	sent      int64
}

// next makes the next push: a counter and a histogram, as totals or increments.
func (p *pusher) next() (body []byte, n int64) {
	previous := p.at
	p.at = p.at.Add(time.Duration(1+p.random.IntN(1000)) * time.Microsecond)
	n = 1 + p.random.Int64N(5)
	delta := p.id%2 == 1
	md := pmetric.NewMetrics()
	resource := md.ResourceMetrics().AppendEmpty()
	resource.Resource().Attributes().PutStr("service.name", "shop")
	resource.Resource().Attributes().PutInt("service.instance.id", int64(p.id))
	metrics := resource.ScopeMetrics().AppendEmpty().Metrics()
	temporality, start, total := pmetric.AggregationTemporalityCumulative, p.start, p.total+n
	if delta {
		temporality, start, total = pmetric.AggregationTemporalityDelta, previous, n
	}
	calls := metrics.AppendEmpty()
	calls.SetName("calls")
	calls.SetEmptySum().SetIsMonotonic(true)
	calls.Sum().SetAggregationTemporality(temporality)
	point := calls.Sum().DataPoints().AppendEmpty()
	point.SetStartTimestamp(pcommon.NewTimestampFromTime(start))
	point.SetTimestamp(pcommon.NewTimestampFromTime(p.at))
	point.SetIntValue(total)
	waits := metrics.AppendEmpty()
	waits.SetName("waits")
	waits.SetEmptyHistogram().SetAggregationTemporality(temporality)
	h := waits.Histogram().DataPoints().AppendEmpty()
	h.SetStartTimestamp(pcommon.NewTimestampFromTime(start))
	h.SetTimestamp(pcommon.NewTimestampFromTime(p.at))
	h.ExplicitBounds().FromRaw([]float64{1})
	h.BucketCounts().FromRaw([]uint64{uint64(total), 0})
	h.SetCount(uint64(total))
	body, err := pmetricotlp.NewExportRequestFromMetrics(md).MarshalProto()
	if err != nil {
		panic(err)
	}
	return body, n
}

// live pushes until told to stop; what is not acknowledged is pushed again.
func (p *pusher) live(url func() string, stopped *atomic.Bool) error {
	client := &http.Client{Timeout: 5 * time.Second}
	for !stopped.Load() {
		body, n := p.next()
		for acknowledged := false; !acknowledged; {
			response, err := client.Post(url()+"/v1/metrics", "application/x-protobuf", bytes.NewReader(body))
			if err != nil {
				continue // killed: again
			}
			answer, readErr := io.ReadAll(response.Body)
			_ = response.Body.Close()
			switch {
			case readErr != nil || response.StatusCode >= 500 || p.random.IntN(8) == 0:
				// The answer was lost.
			case response.StatusCode != http.StatusOK || len(answer) > 0:
				return fmt.Errorf("status %d, answer %q", response.StatusCode, answer)
			default:
				acknowledged = true
			}
		}
		p.total += n
		p.sent += n
		if p.random.IntN(20) == 0 {
			p.start, p.total = p.at, 0
		}
	}
	return nil
}

// Ten kills in the middle of pushes: what was acknowledged is counted, and counted
// once.
func TestGatewayKills(t *testing.T) {
	for _, durability := range []string{"disk", "process"} {
		t.Run(durability, func(t *testing.T) { gatewayKills(t, "--gateway.durability="+durability) })
	}
}

func gatewayKills(t *testing.T, args ...string) {
	path := dataDir(t)
	var url atomic.Pointer[string]
	process := gatewayProcess(t, path, args...)
	url.Store(&process.URL)
	var stopped atomic.Bool
	var group sync.WaitGroup
	pushers := make([]*pusher, 6)
	for i := range pushers {
		began := time.Now().Add(-time.Hour)
		p := &pusher{id: i, random: rand.New(rand.NewPCG(uint64(i), 5)), start: began, at: began}
		pushers[i] = p
		group.Go(func() {
			if err := p.live(func() string { return *url.Load() }, &stopped); err != nil {
				t.Error(err)
			}
		})
	}
	last := 0.0
	for range 10 {
		before := last
		apitest.Eventually(t, 30*time.Second, func() (bool, string) {
			last = scraped(t, *url.Load(), `calls_total{job="shop"}`)
			return last > before+100, fmt.Sprint(last)
		})
		process.Kill()
		process = gatewayProcess(t, path, args...)
		url.Store(&process.URL)
		now := scraped(t, process.URL, `calls_total{job="shop"}`)
		if now < last {
			t.Errorf("%v was shown, and %v is after the kill", last, now)
		}
	}
	stopped.Store(true)
	group.Wait()
	want := int64(0)
	for _, p := range pushers {
		want += p.sent
	}
	for _, sample := range []string{`calls_total{job="shop"}`, `waits_count{job="shop"}`} {
		if got := scraped(t, process.URL, sample); got != float64(want) {
			t.Errorf("%s is %v, acknowledged were %d", sample, got, want)
		}
	}
}

// scraped is the value of one sample, 0 if there is none.
func scraped(t *testing.T, url, sample string) (value float64) {
	t.Helper()
	response, err := http.Get(url + "/metrics")
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(text)) {
		if rest, found := strings.CutPrefix(line, sample+" "); found {
			if _, err := fmt.Sscan(rest, &value); err != nil {
				t.Fatal(err)
			}
		}
	}
	return value
}

func TestGatewayEndsInOrder(t *testing.T) {
	path := dataDir(t)
	p := gatewayProcess(t, path, "--gateway.durability=shutdown")
	response, err := http.Post(p.URL+"/metrics/job/a", "text/plain", strings.NewReader("a_total 42\n"))
	if err != nil || response.StatusCode != http.StatusOK {
		t.Fatalf("%v, %v", response, err)
	}
	_ = response.Body.Close()
	if err := p.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	<-p.Exited()
	if code := p.ExitCode(); code != exitOK || !strings.Contains(p.Output(), "metertree gateway is ready at "+p.URL) {
		t.Errorf("exit code %d\n%s", code, p.Output())
	}
	p = gatewayProcess(t, path)
	if got := scraped(t, p.URL, `a_total{job="a"}`); got != 42 {
		t.Errorf("%v after the restart, want 42", got)
	}
	code, _, said := run(t, "gateway", "--web.listen-address=127.0.0.1:0", "--storage.path="+path)
	if code != exitFailure || strings.Count(said, "\n") != 1 || !strings.Contains(said, "in use by another gateway") {
		t.Errorf("exit code %d, %q", code, said)
	}
}

func TestGatewayMistakes(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	checkMistakes(t, []mistake{
		{"address", []string{"gateway", "--storage.path=" + dir, "--web.listen-address=nonsense"}, exitFailure, []string{"not host:port", "--web.listen-address"}},
		{"taken", []string{"gateway", "--storage.path=" + dir, "--web.listen-address=" + realserver.TakenAddress(t)}, exitFailure, []string{"in use by another process"}},
		{"file", []string{"gateway", "--storage.path=" + file, "--web.listen-address=127.0.0.1:0"}, exitFailure, []string{"--storage.path"}},
		{"idle", []string{"gateway", "--gateway.idle=3d"}, exitUsage, []string{"--gateway.forget"}},
		{"fold", []string{"gateway", "--gateway.gauge-fold=median"}, exitUsage, []string{"--gateway.gauge-fold"}},
		{"label", []string{"gateway", "--gateway.drop-label=a b"}, exitUsage, []string{"--gateway.drop-label"}},
		{"size", []string{"gateway", "--gateway.max-push-size=1GB"}, exitUsage, []string{"--gateway.max-push-size"}},
	})
}

func TestGatewayLabels(t *testing.T) {
	c := GatewayCmd{DropLabel: []string{"region", "k8s.node.name"}, KeepLabel: []string{"host", "host.name"}, GaugeFold: "max"}
	s := c.options().Settings
	if got := strings.Join(s.Drop, " "); got != "hostname instance k8s_node_name k8s_pod_name pod process_pid region service_instance_id" {
		t.Errorf("dropped: %s", got)
	}
	if s.GaugeFold.String() != "max" {
		t.Errorf("gauges: %v", s.GaugeFold)
	}
}

// A server that scrapes the gateway has the merged stream, with its own job.
func TestServeScrapesTheGateway(t *testing.T) {
	p := gatewayProcess(t, dataDir(t))
	for instance := range 3 {
		body := fmt.Sprintf("# TYPE rows_total counter\nrows_total %d\n", 10+4*instance)
		response, err := http.Post(fmt.Sprintf("%s/metrics/job/import/instance/%d", p.URL, instance), "", strings.NewReader(body))
		if err != nil || response.StatusCode != http.StatusOK {
			t.Fatalf("%v, %v", response, err)
		}
		_ = response.Body.Close()
	}
	config := filepath.Join(t.TempDir(), "prometheus.yml")
	if err := os.WriteFile(config, fmt.Appendf(nil, "scrape_configs: [{job_name: gateway, scrape_interval: 1s, honor_labels: true, static_configs: [{targets: [%q]}]}]\n", strings.TrimPrefix(p.URL, "http://")), 0o600); err != nil {
		t.Fatal(err)
	}
	s := serveProcess(t, "--storage.path="+dataDir(t), "--config.file="+config)
	apitest.Eventually(t, 20*time.Second, func() (bool, string) {
		got := s.Query(t, `rows_total{job="import"}`, time.Now())
		return len(got) == 1 && got[0].Samples[0].Value == "42", fmt.Sprint(got)
	})
}
