package cli

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/metertree/metertree/server/internal/apitest"
)

// counterTarget exposes a counter that goes up by one at each scrape.
func counterTarget(t *testing.T) string {
	t.Helper()
	var scrapes atomic.Int64
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/plain; version=0.0.4")
		fmt.Fprintf(w, "# TYPE scrapes_total counter\nscrapes_total %d\n", scrapes.Add(1))
	}))
	t.Cleanup(server.Close)
	return server.URL
}

// stored reads every sample of a series selector.
func stored(t *testing.T, c apitest.Client, selector string) map[string]apitest.Sample {
	t.Helper()
	samples := make(map[string]apitest.Sample)
	for _, series := range c.Query(t, selector+"[1h]", time.Now().Add(time.Minute)) {
		for _, sample := range series.Samples {
			samples[fmt.Sprint(series.Name(), sample.Millis)] = sample
		}
	}
	return samples
}

// A kill in the middle of scraping and of being pushed to loses neither a sample
// that a query has shown nor a push that was acknowledged.
func TestKillLosesNothing(t *testing.T) {
	data := dataDir(t)
	args := []string{"--storage.path=" + data, "--scrape=" + counterTarget(t), "--scrape.interval=50ms"}
	first := serveProcess(t, args...)

	// A sender that never pauses, so that the kill hits it in a request.
	var acknowledged atomic.Int64
	began := time.Now().UnixMilli()
	sender := make(chan struct{})
	go func() {
		defer close(sender)
		for i := int64(1); ; i++ {
			body := apitest.RemoteWriteV1([]apitest.Pushed{{
				Labels:  []string{"__name__", "pushes_total"},
				Samples: []apitest.PushedSample{{Millis: began + i, Value: float64(i)}},
			}})
			if status, _, err := first.Write(body, apitest.TypeV1); err != nil || status/100 != 2 {
				return
			}
			acknowledged.Store(i)
		}
	}()

	var before map[string]apitest.Sample
	apitest.Eventually(t, 30*time.Second, func() (bool, string) {
		before = stored(t, first.Client, `{__name__=~"scrapes_total|up"}`)
		return len(before) > 60 && acknowledged.Load() > 200,
			fmt.Sprintf("%d samples scraped, %d pushed", len(before), acknowledged.Load())
	})
	first.Kill()
	<-sender
	pushed := acknowledged.Load()

	second := serveProcess(t, args...)
	after := stored(t, second.Client, `{__name__=~"scrapes_total|up"}`)
	for at, sample := range before {
		if after[at] != sample {
			t.Errorf("%s: was %v, is %v", at, sample, after[at])
		}
	}
	pushes := stored(t, second.Client, "pushes_total")
	for i := int64(1); i <= pushed; i++ {
		at := fmt.Sprint(`{__name__="pushes_total"}`, began+i)
		if got := pushes[at]; got.Value != fmt.Sprint(i) {
			t.Fatalf("push %d of %d acknowledged ones is %q", i, pushed, got.Value)
		}
	}
	// And it goes on.
	apitest.Eventually(t, 20*time.Second, func() (bool, string) {
		now := stored(t, second.Client, `scrapes_total`)
		return len(now) > len(before)/2, fmt.Sprintf("%d samples", len(now))
	})
}

func TestStorageLockedByAnotherProcess(t *testing.T) {
	data := dataDir(t)
	serveProcess(t, "--storage.path="+data)
	code, _, err := run(t, "serve", "--web.listen-address=127.0.0.1:0", "--storage.path="+data)
	if code != exitFailure || strings.Count(err, "\n") != 1 ||
		!strings.Contains(err, "is locked by another process (process ") || !strings.Contains(err, "--storage.path") {
		t.Errorf("exit code %d, %q", code, err)
	}
}

