package cli

import (
	"bytes"
	"os"
	"syscall"
	"testing"
	"time"
)

// Ctrl-C ends the commands that wait for input which never comes, and leaves no
// file behind.
func TestInspectInterruptedWhileItReads(t *testing.T) {
	dir := t.TempDir()
	for _, args := range [][]string{{"lint", "-"}, {"diff", "testdata/diff/before.prom", "-"}, {"cardinality", "-", "--save=" + dir + "/kept"}} {
		t.Run(args[0], func(t *testing.T) {
			reader, writer, err := os.Pipe()
			if err != nil {
				t.Fatal(err)
			}
			defer writer.Close()
			defer reader.Close()
			command := program(t, args...)
			var said bytes.Buffer
			command.Stdin, command.Stdout, command.Stderr = reader, &said, &said
			if err := command.Start(); err != nil {
				t.Fatal(err)
			}
			// More than the pipe holds: it goes out only once the command reads.
			if _, err := writer.Write(bytes.Repeat([]byte("# waiting\n"), 20_000)); err != nil {
				t.Fatal(err)
			}
			if err := command.Process.Signal(os.Interrupt); err != nil {
				t.Fatal(err)
			}
			impatience := time.AfterFunc(10*time.Second, func() { _ = command.Process.Kill() })
			defer impatience.Stop()
			// A process that a signal ended reports an error, which is looked into.
			_ = command.Wait()
			status, ok := command.ProcessState.Sys().(syscall.WaitStatus)
			if !ok || !status.Signaled() || status.Signal() != os.Interrupt {
				t.Errorf("ended with %v\n%s", command.ProcessState, said.String())
			}
		})
	}
	if files, err := os.ReadDir(dir); err != nil || len(files) != 0 {
		t.Errorf("error %v, files %v", err, files)
	}
}
