package cli

import (
	"context"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/metertree/metertree/internal/realserver"
	"github.com/metertree/metertree/server/internal/apitest"
)

// demoProcess is "metertree demo" as a process.
type demoProcess struct {
	served
	began time.Time
	// temporary is where the process makes its temporary directories.
	temporary string
}

func startDemo(t *testing.T, args ...string) *demoProcess {
	t.Helper()
	d := &demoProcess{began: time.Now(), temporary: t.TempDir()}
	p := realserver.Start(t, "/-/ready", func(address string) *exec.Cmd {
		command := program(t, append([]string{"demo", "--listen=" + address}, args...)...)
		command.Env = append(command.Env, "TMPDIR="+d.temporary)
		return command
	})
	d.served = served{Process: p, Client: apitest.Client{URL: p.URL}}
	return d
}

// series is how many series of an instant query there are now.
func (d *demoProcess) series(t *testing.T, query string) int {
	t.Helper()
	return len(d.Query(t, query, time.Now()))
}

// namespaces are the names at the root of the tree that the page shows.
func (d *demoProcess) namespaces(t *testing.T) (names []string) {
	t.Helper()
	response, err := http.Get(d.Client.URL + "/api/v1/tree")
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	var root struct {
		Children []struct{ Name string }
	}
	if err := json.NewDecoder(response.Body).Decode(&root); err != nil {
		t.Fatal(err)
	}
	for _, child := range root.Children {
		names = append(names, child.Name)
	}
	return names
}

// interrupt sends a signal and checks that the process ends in order, in time, and
// leaves nothing behind.
func (d *demoProcess) interrupt(t *testing.T, signal os.Signal) {
	t.Helper()
	if err := d.Signal(signal); err != nil {
		t.Fatal(err)
	}
	select {
	case <-d.Exited():
	case <-time.After(5 * time.Second):
		t.Fatalf("still running 5s after %v\n%s", signal, d.Output())
	}
	if code := d.ExitCode(); code != exitOK {
		t.Errorf("exit code %d\n%s", code, d.Output())
	}
	left, err := os.ReadDir(d.temporary)
	if err != nil || len(left) != 0 {
		t.Errorf("left in the temporary directory: %v, %v", left, err)
	}
}

// Within ten seconds of its start the store holds the namespaces of the demo's
// service, of the Go runtime and of the server itself.
func TestDemoIsAliveWithinTenSeconds(t *testing.T) {
	d := startDemo(t, "--incidents=off")
	queries := []string{
		`{__name__=~"contextd_http_.+",job="contextd",instance="demo"}`,
		`{__name__=~"contextd_buffer_.+"}`,
		`rate(contextd_http_server_requests_total[1m]) > 0`,
		`{__name__=~"go_.+",job="contextd"}`,
		`{__name__=~"process_.+",job="contextd"}`,
		`{__name__=~"go_.+",job="metertree"}`,
		`{__name__=~"metertree_.+",job="metertree"}`,
		`{__name__=~"prometheus_tsdb_.+",job="metertree"}`,
	}
	apitest.Eventually(t, 10*time.Second-time.Since(d.began), func() (bool, string) {
		for _, query := range queries {
			if d.series(t, query) == 0 {
				return false, "no series of " + query
			}
		}
		return true, ""
	})
	for job, target := range d.Targets(t) {
		if target.Health != "up" {
			t.Errorf("target %s is %s: %s", job, target.Health, target.LastError)
		}
	}
	names := d.namespaces(t)
	for _, name := range []string{"contextd", "go", "process", "metertree", "prometheus"} {
		if !slices.Contains(names, name) {
			t.Errorf("the tree shows the namespaces %v, without %s", names, name)
		}
	}
	d.interrupt(t, os.Interrupt)
	out := d.Output()
	if urls := regexp.MustCompile(`https?://\S+`).FindAllString(out, -1); len(urls) != 1 || urls[0] != d.Client.URL+"/" {
		t.Errorf("printed the URLs %q; want only %s/\n%s", urls, d.Client.URL, out)
	}
	if !strings.Contains(out, "Expand contextd") || strings.Contains(out, "goes wrong") {
		t.Errorf("printed %q", out)
	}
}

// The end is as quick and as clean while a shard's flushes fail and the queue is
// full.
func TestDemoEndsDuringAnIncident(t *testing.T) {
	d := startDemo(t, "--incidents=0s/60s/50s", "--rate=800")
	apitest.Eventually(t, 30*time.Second, func() (bool, string) {
		for _, query := range []string{
			`contextd_incident_active{kind="shard_failure"} == 1`,
			`sum(contextd_buffer_retries_total) > 0`,
			`contextd_queue_depth > 0.9 * contextd_queue_capacity`,
		} {
			if d.series(t, query) == 0 {
				return false, "nothing for " + query
			}
		}
		return true, ""
	})
	d.interrupt(t, syscall.SIGTERM)
	if out := d.Output(); !strings.Contains(out, "incident starts") || strings.Contains(out, "not stored") {
		t.Errorf("printed %q; want the incident announced and nothing lost", out)
	}
}

