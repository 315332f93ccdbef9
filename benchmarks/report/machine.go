package report

import (
	"bufio"
	"os"
	"runtime"
	"runtime/debug"
	"strings"
	"time"

	"github.com/metertree/metertree/benchmarks/rivals"
)

// Run says where, when and with what the figures were taken.
type Run struct {
	CPU        string
	Cores      int
	GOMAXPROCS int
	Platform   string
	Go         string
	Date       time.Time
	// Load is the machine's load average over the minute before the run; empty
	// where the system does not tell. It shows what else was going on.
	Load string
	// Modules are lines of module path and version.
	Modules []string
	// Commands are what was run.
	Commands []string
}

// ThisRun describes this process and its machine.
func ThisRun(commands ...string) Run {
	return Run{
		CPU:        cpuModel(),
		Cores:      runtime.NumCPU(),
		GOMAXPROCS: runtime.GOMAXPROCS(0),
		Platform:   runtime.GOOS + "/" + runtime.GOARCH,
		Go:         runtime.Version(),
		Date:       time.Now(),
		Load:       loadAverage(),
		Modules:    modules(),
		Commands:   commands,
	}
}

// cpuModel returns the processor's name where the system tells it.
func cpuModel() string {
	f, err := os.Open("/proc/cpuinfo")
	if err != nil {
		return "unknown CPU"
	}
	defer f.Close()
	for lines := bufio.NewScanner(f); lines.Scan(); {
		name, value, found := strings.Cut(lines.Text(), ":")
		if found && strings.TrimSpace(name) == "model name" {
			return strings.TrimSpace(value)
		}
	}
	return "unknown CPU"
}

func loadAverage() string {
	text, err := os.ReadFile("/proc/loadavg")
	if err != nil {
		return ""
	}
	first, _, _ := strings.Cut(string(text), " ")
	return first
}

// modules returns the versions this binary was built with, which are the
// versions that were measured.
func modules() (lines []string) {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return nil
	}
	for _, rival := range rivals.All() {
		for _, m := range info.Deps {
			if m.Path == rival.Module && rival.Name != rivals.NameMetertree {
				lines = append(lines, m.Path+" "+m.Version)
			}
		}
	}
	for _, m := range info.Deps {
		if m.Path == "github.com/prometheus/common" {
			lines = append(lines, m.Path+" "+m.Version+" (client_golang's text encoder)")
		}
	}
	return lines
}
