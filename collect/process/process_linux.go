package process

import (
	"bytes"
	"os"
	"strconv"
	"syscall"
)

// supported tells whether the process can be read here.
const supported = true

// ticksPerSecond is the unit of times in /proc; the kernel shows user space the
// same one on every architecture that Go runs on.
const ticksPerSecond = 100

// read reads what can be read.
func read() snapshot {
	var s snapshot
	readUsage(&s)
	readLimits(&s)
	readOpenFiles(&s, "/proc/self/fd")
	if stat, err := os.ReadFile("/proc/self/stat"); err == nil {
		boot, _ := os.ReadFile("/proc/stat")
		parseStat(&s, stat, boot)
	}
	if netstat, err := os.ReadFile("/proc/self/net/netstat"); err == nil {
		parseNetstat(&s, netstat)
	}
	return s
}

// readUsage asks the kernel, which is finer than the ticks of /proc.
func readUsage(s *snapshot) {
	var usage syscall.Rusage
	if syscall.Getrusage(syscall.RUSAGE_SELF, &usage) != nil {
		return
	}
	seconds := func(t syscall.Timeval) float64 { return float64(t.Nano()) / 1e9 }
	s.set(cpuSeconds, seconds(usage.Utime)+seconds(usage.Stime))
}

// readLimits gives no limit as the largest value the kernel can name.
func readLimits(s *snapshot) {
	var limit syscall.Rlimit
	if syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit) == nil {
		s.set(maxFiles, float64(limit.Cur))
	}
	if syscall.Getrlimit(syscall.RLIMIT_AS, &limit) == nil {
		s.set(virtualMaxBytes, float64(limit.Cur))
	}
}

// readOpenFiles counts the entries of the process's directory of descriptors.
// Kernels since 6.2 give their number as the directory's size.
func readOpenFiles(s *snapshot, path string) {
	if info, err := os.Stat(path); err == nil && info.Size() > 0 {
		s.set(openFiles, float64(info.Size()))
		return
	}
	if n, ok := countEntries(path); ok {
		// The descriptor that listed them is not one of the program's.
		s.set(openFiles, float64(n-1))
	}
}

func countEntries(path string) (n int, ok bool) {
	directory, err := os.Open(path)
	if err != nil {
		return 0, false
	}
	defer directory.Close()
	names, err := directory.Readdirnames(-1)
	return len(names), err == nil
}

// Fields of /proc/<pid>/stat, counted from the one after the command, which is
// in parentheses and may hold anything.
const (
	statStartTicks = 19
	statVirtual    = 20
	statResident   = 21
)

// parseStat reads memory and start time from /proc/<pid>/stat and the boot time
// from /proc/stat.
func parseStat(s *snapshot, stat, boot []byte) {
	rest := bytes.Fields(stat[bytes.LastIndexByte(stat, ')')+1:])
	if len(rest) <= statResident {
		return
	}
	if v, ok := number(rest[statVirtual]); ok {
		s.set(virtualBytes, v)
	}
	if pages, ok := number(rest[statResident]); ok {
		s.set(residentBytes, pages*float64(os.Getpagesize()))
	}
	ticks, ok := number(rest[statStartTicks])
	booted, known := bootTime(boot)
	if ok && known {
		s.set(startTime, booted+ticks/ticksPerSecond)
	}
}

func bootTime(stat []byte) (seconds float64, ok bool) {
	for line := range bytes.Lines(stat) {
		if value, found := bytes.CutPrefix(line, []byte("btime ")); found {
			return number(bytes.TrimSpace(value))
		}
	}
	return 0, false
}

// parseNetstat reads the octets of the IpExt group: a line of names, then a line
// of values in the same order.
func parseNetstat(s *snapshot, netstat []byte) {
	wanted := map[string]field{"InOctets": receivedBytes, "OutOctets": sentBytes}
	var names [][]byte
	for line := range bytes.Lines(netstat) {
		group, rest, _ := bytes.Cut(line, []byte(": "))
		if string(group) != "IpExt" {
			continue
		}
		words := bytes.Fields(rest)
		if names == nil {
			names = words
			continue
		}
		for i, name := range names {
			f, want := wanted[string(name)]
			if !want || i >= len(words) {
				continue
			}
			if v, ok := number(words[i]); ok {
				s.set(f, v)
			}
		}
		return
	}
}

func number(text []byte) (value float64, ok bool) {
	n, err := strconv.ParseUint(string(text), 10, 64)
	return float64(n), err == nil
}