// A demonstration within this process ends by itself, keeps its data where it was
// told to and leaves no goroutine behind.
func TestDemoEndsByItself(t *testing.T) {
	data := dataDir(t)
	t.Setenv("TMPDIR", t.TempDir())
	began := time.Now()
	code, out, errs := run(t, "demo", "--listen=127.0.0.1:0", "--duration=2s", "--storage.path="+data)
	if code != exitOK || !strings.Contains(out, "ready at http://127.0.0.1:") {
		t.Errorf("exit code %d, %q, %q", code, out, errs)
	}
	if took := time.Since(began); took < 2*time.Second || took > 7*time.Second {
		t.Errorf("took %v; want 2s and not much more", took)
	}
	if kept, err := filepath.Glob(filepath.Join(data, "*")); err != nil || len(kept) == 0 {
		t.Errorf("%s holds %v, %v; want the database", data, kept, err)
	}
	if left, err := os.ReadDir(os.Getenv("TMPDIR")); err != nil || len(left) != 0 {
		t.Errorf("left in the temporary directory: %v, %v", left, err)
	}
	apitest.Eventually(t, 5*time.Second, func() (bool, string) {
		left := ours(goroutines())
		return len(left) == 0, fmt.Sprintf("%d goroutines are left:\n%s", len(left), strings.Join(left, "\n\n"))
	})
}

// goroutines are the stacks of all goroutines but this one.
func goroutines() []string {
	stacks := make([]byte, 4<<20)
	stacks = stacks[:runtime.Stack(stacks, true)]
	return strings.Split(string(stacks), "\n\n")[1:]
}

// ours are the stacks that run code of a demonstration, or of what it stores in
// and scrapes with.
func ours(stacks []string) (left []string) {
	for _, stack := range stacks {
		for _, room := range []string{"metertree/examples/", "metertree/buffer.", "metertree/server/internal/serve.",
			"metertree/server/internal/prom.", "prometheus/tsdb.", "prometheus/scrape."} {
			if strings.Contains(stack, room) {
				left = append(left, stack)
				break
			}
		}
	}
	return left
}

func TestDemoTakesAFreePortIfTheUsualOneIsInUse(t *testing.T) {
	if taken, err := net.Listen("tcp", defaultDemoAddress); err == nil {
		defer taken.Close()
	} // or else somebody has it, which is as well
	address, err := new(DemoCmd).address()
	if err != nil || address != "127.0.0.1:0" {
		t.Errorf("address %q, %v; want any free port", address, err)
	}
}

func TestDemoMistakes(t *testing.T) {
	taken := realserver.TakenAddress(t)
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o666); err != nil {
		t.Fatal(err)
	}
	mistakes := []mistake{
		{"port in use", []string{"--listen=" + taken}, exitFailure, []string{taken, "in use", "--listen"}},
		{"no port", []string{"--listen=here"}, exitFailure, []string{`"here"`, "--listen"}},
		{"no rate", []string{"--rate=0"}, exitUsage, []string{"--rate 0"}},
		{"not a rate", []string{"--rate=NaN"}, exitUsage, []string{"--rate NaN"}},
		{"huge rate", []string{"--rate=1e6"}, exitUsage, []string{"--rate 1e+06", "at most"}},
		{"no schedule", []string{"--incidents=often"}, exitUsage, []string{`"often"`, "20s/1m30s/40s", "off"}},
		{"long incidents", []string{"--incidents=1s/10s/20s"}, exitUsage, []string{"1s/10s/20s", "shorter"}},
		{"no duration", []string{"--duration=soon"}, exitUsage, []string{`"soon" is not a duration`}},
		{"storage path below a file", []string{"--listen=127.0.0.1:0", "--storage.path=" + filepath.Join(file, "x")}, exitFailure,
			[]string{"cannot be created", "--storage.path"}},
	}
	for i, m := range mistakes {
		mistakes[i].args = append([]string{"demo", "--log.level=error"}, m.args...)
	}
	checkMistakes(t, mistakes)
}

// An end that comes before the server has started is an end like any other.
func TestDemoInterruptedAtOnce(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	var out, errs strings.Builder
	code := Main(ctx, []string{"demo", "--listen=127.0.0.1:0"}, Streams{In: strings.NewReader(""), Out: &out, Err: &errs})
	if code != exitOK {
		t.Errorf("exit code %d, %q", code, errs.String())
	}
}
