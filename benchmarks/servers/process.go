package servers

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"time"
)

const (
	// startTimeout and stopTimeout are how long a server may take to be ready, and
	// to end.
	startTimeout = 60 * time.Second
	stopTimeout  = 60 * time.Second
	// attempts is how often a server is started whose port somebody else took.
	attempts = 3
)

// process is a server that runs.
type process struct {
	server Server
	url    string
	// began is when it was started, and took how long it needed to be ready.
	began   time.Time
	took    time.Duration
	command *exec.Cmd
	output  lockedBuffer
	ended   chan struct{}
}

// start starts a server on some cores, with the configuration and the storage
// of a directory, and waits until it is ready.
func start(ctx context.Context, s Server, cores []int, dir string) (*process, error) {
	for attempt := 1; ; attempt++ {
		p, err := startOnce(ctx, s, cores, dir)
		if err == nil {
			return p, nil
		}
		if attempt == attempts || !strings.Contains(err.Error(), "in use") {
			return nil, err
		}
	}
}

func startOnce(ctx context.Context, s Server, cores []int, dir string) (*process, error) {
	address, err := freeAddress()
	if err != nil {
		return nil, err
	}
	p := &process{server: s, url: "http://" + address, ended: make(chan struct{})}
	p.command = exec.Command(s.Binary, s.arguments(address, configIn(dir), storageIn(dir))...)
	p.command.Stdout, p.command.Stderr = &p.output, &p.output
	p.began = time.Now()
	if err := startOn(cores, p.command); err != nil {
		return nil, fmt.Errorf("starting %s: %w", s.Name, err)
	}
	go func() {
		defer close(p.ended)
		_ = p.command.Wait() // stop looks at how it ended
	}()
	if err := p.waitReady(ctx); err != nil {
		p.kill()
		return nil, fmt.Errorf("%s is not ready: %w\n%s", s.Name, err, p.output.String())
	}
	p.took = time.Since(p.began)
	return p, nil
}

// waitReady asks every millisecond.
func (p *process) waitReady(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, startTimeout)
	defer cancel()
	client := &http.Client{Transport: &http.Transport{}}
	defer client.CloseIdleConnections()
	pause := time.NewTicker(time.Millisecond)
	defer pause.Stop()
	for {
		if _, err := get(ctx, client, p.url+p.server.ready); err == nil {
			return nil
		}
		select {
		case <-p.ended:
			return errors.New("it has ended")
		case <-ctx.Done():
			return ctx.Err()
		case <-pause.C:
		}
	}
}

// endedBy reports whether a signal ended a process, which had not asked to be told
// of it yet: a server may be ready before that.
func endedBy(state *os.ProcessState, signal syscall.Signal) bool {
	status, is := state.Sys().(syscall.WaitStatus)
	return is && status.Signaled() && status.Signal() == signal
}

func (p *process) pid() int { return p.command.Process.Pid }

// reload has the server read its configuration again.
func (p *process) reload() error { return p.command.Process.Signal(syscall.SIGHUP) }

// stop ends the server as an operator does, so that it writes what it holds, and
// returns the CPU time of its whole life.
func (p *process) stop() (time.Duration, error) {
	if err := p.command.Process.Signal(syscall.SIGTERM); err != nil {
		return 0, fmt.Errorf("stopping %s: %w\n%s", p.server.Name, err, p.output.String())
	}
	late := time.NewTimer(stopTimeout)
	defer late.Stop()
	select {
	case <-p.ended:
	case <-late.C:
		p.kill()
		return 0, fmt.Errorf("%s has not ended in %v and was killed\n%s", p.server.Name, stopTimeout, p.output.String())
	}
	state := p.command.ProcessState
	if !state.Success() && !endedBy(state, syscall.SIGTERM) {
		return 0, fmt.Errorf("%s ended badly: %v\n%s", p.server.Name, state, p.output.String())
	}
	return state.UserTime() + state.SystemTime(), nil
}

// kill ends the server at once, if it still runs.
func (p *process) kill() {
	_ = p.command.Process.Kill()
	<-p.ended
}

func freeAddress() (string, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", fmt.Errorf("looking for a free port: %w", err)
	}
	defer listener.Close()
	return listener.Addr().String(), nil
}

// writeConfig writes a configuration to a file.
func writeConfig(file, text string) error {
	if err := os.WriteFile(file, []byte(text), 0o666); err != nil {
		return fmt.Errorf("writing a configuration: %w", err)
	}
	return nil
}

// lockedBuffer takes what a process prints while somebody may look at it.
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

// String is the last of what was written.
func (b *lockedBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	const last = 4000
	text := b.all.Bytes()
	return string(text[max(0, len(text)-last):])
}
