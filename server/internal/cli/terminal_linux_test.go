package cli

import (
	"fmt"
	"os"
	"syscall"
	"testing"
	"unsafe"
)

// terminal opens a pseudo-terminal of a width and returns the side that a program
// writes to.
func terminal(t *testing.T, columns uint16) *os.File {
	t.Helper()
	_, slave := terminalPair(t, columns)
	return slave
}

// terminalPair returns both sides: the one that a person looks at is first.
func terminalPair(t *testing.T, columns uint16) (master, slave *os.File) {
	t.Helper()
	master, err := os.OpenFile("/dev/ptmx", os.O_RDWR|syscall.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = master.Close() })
	var unlocked, number int32
	control(t, master, syscall.TIOCSPTLCK, unsafe.Pointer(&unlocked))
	control(t, master, syscall.TIOCGPTN, unsafe.Pointer(&number))
	size := struct{ rows, columns, x, y uint16 }{24, columns, 0, 0}
	control(t, master, syscall.TIOCSWINSZ, unsafe.Pointer(&size))
	slave, err = os.OpenFile(fmt.Sprintf("/dev/pts/%d", number), os.O_RDWR|syscall.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = slave.Close() })
	return master, slave
}

func control(t *testing.T, f *os.File, request uintptr, argument unsafe.Pointer) {
	t.Helper()
	if _, _, failure := syscall.Syscall(syscall.SYS_IOCTL, f.Fd(), request, uintptr(argument)); failure != 0 {
		t.Fatal(failure)
	}
}

func TestLineWidthFollowsTheTerminal(t *testing.T) {
	for columns, want := range map[uint16]int{10: leastWidth, 57: 57, 500: mostWidth, 0: usualWidth} {
		if got := lineWidth(terminal(t, columns)); got != want {
			t.Errorf("a terminal of %d columns: %d, want %d", columns, got, want)
		}
	}
}

func TestColourOnATerminal(t *testing.T) {
	for _, tt := range []struct {
		noColour, kind string
		want           bool
	}{
		{"", "xterm", true},
		{"1", "xterm", false},
		{"", "dumb", false},
	} {
		t.Setenv("NO_COLOR", tt.noColour)
		t.Setenv("TERM", tt.kind)
		if got := wantsColour(terminal(t, 80)); got != tt.want {
			t.Errorf("NO_COLOR=%q TERM=%q: colour %v", tt.noColour, tt.kind, got)
		}
	}
}
