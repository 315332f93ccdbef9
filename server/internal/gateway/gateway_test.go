package gateway

import (
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"go.opentelemetry.io/collector/pdata/pmetric"

	"github.com/metertree/metertree/server/internal/gateway/push"
)

func TestStateSurvives(t *testing.T) {
	path := t.TempDir()
	began := time.Now().Add(-time.Minute)
	for round := range 6 {
		g := start(t, path)
		at := began.Add(time.Duration(round+1) * time.Second)
		g.mustPush(t, counterPush("a", began, at, int64(10*(round+1)), "op", "put"))
		// What was pushed to the former one is known to this one.
		g.mustPush(t, counterPush("a", began, at, int64(10*(round+1)), "op", "put"))
		g.wantExposed(t, map[string]string{`calls_total{job="shop",op="put"}`: fmt.Sprint(10 * (round + 1))})
		if round%2 == 0 {
			g.stop(t)
		} else {
			g.crash(t)
		}
	}
}

// A journal is replayed under the settings it was written with; the new ones hold
// from then on.
func TestSettingsChange(t *testing.T) {
	path := t.TempDir()
	began := time.Now().Add(-time.Minute)
	keep := func(o *Options) { o.Settings.Drop = []string{"pod"} }
	drop := func(o *Options) { o.Settings.Drop = []string{"instance"} }
	g := start(t, path, keep)
	g.mustPush(t, counterPush("a", began, began.Add(time.Second), 5))
	g.crash(t)
	g = start(t, path, drop)
	g.wantExposed(t, map[string]string{`calls_total{instance="a",job="shop"}`: "5"})
	g.mustPush(t, counterPush("a", began, began.Add(2*time.Second), 8))
	g.mustPush(t, counterPush("b", began, began.Add(2*time.Second), 30))
	g.wantExposed(t, map[string]string{`calls_total{instance="a",job="shop"}`: "5", `calls_total{job="shop"}`: "33"})
}

// A limit that is lowered does not cost what was acknowledged.
func TestLimitsDoNotApplyToTheJournal(t *testing.T) {
	path := t.TempDir()
	began := time.Now().Add(-time.Minute)
	g := start(t, path)
	for i := range 10 {
		g.mustPush(t, counterPush(fmt.Sprint(i), began, began.Add(time.Second), 5, "op", strings.Repeat("x", 100)))
	}
	g.crash(t)
	g = start(t, path, func(o *Options) { o.Settings.Streams, o.Limits.Value = 1, 10 })
	g.wantExposed(t, map[string]string{`calls_total{job="shop",op="` + strings.Repeat("x", 100) + `"}`: "50"})
}

// When the journal cannot be written, pushes are refused and not counted; the
// repetition counts once.
func TestStorageFails(t *testing.T) {
	g := start(t, t.TempDir())
	began := time.Now().Add(-time.Minute)
	g.mustPush(t, counterPush("a", began, began.Add(time.Second), 5))
	full := errors.New("no space left on device")
	g.dir.Fail(full)
	body := string(inProto(t, counterPush("a", began, began.Add(2*time.Second), 42)))
	if header := g.want(t, http.StatusServiceUnavailable, "no space left", "POST", "/v1/metrics", body, "Content-Type", protobuf); header.Get("Retry-After") == "" {
		t.Error("no Retry-After")
	}
	g.wantExposed(t, map[string]string{`calls_total{job="shop"}`: "5"})
	g.dir.Fail(nil)
	eventually(t, func() error {
		if code, answer, _ := g.send(t, "POST", "/v1/metrics", []byte(body), "Content-Type", protobuf); code != http.StatusOK {
			return fmt.Errorf("status %d: %s", code, answer)
		}
		return nil
	})
	g.wantExposed(t, map[string]string{`calls_total{job="shop"}`: "42"})
}

// Pushers at once, each of which repeats what was not acknowledged, while the
// gateway is scraped, killed and restarted.
func TestConcurrentPushersAcrossCrashes(t *testing.T) {
	path := t.TempDir()
	var current atomic.Pointer[running]
	current.Store(start(t, path, func(o *Options) { o.JournalBytes = 20_000 }))
	const pushers, pushes = 8, 60
	began := time.Now().Add(-time.Minute)
	var pushed sync.WaitGroup
	for id := range pushers {
		pushed.Go(func() {
			random := rand.New(rand.NewPCG(uint64(id), 3))
			delta := id%2 == 1
			for n := 1; n <= pushes; {
				md := numberedPush(id, began, n, delta)
				o, err := current.Load().Push(push.Request{Protocol: push.OTLP, Body: inProto(t, md)})
				if err == nil && o.Refused.Total() > 0 {
					t.Errorf("refused %v", &o.Refused)
				}
				if err == nil && random.IntN(4) > 0 { // now and then, the answer is lost
					n++
				}
			}
		})
	}
	done := make(chan struct{})
	go func() { pushed.Wait(); close(done) }()
	for crashes, running := 0, true; running; crashes++ {
		g := current.Load()
		last := int64(0)
		for range 4 {
			select {
			case <-done:
				running = false
			default:
			}
			last = wantRising(t, g, last)
		}
		if running && crashes < 10 {
			g.crash(t)
			current.Store(start(t, path, func(o *Options) { o.JournalBytes = 20_000 }))
		}
	}
	current.Load().wantExposed(t, map[string]string{
		`calls_total{job="shop"}`: fmt.Sprint(pushers * pushes),
	})
}

