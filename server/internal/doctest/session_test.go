package doctest

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/metertree/metertree/internal/realserver"
)

// patience is how long a command, or the start or the end of a server, may take:
// far longer than any does, those that are built first included.
const patience = 4 * time.Minute

// session is a shell in which a page's commands run one after the other.
type session struct {
	directory string
	shell     *exec.Cmd
	input     io.WriteCloser
	statuses  chan int
	outputs   int
}

// result is what came of a command.
type result struct {
	status int
	output string
}

var errNoAnswer = errors.New("the shell does not answer: the command hangs, or has ended the shell")

// newSession starts a shell in a directory.
func newSession(t *testing.T, directory string, environment []string) *session {
	t.Helper()
	reader, writer, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	s := &session{directory: directory, statuses: make(chan int)}
	s.shell = exec.Command(realserver.Find(t, "bash"), "--noprofile", "--norc", "-u", "-o", "pipefail")
	s.shell.Dir, s.shell.Env, s.shell.Stderr = directory, environment, os.Stderr
	s.shell.ExtraFiles = []*os.File{writer}
	if s.input, err = s.shell.StdinPipe(); err != nil {
		t.Fatal(err)
	}
	// The end of what the shell writes is its own end.
	if err := errors.Join(s.shell.Start(), writer.Close()); err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		defer close(s.statuses)
		for lines := bufio.NewScanner(reader); lines.Scan(); {
			status, err := strconv.Atoi(lines.Text())
			if err != nil {
				return
			}
			s.statuses <- status
		}
	}()
	t.Cleanup(func() {
		_ = s.input.Close()
		_ = s.shell.Process.Kill()
		_ = s.shell.Wait()
		for range s.statuses {
		}
		<-done
		_ = reader.Close()
	})
	return s
}

// ask gives the shell a script that writes one number to its third descriptor.
func (s *session) ask(script string) (int, error) {
	if _, err := io.WriteString(s.input, script+"\n"); err != nil {
		return 0, err
	}
	timeout := time.NewTimer(patience)
	defer timeout.Stop()
	select {
	case status, open := <-s.statuses:
		if !open {
			return 0, errNoAnswer
		}
		return status, nil
	case <-timeout.C:
		return 0, errNoAnswer
	}
}

// run runs a command to its end.
func (s *session) run(command string) (r result, err error) {
	output := s.newOutput()
	r.status, err = s.ask(fmt.Sprintf("{ %s\n} </dev/null >%q 2>&1 3>&-\nprintf '%%s\\n' $? >&3", command, output))
	text, readErr := os.ReadFile(output)
	r.output = string(text)
	return r, errors.Join(err, readErr)
}

func (s *session) newOutput() string {
	s.outputs++
	return filepath.Join(s.directory, ".outputs", strconv.Itoa(s.outputs))
}

// server is a command that runs until it is interrupted.
type server struct {
	step    step
	kind    kind
	command *exec.Cmd
	output  string
	// exited is closed when it has ended.
	exited chan struct{}
}

// start begins a command that runs on, in the directory where the shell is. It is a
// group of processes of its own, so that all of them can be signalled.
func (s *session) start(t *testing.T, what step, command string) (*server, error) {
	t.Helper()
	if _, err := s.ask("pwd >" + strconv.Quote(s.directory+"/.outputs/pwd") + "\nprintf '0\\n' >&3"); err != nil {
		return nil, err
	}
	where, err := os.ReadFile(filepath.Join(s.directory, ".outputs", "pwd"))
	if err != nil {
		return nil, err
	}
	running := &server{step: what, output: s.newOutput(), exited: make(chan struct{})}
	output, err := os.Create(running.output)
	if err != nil {
		return nil, err
	}
	running.command = exec.Command(s.shell.Path, "-u", "-c", command)
	running.command.Dir, running.command.Env = strings.TrimSpace(string(where)), s.shell.Env
	running.command.Stdout, running.command.Stderr = output, output
	running.command.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := errors.Join(running.command.Start(), output.Close()); err != nil {
		return nil, err
	}
	go func() {
		defer close(running.exited)
		// How it ended is in its state.
		_ = running.command.Wait()
	}()
	t.Cleanup(func() {
		// It has ended unless the test failed.
		_ = running.signal(syscall.SIGKILL)
		<-running.exited
	})
	return running, nil
}

func (s *server) signal(signal syscall.Signal) error {
	return syscall.Kill(-s.command.Process.Pid, signal)
}

// ended reports whether the server has ended.
func (s *server) ended() bool {
	select {
	case <-s.exited:
		return true
	default:
		return false
	}
}

// interrupt does what Ctrl-C does, and waits for the end.
func (s *server) interrupt() (result, error) {
	// If it has ended already its status tells.
	_ = s.signal(syscall.SIGINT)
	timeout := time.NewTimer(patience)
	defer timeout.Stop()
	select {
	case <-s.exited:
		return result{status: s.command.ProcessState.ExitCode(), output: s.said()}, nil
	case <-timeout.C:
		return result{output: s.said()}, errors.New("goes on after an interrupt")
	}
}

// said is what the server has printed.
func (s *server) said() string {
	text, err := os.ReadFile(s.output)
	if err != nil {
		return err.Error()
	}
	return strings.TrimSpace(string(text))
}

func TestSession(t *testing.T) {
	directory := t.TempDir()
	if err := os.Mkdir(filepath.Join(directory, ".outputs"), 0o700); err != nil {
		t.Fatal(err)
	}
	s := newSession(t, directory, os.Environ())
	for _, c := range []struct {
		command, output string
		status          int
	}{
		{"X=7; cd /", "", 0}, {"echo $X $PWD # said", "7 /\n", 0}, {"false | cat", "", 1}, {"echo no >&2; (exit 3)", "no\n", 3}, {"cat", "", 0},
	} {
		if r, err := s.run(c.command); err != nil || r.status != c.status || r.output != c.output {
			t.Errorf("%s: %+v, %v", c.command, r, err)
		}
	}
	running, err := s.start(t, step{}, "pwd; sleep 1000")
	if err != nil || running.ended() {
		t.Fatalf("ended at once, %v", err)
	}
	if err := realserver.Eventually(t.Context(), patience, func(context.Context) error {
		if running.said() != "/" {
			return errors.New("nothing is said yet")
		}
		return nil
	}); err != nil {
		t.Error(err)
	}
	if r, err := s.run("echo beside"); err != nil || r.output != "beside\n" {
		t.Errorf("%+v, %v", r, err)
	}
	if r, err := running.interrupt(); err != nil || !running.ended() || r.output != "/" {
		t.Errorf("%+v, %v; ended: %v", r, err, running.ended())
	}
	if _, err := s.run("exit 1"); !errors.Is(err, errNoAnswer) {
		t.Errorf("a shell that is gone: %v", err)
	}
}
