// Package realserver lets tests run the real programs that the library is meant
// to work with: it finds them, starts them on free loopback ports in directories
// of their own, waits until they answer, and stops them when the test ends.
package realserver

import (
	"bytes"
	"context"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
	"time"
)

const (
	// startTimeout is how long a program may take to answer.
	startTimeout = 30 * time.Second
	// pollPeriod is the pause between two looks at a condition.
	pollPeriod = 25 * time.Millisecond
)

// debianPackage tells which package holds a program whose name is not the
// package's.
var debianPackage = map[string]string{"promtool": "prometheus"}

// Find returns the path of a program. If it is not installed the test is
// skipped, or fails where the environment says CI=true.
func Find(t testing.TB, program string) (path string) {
	t.Helper()
	path, err := exec.LookPath(program)
	if err == nil {
		return path
	}
	pack := debianPackage[program]
	if pack == "" {
		pack = program
	}
	missing := fmt.Sprintf("the program %s is not installed: on Debian, apt-get install %s", program, pack)
	if os.Getenv("CI") == "true" {
		t.Fatal(missing)
	}
	t.Skip(missing)
	return ""
}

// FreeAddress returns a loopback address whose port was free a moment ago, for
// programs that cannot choose one themselves.
func FreeAddress(t testing.TB) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	return listener.Addr().String()
}

// Server is a program that a test started.
type Server struct {
	// URL is where it answers, such as http://127.0.0.1:9090.
	URL string

	output lockedBuffer
	exited chan struct{}
}

// Prometheus starts the real Prometheus with a configuration, and waits until it
// is ready.
func Prometheus(t testing.TB, config string) *Server {
	t.Helper()
	path := Find(t, "prometheus")
	dir := t.TempDir()
	file := filepath.Join(dir, "prometheus.yml")
	if err := os.WriteFile(file, []byte(config), 0o666); err != nil {
		t.Fatal(err)
	}
	address := FreeAddress(t)
	return Start(t, "http://"+address, "/-/ready", exec.Command(path,
		"--config.file="+file,
		"--storage.tsdb.path="+filepath.Join(dir, "data"),
		"--web.listen-address="+address,
		"--log.level=warn"))
}

// Start starts a command, waits until url with the path answers 200, and stops
// the process when the test ends.
func Start(t testing.TB, url, path string, command *exec.Cmd) *Server {
	t.Helper()
	s := &Server{URL: url, exited: make(chan struct{})}
	command.Stdout, command.Stderr = &s.output, &s.output
	if err := command.Start(); err != nil {
		t.Fatalf("starting %s: %v", command.Path, err)
	}
	go func() {
		defer close(s.exited)
		// How it ended is in its output, and of no interest after the test.
		_ = command.Wait()
	}()
	t.Cleanup(func() {
		// It may have ended by itself.
		_ = command.Process.Kill()
		<-s.exited
	})
	ready := func(ctx context.Context) error {
		select {
		case <-s.exited:
			t.Fatalf("%s ended before it was ready:\n%s", command.Path, s.output.String())
		default:
		}
		return answersOK(ctx, url+path)
	}
	if err := Eventually(t.Context(), startTimeout, ready); err != nil {
		t.Fatalf("%s is not ready: %v\n%s", command.Path, err, s.output.String())
	}
	return s
}

// Output returns what the program has printed.
func (s *Server) Output() string { return s.output.String() }

// Eventually calls condition until it returns nil, and gives up with its last
// error after the timeout.
func Eventually(ctx context.Context, timeout time.Duration, condition func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	pause := time.NewTicker(pollPeriod)
	defer pause.Stop()
	for {
		err := condition(ctx)
		if err == nil {
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("not within %v: %w", timeout, err)
		case <-pause.C:
		}
	}
}

func answersOK(ctx context.Context, url string) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return err
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return fmt.Errorf("%s answers %s", url, response.Status)
	}
	return nil
}

// lockedBuffer takes what a process prints while a test may look at it.
type lockedBuffer struct {
	mu  sync.Mutex
	all bytes.Buffer
}

func (b *lockedBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.all.Write(p)
}

func (b *lockedBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.all.String()
}
