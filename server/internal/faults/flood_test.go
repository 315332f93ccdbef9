//go:build linux

package faults

import (
	"bytes"
	"context"
	"fmt"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/metertree/metertree/server/internal/apitest"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/pmetric"
	"go.opentelemetry.io/collector/pdata/pmetric/pmetricotlp"
)

// codeMemory is how many MiB a process may have resident beyond its memory limit,
// which does not count the program itself and files that are mapped.
const codeMemory = 128

// gushers push new series as fast as they can.
type gushers struct {
	url                               string
	taken, busy, withoutRetry, others atomic.Int64
	serial                            atomic.Int64
	mu                                sync.Mutex
	odd                               string
	statuses                          map[int]int
}

func (g *gushers) count(status int, retryAfter, answer string) {
	g.mu.Lock()
	g.statuses[status]++
	g.mu.Unlock()
	switch {
	case status/100 == 2:
		g.taken.Add(1)
	case status == http.StatusTooManyRequests, status == http.StatusServiceUnavailable:
		g.busy.Add(1)
		if retryAfter == "" {
			g.withoutRetry.Add(1)
		}
	default:
		g.others.Add(1)
		g.mu.Lock()
		g.odd = fmt.Sprintf("%d %.100s", status, answer)
		g.mu.Unlock()
	}
}

// gush pushes until the context ends.
func (g *gushers) gush(ctx context.Context, path string, body func() []byte, headers map[string]string) {
	for ctx.Err() == nil {
		request, err := http.NewRequestWithContext(ctx, http.MethodPost, g.url+path, bytes.NewReader(body()))
		if err != nil {
			g.count(0, "", err.Error())
			return
		}
		for name, value := range headers {
			request.Header.Set(name, value)
		}
		response, err := http.DefaultClient.Do(request)
		if err != nil {
			if ctx.Err() == nil {
				g.count(0, "", err.Error())
			}
			continue
		}
		answer := make([]byte, 100)
		n, _ := response.Body.Read(answer)
		_ = response.Body.Close()
		g.count(response.StatusCode, response.Header.Get("Retry-After"), string(answer[:n]))
	}
}

// seriesPerGush is how many series, never seen before, a push of the flood has.
const seriesPerGush = 5000

func (g *gushers) remoteWrite() []byte {
	serial, now := g.serial.Add(1), time.Now().UnixMilli()
	series := make([]apitest.Pushed, seriesPerGush)
	for i := range series {
		series[i] = apitest.Pushed{
			Labels:  []string{"__name__", "flooded", "i", strconv.Itoa(i), "serial", strconv.FormatInt(serial, 10)},
			Samples: []apitest.PushedSample{{Millis: now, Value: 1}},
		}
	}
	return apitest.RemoteWriteV1(series)
}

func (g *gushers) otlp() []byte {
	serial := g.serial.Add(1)
	metrics := pmetric.NewMetrics()
	metric := metrics.ResourceMetrics().AppendEmpty().ScopeMetrics().AppendEmpty().Metrics().AppendEmpty()
	metric.SetName("flooded_otlp")
	points := metric.SetEmptyGauge().DataPoints()
	for i := range seriesPerGush {
		point := points.AppendEmpty()
		point.SetTimestamp(pcommon.NewTimestampFromTime(time.Now()))
		point.SetDoubleValue(1)
		point.Attributes().PutInt("i", int64(i))
		point.Attributes().PutInt("serial", serial)
	}
	// What was just made can be marshalled.
	body, _ := pmetricotlp.NewExportRequestFromMetrics(metrics).MarshalProto()
	return body
}

func flood(t *trial, s size) string {
	limit := s.pick(160, 512)
	server := serveWithin(t, limit, "--storage.path="+dataDir(t), "--no-scrape.self")
	caged := cage(t, server, limit+codeMemory)
	known := one("known_before_the_flood", time.Now().UnixMilli(), 1)
	server.MustWrite(t, known, apitest.TypeV1)
	g := &gushers{url: server.Process.URL, statuses: map[int]int{}}
	ctx, stop := context.WithTimeout(context.Background(), time.Duration(s.pick(6, 40))*time.Second)
	defer stop()
	var group sync.WaitGroup
	for range 12 {
		group.Go(func() {
			g.gush(ctx, "/api/v1/write", g.remoteWrite, map[string]string{"Content-Type": apitest.TypeV1, "Content-Encoding": "snappy"})
		})
		group.Go(func() {
			g.gush(ctx, "/api/v1/otlp/v1/metrics", g.otlp, map[string]string{"Content-Type": "application/x-protobuf"})
		})
	}
	own := 0
	for look := time.NewTicker(50 * time.Millisecond); ctx.Err() == nil; {
		own = max(own, server.memory(t, "RssAnon"))
		select {
		case <-look.C:
		case <-ctx.Done():
			look.Stop()
		}
	}
	group.Wait()
	if g.others.Load() > 0 {
		t.Errorf("%d pushes were answered otherwise, such as %s\n%s", g.others.Load(), g.odd, tail(server.Output()))
	}
	if g.busy.Load() == 0 || g.withoutRetry.Load() > 0 || g.taken.Load() == 0 {
		t.Errorf("%d taken, %d told to come again, %d of them without Retry-After", g.taken.Load(), g.busy.Load(), g.withoutRetry.Load())
	}
	if own > limit+codeMemory {
		t.Errorf("%d MiB of memory of its own with a limit of %d MiB", own, limit)
	}
	server.sees(t, "metertree_ingest_refused_requests_total")
	server.page(t, "/api/v1/query?query=known_before_the_flood")
	again := one("known_before_the_flood", time.Now().UnixMilli(), 2)
	apitest.Eventually(t, 20*time.Second, func() (bool, string) {
		status, answer, err := server.Write(again, apitest.TypeV1)
		return err == nil && status/100 == 2, fmt.Sprintf("a push of a known series is answered %d %s, %v", status, answer, err)
	})
	return fmt.Sprintf("24 pushers of %d new series each: %s; %.0f series in memory; limit %d MiB%s; peak %d MiB of its own, %d MiB with mapped files",
		seriesPerGush, g.told(), server.metric(t, "prometheus_tsdb_head_series"), limit, caged, own, server.peak(t))
}

// told says how many pushes got each status.
func (g *gushers) told() string {
	var all []string
	for _, status := range slices.Sorted(maps.Keys(g.statuses)) {
		all = append(all, fmt.Sprintf("%d answered %d", g.statuses[status], status))
	}
	return strings.Join(all, ", ")
}

func tail(output string) string { return output[max(0, len(output)-2000):] }

// cage lets the kernel kill the server if it takes more MiB, where control groups
// of version 1 can be made, and says so.
func cage(t *trial, s *server, most int) string {
	t.Helper()
	dir := filepath.Join("/sys/fs/cgroup/memory", fmt.Sprintf("metertree-fault-%d", s.pid.Pid))
	if err := os.Mkdir(dir, 0o755); err != nil {
		return ""
	}
	// After the server, which is killed at the end, has left.
	t.Cleanup(func() { s.Kill(); _ = os.Remove(dir) })
	for file, text := range map[string]int{"memory.limit_in_bytes": most << 20, "cgroup.procs": s.pid.Pid} {
		if err := os.WriteFile(filepath.Join(dir, file), []byte(strconv.Itoa(text)), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return fmt.Sprintf(", the kernel's %d MiB", most)
}
