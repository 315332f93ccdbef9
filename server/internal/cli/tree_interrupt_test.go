package cli

import (
	"bytes"
	"os"
	"syscall"
	"testing"
	"time"
)

// Ctrl-C ends a command that waits for input which never comes.
func TestTreeInterruptedWhileItReads(t *testing.T) {
	for _, signal := range []os.Signal{os.Interrupt, syscall.SIGTERM} {
		t.Run(signal.String(), func(t *testing.T) {
			reader, writer, err := os.Pipe()
			if err != nil {
				t.Fatal(err)
			}
			defer writer.Close()
			defer reader.Close()
			command := program(t, "tree", "-")
			var said bytes.Buffer
			command.Stdin, command.Stdout, command.Stderr = reader, &said, &said
			if err := command.Start(); err != nil {
				t.Fatal(err)
			}
			// More than the pipe holds: it goes out only once the command reads.
			if _, err := writer.Write(bytes.Repeat([]byte("# waiting\n"), 20_000)); err != nil {
				t.Fatal(err)
			}
			if err := command.Process.Signal(signal); err != nil {
				t.Fatal(err)
			}
			impatience := time.AfterFunc(10*time.Second, func() { _ = command.Process.Kill() })
			defer impatience.Stop()
			// A process that a signal ended reports an error, which is looked into.
			_ = command.Wait()
			status, ok := command.ProcessState.Sys().(syscall.WaitStatus)
			if !ok || !status.Signaled() || status.Signal() != signal {
				t.Errorf("ended with %v, want by %v\n%s", command.ProcessState, signal, said.String())
			}
		})
	}
}
