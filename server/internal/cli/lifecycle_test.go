package cli

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/metertree/metertree/internal/realserver"
	"github.com/metertree/metertree/server/internal/apitest"
)

// A reload of a bad file, by signal or by request, changes nothing: neither the
// configuration, nor targets, nor what is stored. It says why.
func TestBadReloadChangesNothing(t *testing.T) {
	target := counterTarget(t)
	file := filepath.Join(t.TempDir(), "prometheus.yml")
	write := func(text string) {
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	job := fmt.Sprintf("global: {scrape_interval: 1s, scrape_timeout: 1s}\nscrape_configs:\n- job_name: good\n  static_configs: [{targets: [%q]}]\n", strings.TrimPrefix(target, "http://"))
	write(job)
	p := serveProcess(t, "--storage.path="+dataDir(t), "--config.file="+file, "--no-scrape.self")
	stays := func(when string) {
		t.Helper()
		apitest.Eventually(t, 30*time.Second, func() (bool, string) {
			targets, scraped := p.Targets(t), stored(t, p.Client, "scrapes_total")
			return len(targets) == 1 && targets["good"].Health == "up" && len(scraped) > 0, fmt.Sprint(when, targets, scraped)
		})
	}
	stays("at the start")
	before := stored(t, p.Client, "scrapes_total")

	write(job + "- job_name: other\n  colour: red\n")
	response, err := http.Post(p.Client.URL+"/-/reload", "", nil)
	if err != nil {
		t.Fatal(err)
	}
	why, err := io.ReadAll(response.Body)
	_ = response.Body.Close()
	if err != nil || response.StatusCode != http.StatusInternalServerError || !strings.Contains(string(why), `unknown key "colour"`) {
		t.Errorf("%v, %s, %q", err, response.Status, why)
	}
	if err := p.Signal(syscall.SIGHUP); err != nil {
		t.Fatal(err)
	}
	apitest.Eventually(t, 30*time.Second, func() (bool, string) {
		return strings.Count(p.Output(), "the former one keeps running") == 2, p.Output()
	})
	stays("after the reloads")
	for at, sample := range before {
		if after := stored(t, p.Client, "scrapes_total"); after[at] != sample {
			t.Errorf("%s: was %v, is %v", at, sample, after[at])
		}
	}
}

// From the start to the stop, a reload, a scrape that fails and a query that does
// among them, every line of the log is a JSON object with a time, a level and a
// message, Prometheus's parts included.
func TestEveryLineOfTheLogIsJSON(t *testing.T) {
	file := filepath.Join(t.TempDir(), "prometheus.yml")
	if err := os.WriteFile(file, []byte("global: {scrape_interval: 1s, scrape_timeout: 1s}\nscrape_configs: [{job_name: away, static_configs: [{targets: ['127.0.0.1:1']}]}]\nremote_write: [{url: 'http://127.0.0.1:1/'}]\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	data := dataDir(t)
	p := realserver.Start(t, "/-/ready", func(address string) *exec.Cmd {
		return program(t, "serve", "--web.listen-address="+address, "--storage.path="+data, "--config.file="+file, "--log.format=json", "--log.level=debug")
	})
	client := apitest.Client{URL: p.URL}
	if client.TryGet("query", map[string][]string{"query": {"rate("}}, nil) == nil {
		t.Error("a broken query was answered")
	}
	apitest.Eventually(t, 30*time.Second, func() (bool, string) {
		return len(client.Query(t, `up{job="away"} == 0`, time.Now())) == 1, p.Output()
	})
	hangup := func(wanted string) {
		t.Helper()
		if err := p.Signal(syscall.SIGHUP); err != nil {
			t.Fatal(err)
		}
		apitest.Eventually(t, 30*time.Second, func() (bool, string) {
			return strings.Contains(p.Output(), wanted), p.Output()
		})
	}
	hangup("configuration reloaded")
	if err := os.WriteFile(file, []byte("no_such_key: 1\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	hangup("no_such_key")
	if err := p.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	<-p.Exited()
	levels := jsonLevels(t, p.Output(), "metertree is ready at "+p.URL+"/")
	for _, level := range []string{"DEBUG", "INFO", "ERROR"} {
		if levels[level] == 0 {
			t.Errorf("no line of level %s\n%s", level, p.Output())
		}
	}
}

// jsonLevels counts the lines of each level. One line is for people, on the standard
// output.
func jsonLevels(t *testing.T, log, forPeople string) map[string]int {
	t.Helper()
	levels := map[string]int{}
	for line := range strings.Lines(log) {
		if line = strings.TrimSuffix(line, "\n"); line == forPeople {
			continue
		}
		var entry struct {
			Time  time.Time
			Level string
			Msg   string
		}
		if err := json.Unmarshal([]byte(line), &entry); err != nil || entry.Time.IsZero() || entry.Msg == "" {
			t.Errorf("%v: %s", err, line)
		}
		levels[entry.Level]++
	}
	return levels
}

// halfAsked is a query of which the server has but a part.
type halfAsked struct {
	net.Conn
	rest string
}

// askHalf sends the head and a part of the body, so that the query is in flight until
// its rest is sent.
func askHalf(t *testing.T, url string) halfAsked {
	t.Helper()
	conn, err := net.Dial("tcp", strings.TrimPrefix(url, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	const body = "query=vector(42)"
	_, err = fmt.Fprintf(conn, "POST /api/v1/query HTTP/1.1\r\nHost: %s\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: %d\r\nExpect: 100-continue\r\n\r\n%s",
		conn.RemoteAddr(), len(body), body[:4])
	if err != nil {
		t.Fatal(err)
	}
	// The server asks for the body once it is at work on the query.
	line, err := bufio.NewReader(io.LimitReader(conn, int64(len("HTTP/1.1 100 Continue\r\n\r\n")))).ReadString('\n')
	if err != nil || !strings.Contains(line, "100") {
		t.Fatalf("%v, %q", err, line)
	}
	return halfAsked{conn, body[4:]}
}

// A query that is in flight when the server is told to end is answered whole, while no
// new one is let in.
func TestQueryInFlightIsAnswered(t *testing.T) {
	// The server waits for a moment only, which a busy machine may let pass.
	for attempt := 1; ; attempt++ {
		p := serveProcess(t, "--storage.path="+dataDir(t))
		query := askHalf(t, p.Client.URL)
		if err := p.Signal(syscall.SIGTERM); err != nil {
			t.Fatal(err)
		}
		apitest.Eventually(t, 30*time.Second, func() (bool, string) {
			conn, err := net.Dial("tcp", strings.TrimPrefix(p.Client.URL, "http://"))
			if err == nil {
				err = conn.Close()
				return false, fmt.Sprint("new connections are taken ", err)
			}
			return true, ""
		})
		_, _ = query.Write([]byte(query.rest))
		answer, err := io.ReadAll(query)
		<-p.Exited()
		if bytes.Contains(answer, []byte(`"42"`)) && p.ExitCode() == exitOK {
			return
		}
		if attempt == 5 {
			t.Fatalf("%v, %q, exit code %d\n%s", err, answer, p.ExitCode(), p.Output())
		}
	}
}

// While an end in order takes its time, a second interrupt ends the process at once.
func TestSecondInterruptEndsAtOnce(t *testing.T) {
	for attempt := 1; ; attempt++ {
		p := serveProcess(t, "--storage.path="+dataDir(t))
		askHalf(t, p.Client.URL)
		for ended := false; !ended; {
			// It may have ended in between.
			_ = p.Signal(os.Interrupt)
			select {
			case <-p.Exited():
				ended = true
			case <-time.After(10 * time.Millisecond):
			}
		}
		if p.ExitCode() == -1 { // by the signal
			return
		}
		if attempt == 5 {
			t.Fatalf("exit code %d\n%s", p.ExitCode(), p.Output())
		}
	}
}

// The gateway has nothing to reload: a hangup, such as of its terminal, ends it in
// order.
func TestHangupEndsTheGateway(t *testing.T) {
	path := dataDir(t)
	p := gatewayProcess(t, path, "--gateway.durability=shutdown")
	response, err := http.Post(p.URL+"/metrics/job/a", "text/plain", strings.NewReader("a_total 42\n"))
	if err != nil {
		t.Fatal(err)
	}
	_ = response.Body.Close()
	if err := p.Signal(syscall.SIGHUP); err != nil {
		t.Fatal(err)
	}
	<-p.Exited()
	if code := p.ExitCode(); code != exitOK {
		t.Errorf("exit code %d\n%s", code, p.Output())
	}
	if got := scraped(t, gatewayProcess(t, path).URL, `a_total{job="a"}`); got != 42 {
		t.Errorf("%v after the restart, want 42", got)
	}
}
