package observer

import (
	"context"
	"os"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"runtime/metrics"
	"time"
)

// Document is all that can be looked at.
type Document struct {
	Service string `json:"service"`
	// At is when it was looked at.
	At time.Time `json:"at"`
	// Health is that of the worst component.
	Health     Health   `json:"health"`
	Build      Build    `json:"build"`
	Process    Process  `json:"process"`
	Runtime    Runtime  `json:"runtime"`
	Components []Report `json:"components"`
}

// Build says what the program was made from.
type Build struct {
	Path      string `json:"path"`
	Version   string `json:"version"`
	GoVersion string `json:"go_version"`
	// Revision is the commit it was built at, where the build recorded it, and
	// Modified whether there were changes beyond.
	Revision string `json:"revision,omitempty"`
	Modified bool   `json:"modified,omitempty"`
}

// Process is the running program.
type Process struct {
	PID           int       `json:"pid"`
	Program       string    `json:"program"`
	Host          string    `json:"host,omitempty"`
	System        string    `json:"system"`
	StartedAt     time.Time `json:"started_at"`
	UptimeSeconds float64   `json:"uptime_seconds"`
}

// Runtime is the state of the Go runtime.
type Runtime struct {
	Goroutines       uint64 `json:"goroutines"`
	GoMaxProcs       int    `json:"gomaxprocs"`
	CPUs             int    `json:"cpus"`
	HeapBytes        uint64 `json:"heap_bytes"`
	NextGCBytes      uint64 `json:"next_gc_bytes"`
	MemoryBytes      uint64 `json:"memory_bytes"`
	MemoryLimitBytes uint64 `json:"memory_limit_bytes"`
	GCCycles         uint64 `json:"gc_cycles"`
}

// Observe looks at everything.
func (r *Registry) Observe(ctx context.Context) Document {
	components := r.Components(ctx)
	return Document{
		Service:    r.options.Service,
		At:         r.options.Now(),
		Health:     worst(components),
		Build:      readBuild(),
		Process:    r.readProcess(),
		Runtime:    readRuntime(),
		Components: components,
	}
}

func readBuild() Build {
	b := Build{GoVersion: runtime.Version()}
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return b
	}
	b.Path, b.Version = info.Path, info.Main.Version
	for _, s := range info.Settings {
		switch s.Key {
		case "vcs.revision":
			b.Revision = s.Value
		case "vcs.modified":
			b.Modified = s.Value == "true"
		}
	}
	return b
}

// readProcess gives as start the time at which the registry was made.
func (r *Registry) readProcess() Process {
	p := Process{
		PID:           os.Getpid(),
		System:        runtime.GOOS + "/" + runtime.GOARCH,
		StartedAt:     r.started,
		UptimeSeconds: r.options.Now().Sub(r.started).Seconds(),
	}
	if len(os.Args) > 0 {
		p.Program = filepath.Base(os.Args[0])
	}
	if host, err := os.Hostname(); err == nil {
		p.Host = host
	}
	return p
}

func readRuntime() Runtime {
	samples := []metrics.Sample{
		{Name: "/sched/goroutines:goroutines"},
		{Name: "/memory/classes/heap/objects:bytes"},
		{Name: "/gc/heap/goal:bytes"},
		{Name: "/memory/classes/total:bytes"},
		{Name: "/gc/gomemlimit:bytes"},
		{Name: "/gc/cycles/total:gc-cycles"},
	}
	metrics.Read(samples)
	value := func(i int) uint64 {
		if samples[i].Value.Kind() != metrics.KindUint64 {
			return 0
		}
		return samples[i].Value.Uint64()
	}
	return Runtime{
		Goroutines: value(0), HeapBytes: value(1), NextGCBytes: value(2),
		MemoryBytes: value(3), MemoryLimitBytes: value(4), GCCycles: value(5),
		GoMaxProcs: runtime.GOMAXPROCS(0), CPUs: runtime.NumCPU(),
	}
}
