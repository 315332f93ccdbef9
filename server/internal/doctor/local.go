package doctor

import (
	"math"
	"os"
	"strconv"
	"strings"
	"time"
)

// ThisMachine tells about the machine that the program runs on.
func ThisMachine() Local {
	hostname, _ := os.Hostname() // empty if it is not known
	return Local{
		Hostname:    hostname,
		Disk:        disk,
		MemoryLimit: func() (int64, bool) { return memoryLimit("/sys/fs/cgroup") },
		CPULimit:    func() (float64, bool) { return cpuLimit("/sys/fs/cgroup") },
		Modified: func(path string) (time.Time, bool) {
			info, err := os.Stat(path)
			if err != nil {
				return time.Time{}, false
			}
			return info.ModTime(), true
		},
	}
}

// memoryLimit reads the limit of the control group whose files are in a directory,
// in version 2 or 1.
func memoryLimit(directory string) (int64, bool) {
	for _, name := range []string{"/memory.max", "/memory/memory.limit_in_bytes"} {
		text, err := os.ReadFile(directory + name)
		if err != nil {
			continue
		}
		limit, err := strconv.ParseInt(strings.TrimSpace(string(text)), 10, 64)
		// Version 1 has a number near the largest where there is no limit.
		return limit, err == nil && limit < math.MaxInt64/2
	}
	return 0, false
}

// cpuLimit reads how many processors a control group may use at once.
func cpuLimit(directory string) (float64, bool) {
	text, err := os.ReadFile(directory + "/cpu.max")
	if err != nil {
		return 0, false
	}
	quota, period, _ := strings.Cut(strings.TrimSpace(string(text)), " ")
	q, err := strconv.ParseFloat(quota, 64)
	if err != nil {
		return 0, false // "max"
	}
	p, err := strconv.ParseFloat(period, 64)
	if err != nil || p <= 0 {
		return 0, false
	}
	return q / p, true
}