func TestInterruptEndsInOrder(t *testing.T) {
	for _, signal := range []os.Signal{os.Interrupt, syscall.SIGTERM} {
		t.Run(signal.String(), func(t *testing.T) {
			p := serveProcess(t, "--storage.path="+dataDir(t), "--scrape="+counterTarget(t))
			began := time.Now()
			if err := p.Signal(signal); err != nil {
				t.Fatal(err)
			}
			<-p.Exited()
			if took := time.Since(began); took > 5*time.Second {
				t.Errorf("took %v", took)
			}
			if code := p.ExitCode(); code != exitOK {
				t.Errorf("exit code %d\n%s", code, p.Output())
			}
			if out := p.Output(); !strings.Contains(out, "metertree is ready at "+p.Client.URL) {
				t.Errorf("printed %q", out)
			}
		})
	}
}

func TestHangupReloads(t *testing.T) {
	file := filepath.Join(t.TempDir(), "prometheus.yml")
	write := func(content string) {
		if err := os.WriteFile(file, []byte(content), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	write("scrape_configs: [{job_name: first}]")
	p := serveProcess(t, "--storage.path="+dataDir(t), "--config.file="+file)
	write("scrape_configs: [{job_name: second}]")
	if err := p.Signal(syscall.SIGHUP); err != nil {
		t.Fatal(err)
	}
	apitest.Eventually(t, 10*time.Second, func() (bool, string) {
		var config struct {
			YAML string `json:"yaml"`
		}
		p.Get(t, "status/config", nil, &config)
		return strings.Contains(config.YAML, "second"), config.YAML
	})
	write("scrape_configs: [{job_name: third, colour: red}]")
	if err := p.Signal(syscall.SIGHUP); err != nil {
		t.Fatal(err)
	}
	apitest.Eventually(t, 10*time.Second, func() (bool, string) {
		return strings.Contains(p.Output(), "the former one keeps running"), p.Output()
	})
}

func TestFlagsShowNoPassword(t *testing.T) {
	tokens := filepath.Join(t.TempDir(), "tokens")
	if err := os.WriteFile(tokens, []byte("hush-0123456789abcdef\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	p := serveProcess(t, "--storage.path="+dataDir(t), "--web.push-token-file="+tokens, "--log.level=debug",
		"--scrape=http://me:hush@127.0.0.1:1/metrics", "--scrape=http://127.0.0.1:1/metrics?token=hush")
	apitest.Eventually(t, 20*time.Second, func() (bool, string) {
		targets := p.Targets(t)
		failed := 0
		for _, target := range targets {
			if target.LastError != "" {
				failed++
			}
		}
		return failed == 2, fmt.Sprint(targets)
	})
	for _, path := range []string{"status/flags", "status/config", "targets", "status/runtimeinfo"} {
		var shown any
		p.Get(t, path, nil, &shown)
		if strings.Contains(fmt.Sprint(shown), "hush") {
			t.Errorf("%s shows a secret: %v", path, shown)
		}
	}
	if log := p.Output(); strings.Contains(log, "hush") {
		t.Errorf("the log shows a secret: %s", log)
	}
}

// An error on the command line repeats no secret of it.
func TestMistakesShowNoPassword(t *testing.T) {
	for _, scrape := range []string{
		"http://me:hush@h:x/", "ftp://me:hush@h/", "http://me:hush@/", "me:hush@h:1:2/metrics", "http://me:hu%sh@h/?token=hush",
		"http://h:x/?token=hush",
	} {
		code, out, err := run(t, "serve", "--scrape="+scrape)
		if code == exitOK || strings.Contains(err, "hush") || strings.Contains(out, "hush@") {
			t.Errorf("%s: exit code %d, %q, %q", scrape, code, out, err)
		}
	}
}

func TestWritingBeyondLoopbackNeedsCredentials(t *testing.T) {
	code, _, err := run(t, "serve", "--web.listen-address=0.0.0.0:0", "--storage.path="+dataDir(t))
	if code != exitFailure || strings.Count(err, "\n") != 1 || !strings.Contains(err, "--web.push-token-file") {
		t.Errorf("exit code %d, %q", code, err)
	}
	code, _, err = run(t, "serve", "--web.listen-address=127.0.0.1:0", "--web.config.file=none.yml", "--storage.path="+dataDir(t))
	if code != exitFailure || !strings.Contains(err, "none.yml") {
		t.Errorf("exit code %d, %q", code, err)
	}
}