// wantRising scrapes and checks that the total did not fall.
func wantRising(t *testing.T, g *running, last int64) int64 {
	t.Helper()
	var now int64
	if text := g.exposed(t)[`calls_total{job="shop"}`]; text != "" {
		if _, err := fmt.Sscan(text, &now); err != nil {
			t.Error(err)
		}
	}
	if now < last {
		t.Errorf("the total fell from %d to %d", last, now)
	}
	return now
}

// numberedPush is the n-th push of a process that counts one in each millisecond.
func numberedPush(id int, began time.Time, n int, delta bool) pmetric.Metrics {
	at := began.Add(time.Duration(n) * time.Millisecond)
	if !delta {
		return counterPush(fmt.Sprint(id), began, at, int64(n))
	}
	md := counterPush(fmt.Sprint(id), at.Add(-time.Millisecond), at, 1)
	md.ResourceMetrics().At(0).ScopeMetrics().At(0).Metrics().At(0).Sum().SetAggregationTemporality(pmetric.AggregationTemporalityDelta)
	return md
}

// What goes wrong is logged once, and counted each time.
func TestNoticesOnce(t *testing.T) {
	var log strings.Builder
	var mu sync.Mutex
	logger := slog.New(slog.NewTextHandler(lockedWriter{&mu, &log}, nil))
	g := start(t, t.TempDir(), func(o *Options) { o.Logger = logger })
	for range 5 {
		o, err := g.Push(push.Request{Protocol: push.OTLP, Body: inProto(t, counterPush("a", time.Now(), time.Now().Add(time.Hour), 1))})
		if err != nil || o.Refused.Counts[push.TooNew] != 1 {
			t.Fatalf("%v, %v", err, &o.Refused)
		}
	}
	mu.Lock()
	said := log.String()
	mu.Unlock()
	if n := strings.Count(said, "points refused"); n != 1 || !strings.Contains(said, "set the clocks") {
		t.Errorf("logged %d times:\n%s", n, said)
	}
	if got := g.self(t, `metertree_gateway_refused_points_total{reason="too_new"}`); got != "5" {
		t.Errorf("%s points counted, want 5", got)
	}
}

type lockedWriter struct {
	mu *sync.Mutex
	to *strings.Builder
}

// Write implements io.Writer.
func (w lockedWriter) Write(b []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.to.Write(b)
}

func TestClosedGatewayTakesNothing(t *testing.T) {
	g := start(t, t.TempDir())
	g.stop(t)
	_, err := g.Push(push.Request{Protocol: push.Text, Body: []byte("a 1\n")})
	if !errors.Is(err, ErrUnavailable) {
		t.Errorf("error %v", err)
	}
}

func TestOptionsThatCannotBe(t *testing.T) {
	for want, change := range map[string]func(*Options){
		"--storage.path":            func(o *Options) { o.Path = "" },
		"--gateway.max-push-size":   func(o *Options) { o.MaxPushBytes = 1 << 40 },
		"--gateway.max-concurrency": func(o *Options) { o.MaxConcurrency = 0 },
		"--gateway.max-points":      func(o *Options) { o.Limits.Points = -1 },
		"limits on labels":          func(o *Options) { o.Limits.Labels = 0 },
		"--gateway.idle":            func(o *Options) { o.Settings.Idle = 0 },
		"--gateway.forget":          func(o *Options) { o.Settings.Forget = time.Second },
		"--gateway.remember":        func(o *Options) { o.Settings.Remember = time.Hour },
		"--gateway.max-age":         func(o *Options) { o.Settings.MaxAge = -1 },
		"--gateway.max-series":      func(o *Options) { o.Settings.Series = 0 },
		"--gateway.drop-label":      func(o *Options) { o.Settings.Drop = []string{"a-b"} },
		"fold":                      func(o *Options) { o.Settings.GaugeFold = 77 },
	} {
		options := Defaults(t.TempDir())
		change(&options)
		if _, err := Open(options); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v, want one that names %s", err, want)
		}
	}
}
