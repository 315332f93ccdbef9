//go:build linux

package faults

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/metertree/metertree/internal/realserver"
	"github.com/metertree/metertree/server/internal/apitest"
	"github.com/metertree/metertree/server/internal/cli"
)

// asProgram makes the test binary behave as the metertree binary.
const asProgram = "METERTREE_TEST_AS_PROGRAM"

func TestMain(m *testing.M) {
	if os.Getenv(asProgram) != "" {
		os.Exit(cli.Main(context.Background(), os.Args[1:], cli.Streams{In: os.Stdin, Out: os.Stdout, Err: os.Stderr}))
	}
	os.Exit(m.Run())
}

// server is a process of "metertree serve".
type server struct {
	*realserver.Process
	apitest.Client
	pid *os.Process
}

// serveCommand is a command that serves on the address.
func serveCommand(t testing.TB, address string, args ...string) *exec.Cmd {
	t.Helper()
	binary := os.Getenv("METERTREE_FAULTS_BINARY")
	if binary == "" {
		self, err := os.Executable()
		if err != nil {
			t.Fatal(err)
		}
		binary = self
	}
	command := exec.Command(binary, append([]string{"serve", "--web.listen-address=" + address, "--log.level=warn"}, args...)...)
	command.Env = append(os.Environ(), asProgram+"=1")
	return command
}

// serve starts a server, without limit on its memory.
func serve(t testing.TB, args ...string) *server { return serveWithin(t, 0, args...) }

// serveWithin starts a server with a memory limit in MiB. Zero is none.
func serveWithin(t testing.TB, limit int, args ...string) *server {
	t.Helper()
	s := &server{}
	var last *exec.Cmd
	s.Process = realserver.Start(t, "/-/ready", func(address string) *exec.Cmd {
		last = serveCommand(t, address, args...)
		if limit > 0 {
			last.Env = append(last.Env, fmt.Sprintf("GOMEMLIMIT=%dMiB", limit))
		}
		return last
	})
	s.Client = apitest.Client{URL: s.Process.URL}
	s.pid = last.Process
	return s
}

// dataDir is where a server under test stores.
func dataDir(t testing.TB) string {
	t.Helper()
	return filepath.Join(t.TempDir(), "data")
}

// metric is the sum of the server's own series of a name, by its /metrics.
func (s *server) metric(t testing.TB, name string) float64 {
	t.Helper()
	var sum float64
	for line := range strings.Lines(s.page(t, "/metrics")) {
		rest, found := strings.CutPrefix(line, name)
		if !found || rest[0] != '{' && rest[0] != ' ' {
			continue
		}
		value, err := strconv.ParseFloat(strings.TrimSpace(rest[strings.LastIndexByte(rest, ' '):]), 64)
		if err != nil {
			t.Fatalf("%q: %v", line, err)
		}
		sum += value
	}
	return sum
}

// page is what the server answers on a path, which must be a success.
func (s *server) page(t testing.TB, path string) string {
	t.Helper()
	body, err := fetch(s.Process.URL + path)
	if err != nil {
		t.Fatal(err)
	}
	return body
}

var patient = &http.Client{Timeout: 20 * time.Second}

func fetch(url string) (string, error) {
	response, err := patient.Get(url)
	if err != nil {
		return "", err
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err == nil && response.StatusCode != http.StatusOK {
		err = fmt.Errorf("%s: %s: %.200s", url, response.Status, body)
	}
	return string(body), err
}

// peak is the largest resident memory that the process has had, in MiB, mapped
// files included.
func (s *server) peak(t testing.TB) int { return s.memory(t, "VmHWM") }

// memory is what the kernel says of the process's memory, in MiB.
func (s *server) memory(t testing.TB, field string) int {
	t.Helper()
	file, err := os.Open(fmt.Sprintf("/proc/%d/status", s.pid.Pid))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	for lines := bufio.NewScanner(file); lines.Scan(); {
		var kilobytes int
		if n, _ := fmt.Sscanf(lines.Text(), field+": %d kB", &kilobytes); n == 1 {
			return kilobytes >> 10
		}
	}
	t.Fatalf("the kernel does not tell the process's %s", field)
	return 0
}

// values are the stored samples of one series by their time in milliseconds,
// whatever their age.
func (s *server) values(t testing.TB, selector string) map[int64]string {
	t.Helper()
	stored := make(map[int64]string)
	for _, series := range s.Query(t, selector+"[6d]", time.Now().Add(10*time.Minute)) {
		for _, sample := range series.Samples {
			stored[sample.Millis] = sample.Value
		}
	}
	return stored
}

// one is the body of a remote write request with one sample.
func one(name string, millis int64, value float64) []byte {
	return apitest.RemoteWriteV1([]apitest.Pushed{{
		Labels: []string{"__name__", name}, Samples: []apitest.PushedSample{{Millis: millis, Value: value}},
	}})
}
