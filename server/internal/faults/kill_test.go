//go:build linux

package faults

import (
	"fmt"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/metertree/metertree/server/internal/apitest"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/pmetric"
	"go.opentelemetry.io/collector/pdata/pmetric/pmetricotlp"
)

// seriesPerPush is how many series a push of the kill fault has.
const seriesPerPush = 20

// pusher pushes batch after batch, each a millisecond younger than the last, and
// remembers which were acknowledged.
type pusher struct {
	name string
	send func(c apitest.Client, name string, millis int64) (status int, err error)
	// next is the time of the next batch. Batches that were sent and not
	// acknowledged may or may not be stored.
	next  int64
	acked []int64
}

// push goes on until a push fails, as it does when the server is killed.
func (p *pusher) push(c apitest.Client, acknowledged func()) {
	for {
		at := p.next
		p.next++
		status, err := p.send(c, p.name, at)
		if err != nil || status/100 != 2 {
			return
		}
		p.acked = append(p.acked, at)
		acknowledged()
	}
}

func sendRemoteWrite(c apitest.Client, name string, millis int64) (int, error) {
	var series []apitest.Pushed
	for i := range seriesPerPush {
		series = append(series, apitest.Pushed{
			Labels:  []string{"__name__", name, "i", fmt.Sprint(i)},
			Samples: []apitest.PushedSample{{Millis: millis, Value: float64(millis % 1e6)}},
		})
	}
	status, _, err := c.Write(apitest.RemoteWriteV1(series), apitest.TypeV1)
	return status, err
}

func sendOTLP(c apitest.Client, name string, millis int64) (int, error) {
	metrics := pmetric.NewMetrics()
	metric := metrics.ResourceMetrics().AppendEmpty().ScopeMetrics().AppendEmpty().Metrics().AppendEmpty()
	metric.SetName(name)
	gauge := metric.SetEmptyGauge()
	for i := range seriesPerPush {
		point := gauge.DataPoints().AppendEmpty()
		point.SetTimestamp(pcommon.NewTimestampFromTime(time.UnixMilli(millis)))
		point.SetDoubleValue(float64(millis % 1e6))
		point.Attributes().PutStr("i", fmt.Sprint(i))
	}
	body, err := pmetricotlp.NewExportRequestFromMetrics(metrics).MarshalProto()
	if err != nil {
		return 0, err
	}
	status, _, err := c.Send("otlp/v1/metrics", body, map[string]string{"Content-Type": "application/x-protobuf"})
	return status, err
}

func kill(t *trial, s size) string {
	rounds := s.pick(3, 50)
	begin := time.Now().Add(-time.Hour).UnixMilli()
	pushers := []*pusher{
		{name: "killed_write_a", send: sendRemoteWrite, next: begin},
		{name: "killed_write_b", send: sendRemoteWrite, next: begin},
		{name: "killed_otlp_a", send: sendOTLP, next: begin},
		{name: "killed_otlp_b", send: sendOTLP, next: begin},
	}
	server := serve(t, "--storage.path="+dataDir(t), "--no-scrape.self")
	for range rounds {
		killWhilePushing(server, pushers)
		server.Restart(t)
		// What was acknowledged in this round and in all before.
		for _, p := range pushers {
			checkAcknowledged(t, server, p)
		}
	}
	total := 0
	for _, p := range pushers {
		total += len(p.acked) * seriesPerPush
	}
	return fmt.Sprintf("%d of %d kills survived, %d acknowledged samples, 0 lost", rounds, rounds, total)
}

// killWhilePushing kills the server after a random number of acknowledged
// batches, while others are on their way.
func killWhilePushing(server *server, pushers []*pusher) {
	enough := make(chan struct{}, 1024)
	var pushing sync.WaitGroup
	for _, p := range pushers {
		pushing.Go(func() {
			p.push(server.Client, func() {
				select {
				case enough <- struct{}{}:
				default:
				}
			})
		})
	}
	for range 10 + rand.IntN(150) {
		<-enough
	}
	server.Kill()
	pushing.Wait()
}

func checkAcknowledged(t *trial, server *server, p *pusher) {
	t.Helper()
	missing := 0
	for _, series := range server.Query(t, p.name+"[2h]", time.Now()) {
		stored := make(map[int64]float64, len(series.Samples))
		for _, sample := range series.Samples {
			stored[sample.Millis] = sample.Float()
		}
		for _, at := range p.acked {
			if value, ok := stored[at]; !ok || value != float64(at%1e6) {
				missing++
			}
		}
	}
	if got := len(server.Query(t, "count_over_time("+p.name+"[2h])", time.Now())); got != seriesPerPush {
		t.Fatalf("%s: %d series after the restart, want %d", p.name, got, seriesPerPush)
	}
	if missing > 0 {
		t.Fatalf("%s: %d acknowledged samples are lost", p.name, missing)
	}
}
