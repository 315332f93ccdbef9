package cli

import (
	"bytes"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"
)

// Ctrl-C ends watching with success, and gives the terminal back with the last
// frame on it.
func TestWatchInterruptedOnATerminal(t *testing.T) {
	for _, signal := range []os.Signal{os.Interrupt, syscall.SIGTERM} {
		t.Run(signal.String(), func(t *testing.T) {
			master, slave := terminalPair(t, 100)
			command := program(t, "tree", "testdata/source/after.prom", "shop_workers", "--by=state", "--watch=100ms")
			command.Stdout = slave
			command.Env = append(command.Env, "TERM=xterm", "NO_COLOR=1")
			var said bytes.Buffer
			command.Stderr = &said
			if err := command.Start(); err != nil {
				t.Fatal(err)
			}
			impatience := time.AfterFunc(20*time.Second, func() { _ = command.Process.Kill() })
			defer impatience.Stop()
			shown := lookAt(t, master, "Ctrl-C ends it", 3)
			if err := command.Process.Signal(signal); err != nil {
				t.Fatal(err)
			}
			if err := command.Wait(); err != nil || said.Len() > 0 {
				t.Errorf("%v, %s", err, said.String())
			}
			shown += lookAt(t, master, leaveScreen, 1)
			if before, _, _ := strings.Cut(shown, leaveScreen); strings.Count(before, enterScreen) != 1 || strings.Contains(before, "\x1b[2J\x1b[2J") {
				t.Errorf("shown %q", before)
			}
			last := lookAt(t, master, "state=stopped", 1)
			if !strings.Contains(last, "shop_workers") || strings.Contains(last, toTop) {
				t.Errorf("left on the terminal: %q", last)
			}
		})
	}
}

// Long work tells on a terminal what it is at, and leaves nothing behind.
func TestProgressOnATerminal(t *testing.T) {
	master, slave := terminalPair(t, 100)
	t.Setenv("TERM", "xterm")
	p := startProgress(t.Context(), slave)
	p.say("the first of two things")
	lookAt(t, master, "the first of two things…"+clearLine, 1)
	p.stop()
	lookAt(t, master, "\r"+clearLine, 1)
	t.Setenv("TERM", "dumb")
	if startProgress(t.Context(), slave) != nil {
		t.Error("a terminal that cannot erase is told progress")
	}
}

// lookAt reads what a terminal shows until a text has come so many times.
func lookAt(t *testing.T, master *os.File, text string, times int) string {
	t.Helper()
	if err := master.SetReadDeadline(time.Now().Add(20 * time.Second)); err != nil {
		t.Fatal(err)
	}
	var seen strings.Builder
	one := make([]byte, 1) // what comes after is left for later
	for strings.Count(seen.String(), text) < times {
		if _, err := master.Read(one); err != nil {
			t.Fatalf("%v after %q", err, seen.String())
		}
		seen.Write(one)
	}
	return seen.String()
}
