package realserver

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"
)

const (
	// startTimeout is how long a program may take to answer.
	startTimeout = 30 * time.Second
	// attempts is how often Start tries, since a free port may be taken by
	// somebody else before the program listens on it.
	attempts = 3
)

// Process is a program that a test started.
type Process struct {
	// URL is where it answers, without a path: http://127.0.0.1:9090.
	URL string

	// program makes the command that listens on an address.
	program func(address string) *exec.Cmd
	// path is where it answers once it is ready.
	path    string
	command *exec.Cmd
	output  lockedBuffer
	// running ends with the process.
	running context.Context
}

var errEnded = errors.New("the process has ended")

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
			t.Fatalf("%s is not ready: %v\n%s", p.command.Path, err, p.Output())
		}
	}
}

func start(t testing.TB, path string, command func(address string) *exec.Cmd) (*Process, error) {
	t.Helper()
	p := &Process{URL: "http://" + FreeAddress(t), program: command, path: path}
	t.Cleanup(func() { p.Kill() })
	return p, p.run(t)
}

// Restart runs the command again, at the address it had, and waits until it
// answers. What is left of the last process is killed.
func (p *Process) Restart(t testing.TB) {
	t.Helper()
	p.Kill()
	if err := p.run(t); err != nil {
		t.Fatalf("%s is not ready again: %v\n%s", p.command.Path, err, p.Output())
	}
}

// run starts the command and waits until it answers.
func (p *Process) run(t testing.TB) error {
	t.Helper()
	running, ended := context.WithCancelCause(context.Background())
	command := p.program(strings.TrimPrefix(p.URL, "http://"))
	p.command, p.running = command, running
	command.Stdout, command.Stderr = &p.output, &p.output
	if err := command.Start(); err != nil {
		ended(err)
		t.Fatalf("starting %s: %v", command.Path, err)
	}
	go func() {
		// How it ended is in its output; tests that care read the exit code.
		_ = command.Wait()
		ended(errEnded)
	}()
	return Eventually(running, startTimeout, func(ctx context.Context) error {
		return answersOK(ctx, p.URL+p.path)
	})
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

// Kill ends the process at once, as a power failure would, and waits until it is
// gone. Killing it again does nothing.
func (p *Process) Kill() {
	// It may have ended by itself.
	if p.command.Process != nil {
		_ = p.command.Process.Kill()
	}
	<-p.Exited()
}

// Signal sends the process a signal.
func (p *Process) Signal(signal os.Signal) error { return p.command.Process.Signal(signal) }

// Exited is closed when the process has ended.
func (p *Process) Exited() <-chan struct{} { return p.running.Done() }

// ExitCode is the exit code of a process that has ended.
func (p *Process) ExitCode() int { return p.command.ProcessState.ExitCode() }

// Output is what the process has printed so far.
func (p *Process) Output() string { return p.output.String() }

// lockedBuffer takes what a process prints while a test may look at it.
type lockedBuffer struct {
	mu  sync.Mutex
	all bytes.Buffer
}

// Write implements io.Writer.
func (b *lockedBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.all.Write(p)
}

// String is everything written so far.
func (b *lockedBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.all.String()
}
