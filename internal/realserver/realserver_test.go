package realserver

import (
	"context"
	"errors"
	"fmt"
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

func TestStartAndStop(t *testing.T) {
	var pid int
	t.Run("running", func(t *testing.T) {
		url := "http://" + FreeAddress(t)
		command := exec.Command(os.Args[0], "-test.run=^TestChild$")
		command.Env = append(os.Environ(), "REALSERVER_CHILD="+strings.TrimPrefix(url, "http://"))
		s := Start(t, url, "/", command)
		pid = command.Process.Pid
		if s.URL != url || !strings.Contains(s.Output(), "listening") {
			t.Errorf("URL %q, output %q", s.URL, s.Output())
		}
	})
	if _, err := os.Stat("/proc/self"); err != nil {
		return // no way to look
	}
	if _, err := os.Stat(fmt.Sprintf("/proc/%d", pid)); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("process %d outlived its test: %v", pid, err)
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
	if !errors.Is(err, never) {
		t.Errorf("err = %v", err)
	}
}
