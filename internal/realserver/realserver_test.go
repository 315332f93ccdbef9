package realserver

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"
)

// recorder is a testing.TB that remembers how a test would have ended.
type recorder struct {
	testing.TB
	skipped, failed string
}

func (r *recorder) Helper() {}

func (r *recorder) Skip(a ...any) { r.skipped = a[0].(string) }

func (r *recorder) Fatal(a ...any) { r.failed = a[0].(string) }

func TestFindMissing(t *testing.T) {
	const program = "no-such-program-anywhere"
	t.Setenv("CI", "")
	outside := &recorder{TB: t}
	Find(outside, program)
	if !strings.Contains(outside.skipped, program) || outside.failed != "" {
		t.Errorf("outside CI: skipped %q, failed %q", outside.skipped, outside.failed)
	}
	t.Setenv("CI", "true")
	inside := &recorder{TB: t}
	Find(inside, program)
	if !strings.Contains(inside.failed, program) {
		t.Errorf("in CI: failed %q", inside.failed)
	}
}

// child is this test binary as a server.
func child(address string) *exec.Cmd {
	command := exec.Command(os.Args[0], "-test.run=^TestChild$")
	command.Env = append(os.Environ(), "REALSERVER_CHILD="+address)
	return command
}

func TestStartAndStop(t *testing.T) {
	var p *Process
	t.Run("running", func(t *testing.T) {
		var address string
		p = Start(t, "/", func(free string) *exec.Cmd {
			address = free
			return child(free)
		})
		if p.URL != "http://"+address || !strings.Contains(p.Output(), "listening") {
			t.Errorf("URL %q, output %q", p.URL, p.Output())
		}
	})
	select {
	case <-p.Exited():
	default:
		t.Errorf("process %d outlived its test", p.command.Process.Pid)
	}
}

func TestSignal(t *testing.T) {
	p := Start(t, "/", child)
	if err := p.Signal(os.Kill); err != nil {
		t.Fatal(err)
	}
	<-p.Exited()
	if code := p.ExitCode(); code != -1 {
		t.Errorf("exit code %d after a signal, want -1", code)
	}
}

func TestRestart(t *testing.T) {
	p := Start(t, "/", child)
	url, first := p.URL, p.command.Process.Pid
	p.Restart(t)
	if p.URL != url || p.command.Process.Pid == first {
		t.Errorf("process %d at %s is now %d at %s", first, url, p.command.Process.Pid, p.URL)
	}
	select {
	case <-p.Exited():
		t.Error("the process that was restarted has ended")
	default:
	}
}

// Somebody else takes the port that was free, and Start chooses another.
func TestStartTriesAgain(t *testing.T) {
	taken := TakenAddress(t)
	attempt := 0
	p := Start(t, "/", func(free string) *exec.Cmd {
		if attempt++; attempt == 1 {
			return child(taken)
		}
		return child(free)
	})
	if attempt != 2 || strings.HasSuffix(p.URL, taken) {
		t.Errorf("%d attempts, URL %s", attempt, p.URL)
	}
}

func TestStartOfWhatEnds(t *testing.T) {
	p, err := start(t, "/", func(string) *exec.Cmd {
		return exec.Command(os.Args[0], "-test.run=^$")
	})
	if !errors.Is(err, errEnded) || p.ExitCode() != 0 {
		t.Errorf("err = %v, exit code %d", err, p.ExitCode())
	}
}

func TestEventually(t *testing.T) {
	calls := 0
	err := Eventually(t.Context(), 10*time.Second, func(context.Context) error {
		if calls++; calls < 3 {
			return errors.New("not yet")
		}
		return nil
	})
	if err != nil || calls != 3 {
		t.Errorf("err = %v after %d calls", err, calls)
	}
	never := errors.New("never")
	err = Eventually(t.Context(), time.Millisecond, func(context.Context) error { return never })
	if !errors.Is(err, never) || !strings.Contains(err.Error(), "not within 1ms") {
		t.Errorf("err = %v", err)
	}
}
