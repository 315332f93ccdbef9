package servers

import (
	"bytes"
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"
)

// clockTick is the unit of CPU times in /proc: Linux shows programs 100 a second
// on every architecture.
const clockTick = 10 * time.Millisecond

// memory is what a process has in main memory, in bytes.
type memory struct{ now, peak float64 }

// cpuTime is what a process has taken of all cores, in its own and the system's
// code.
func cpuTime(pid int) (time.Duration, error) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return 0, fmt.Errorf("reading a process's CPU time: %w", err)
	}
	return parseStat(text)
}

// parseStat reads utime and stime, the 14th and 15th field of /proc/PID/stat
// (proc(5)). The second field, in brackets, may hold blanks and brackets.
func parseStat(text []byte) (time.Duration, error) {
	const utime, stime = 11, 12 // after the brackets
	end := bytes.LastIndexByte(text, ')')
	if end < 0 {
		return 0, fmt.Errorf("%q is no /proc/PID/stat: no name in brackets", text)
	}
	fields := strings.Fields(string(text[end+1:]))
	if len(fields) <= stime {
		return 0, fmt.Errorf("%q is no /proc/PID/stat: too few fields", text)
	}
	var ticks uint64
	for _, field := range []string{fields[utime], fields[stime]} {
		n, err := strconv.ParseUint(field, 10, 64)
		if err != nil {
			return 0, fmt.Errorf("%q is no /proc/PID/stat: %w", text, err)
		}
		ticks += n
	}
	return time.Duration(ticks) * clockTick, nil
}

func residentMemory(pid int) (memory, error) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return memory{}, fmt.Errorf("reading a process's memory: %w", err)
	}
	return parseStatus(string(text))
}

// parseStatus reads VmRSS and VmHWM of /proc/PID/status (proc(5)).
func parseStatus(text string) (m memory, err error) {
	if m.now, err = statusBytes(text, "VmRSS"); err != nil {
		return memory{}, err
	}
	m.peak, err = statusBytes(text, "VmHWM")
	return m, err
}

func statusBytes(text, key string) (float64, error) {
	for line := range strings.Lines(text) {
		name, value, _ := strings.Cut(line, ":")
		if name != key {
			continue
		}
		number, unit, _ := strings.Cut(strings.TrimSpace(value), " ")
		n, err := strconv.ParseUint(number, 10, 64)
		if err != nil || unit != "kB" {
			return 0, fmt.Errorf("line %q of /proc/PID/status is not in kB", line)
		}
		return float64(n) * 1024, nil
	}
	return 0, fmt.Errorf("/proc/PID/status has no line %s: has the process ended?", key)
}
