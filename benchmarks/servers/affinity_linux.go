package servers

import (
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strconv"

	"golang.org/x/sys/unix"
)

// maxCores is how many cores a mask of the system's can name.
const maxCores = 1024

// allowedCores are those this process may use.
func allowedCores() (cores []int) {
	var allowed unix.CPUSet
	if unix.SchedGetaffinity(0, &allowed) != nil {
		return nil
	}
	for core := range maxCores {
		if allowed.IsSet(core) {
			cores = append(cores, core)
		}
	}
	return cores
}

func mask(cores []int) *unix.CPUSet {
	var set unix.CPUSet
	for _, core := range cores {
		set.Set(core)
	}
	return &set
}

// keepTo binds this process to some cores: every thread it has, from which
// later ones inherit. It looks again until there is no new one.
func keepTo(cores []int) error {
	bound := map[string]bool{}
	for {
		threads, err := os.ReadDir("/proc/self/task")
		if err != nil {
			return fmt.Errorf("listing this process's threads: %w", err)
		}
		before := len(bound)
		for _, thread := range threads {
			id, err := strconv.Atoi(thread.Name())
			if err != nil || bound[thread.Name()] {
				continue
			}
			bound[thread.Name()] = true
			if err := unix.SchedSetaffinity(id, mask(cores)); err != nil && err != unix.ESRCH {
				return fmt.Errorf("binding thread %d to cores %v: %w", id, cores, err)
			}
		}
		if len(bound) == before {
			return nil
		}
	}
}

// startOn starts a command that may use some cores: a process inherits them from
// the thread that starts it.
func startOn(cores []int, command *exec.Cmd) error {
	if len(cores) == 0 {
		return command.Start()
	}
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	var own unix.CPUSet
	if err := unix.SchedGetaffinity(0, &own); err != nil {
		return fmt.Errorf("reading this thread's cores: %w", err)
	}
	if err := unix.SchedSetaffinity(0, mask(cores)); err != nil {
		return fmt.Errorf("binding to cores %v: %w", cores, err)
	}
	defer func() { _ = unix.SchedSetaffinity(0, &own) }() // as it was a moment ago
	return command.Start()
}
