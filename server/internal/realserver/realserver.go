// Package realserver starts the real programs that tests compare with, on free
// loopback ports and in directories of their own, and ends them when the test
// ends.
package realserver

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

// startTimeout is how long a program may take to answer.
const startTimeout = 30 * time.Second

// Process is a program started by a test.
type Process struct {
	// URL is where it answers, without a path: http://127.0.0.1:1234.
	URL string

	command *exec.Cmd
	output  *lockedBuffer
	exited  chan struct{}
}

// Find gives the path of a program. When it is not installed, the test is
// skipped, or fails if the environment says CI=true.
func Find(t testing.TB, program string) string {
	t.Helper()
	path, err := exec.LookPath(program)
	if err == nil {
		return path
	}
	message := fmt.Sprintf("the program %q is not installed (Debian: apt-get install %s)", program, debianPackage(program))
	if os.Getenv("CI") == "true" {
		t.Fatal(message)
	}
	t.Skip(message)
	return ""
}

func debianPackage(program string) string {
	if program == "promtool" {
		return "prometheus"
	}
	return program
}

// NodeExporter starts the real node exporter.
func NodeExporter(t testing.TB) *Process {
	t.Helper()
	binary := Find(t, "prometheus-node-exporter")
	return Start(t, "/metrics", func(address string) *exec.Cmd {
		return exec.Command(binary, "--web.listen-address="+address)
	})
}

// Prometheus starts the real Prometheus server with a configuration.
func Prometheus(t testing.TB, config string) *Process {
	t.Helper()
	binary := Find(t, "prometheus")
	dir := t.TempDir()
	file := filepath.Join(dir, "prometheus.yml")
	if err := os.WriteFile(file, []byte(config), 0o666); err != nil {
		t.Fatal(err)
	}
	return Start(t, "/-/ready", func(address string) *exec.Cmd {
		return exec.Command(binary,
			"--config.file="+file,
			"--storage.tsdb.path="+filepath.Join(dir, "data"),
			"--web.listen-address="+address,
			"--web.enable-remote-write-receiver",
			"--log.level=warn")
	})
}

// attempts is how often Start tries, since a free port may be taken by somebody
// else before the program listens on it.
const attempts = 3

// Start runs a command that listens on the address it is given, until the end of
// the test, and waits until it answers 200 on the path.
func Start(t testing.TB, path string, command func(address string) *exec.Cmd) *Process {
	t.Helper()
	for attempt := 1; ; attempt++ {
		p, err := start(t, path, command)
		if err == nil {
			return p
		}
		if attempt == attempts || !strings.Contains(p.Output(), "in use") {
			t.Fatalf("%s: %v\n%s", p.command.Path, err, p.Output())
		}
	}
}

func start(t testing.TB, path string, command func(address string) *exec.Cmd) (*Process, error) {
	t.Helper()
	address := FreeAddress(t)
	p := &Process{URL: "http://" + address, command: command(address), output: &lockedBuffer{}, exited: make(chan struct{})}
	p.command.Stdout, p.command.Stderr = p.output, p.output
	if err := p.command.Start(); err != nil {
		t.Fatalf("starting %s: %v", p.command.Path, err)
	}
	go func() {
		defer close(p.exited)
		// How it ended shows in its output; tests that care read the exit code.
		_ = p.command.Wait()
	}()
	t.Cleanup(p.Kill)
	return p, p.awaitAnswer(path)
}

func (p *Process) awaitAnswer(path string) error {
	ctx, cancel := context.WithTimeout(context.Background(), startTimeout)
	defer cancel()
	pause := time.NewTicker(20 * time.Millisecond)
	defer pause.Stop()
	for {
		request, err := http.NewRequestWithContext(ctx, http.MethodGet, p.URL+path, nil)
		if err != nil {
			return err
		}
		if response, err := http.DefaultClient.Do(request); err == nil {
			_ = response.Body.Close()
			if response.StatusCode == http.StatusOK {
				return nil
			}
		}
		select {
		case <-p.exited:
			return errors.New("ended before it answered")
		case <-ctx.Done():
			return fmt.Errorf("did not answer within %v", startTimeout)
		case <-pause.C:
		}
	}
}

// Kill ends the process at once, as a power failure would, and waits until it is
// gone. Killing it again does nothing.
func (p *Process) Kill() {
	// It may have ended by itself.
	_ = p.command.Process.Kill()
	<-p.exited
}

// Signal sends the process a signal.
func (p *Process) Signal(signal os.Signal) error { return p.command.Process.Signal(signal) }

// Exited is closed when the process has ended.
func (p *Process) Exited() <-chan struct{} { return p.exited }

// ExitCode is the exit code of a process that has ended.
func (p *Process) ExitCode() int { return p.command.ProcessState.ExitCode() }

// Output is what the process has printed so far.
func (p *Process) Output() string { return p.output.String() }

// FreeAddress is a loopback address on which nothing listens.
func FreeAddress(t testing.TB) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	return listener.Addr().String()
}

// lockedBuffer collects output that is written and read at the same time.
type lockedBuffer struct {
	mu     sync.Mutex
	buffer bytes.Buffer
}

// Write implements io.Writer.
func (b *lockedBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buffer.Write(p)
}

// String is everything written so far.
func (b *lockedBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buffer.String()
}
