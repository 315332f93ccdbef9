package goruntime

import "github.com/metertree/metertree/metric"

// value is one metric that is a sum of the runtime's own.
type value struct {
	scope      []string
	name, unit string
	kind       metric.Kind
	fold       metric.Fold
	help       string
	// parts are names of runtime/metrics; the value is their sum. A value of no
	// parts is read by extra.
	parts []string
	extra func(*snapshot) float64
}

func (v value) of(s *snapshot) float64 {
	if v.extra != nil {
		return v.extra(s)
	}
	var sum float64
	for _, part := range v.parts {
		sum += s.values[part]
	}
	return sum
}

func gauge(scope []string, name, unit string, fold metric.Fold, help string, parts ...string) value {
	return value{scope: scope, name: name, unit: unit, kind: metric.Gauge, fold: fold, help: help, parts: parts}
}

func counter(scope []string, name, unit, help string, parts ...string) value {
	return value{scope: scope, name: name, unit: unit, kind: metric.Counter, help: help, parts: parts}
}

// size is a gauge in bytes; programs' memory adds up.
func size(name, help string, parts ...string) value {
	return gauge(memstats, name, "bytes", metric.FoldSum, help, parts...)
}

var (
	memstats  = []string{"memstats"}
	gc        = []string{"gc"}
	scheduler = []string{"sched"}
)

const (
	heapObjects  = "/memory/classes/heap/objects:bytes"
	heapUnused   = "/memory/classes/heap/unused:bytes"
	heapFree     = "/memory/classes/heap/free:bytes"
	heapReleased = "/memory/classes/heap/released:bytes"
	heapStacks   = "/memory/classes/heap/stacks:bytes"
	tinyAllocs   = "/gc/heap/tiny/allocs:objects"
	mspanInuse   = "/memory/classes/metadata/mspan/inuse:bytes"
	mcacheInuse  = "/memory/classes/metadata/mcache/inuse:bytes"
)

var values = []value{
	gauge(nil, "goroutines", "", metric.FoldSum, "Goroutines that exist now.", "/sched/goroutines:goroutines"),
	{name: "threads", kind: metric.Gauge, fold: metric.FoldSum,
		help:  "Threads of the operating system that were created.",
		extra: func(s *snapshot) float64 { return s.threads }},
	counter(gc, "cycles_total", "", "Completed garbage collection cycles.", "/gc/cycles/total:gc-cycles"),
	gauge(gc, "gogc_percent", "percent", metric.FoldMax,
		"Heap growth target set by GOGC or debug.SetGCPercent, in percent.", "/gc/gogc:percent"),
	gauge(gc, "gomemlimit_bytes", "bytes", metric.FoldMax,
		"Soft memory limit set by GOMEMLIMIT or debug.SetMemoryLimit.", "/gc/gomemlimit:bytes"),
	gauge(scheduler, "gomaxprocs_threads", "threads", metric.FoldSum,
		"Threads that may run Go code at once, set by GOMAXPROCS or runtime.GOMAXPROCS.", "/sched/gomaxprocs:threads"),
	counter([]string{"sync", "mutex"}, "wait_total_seconds_total", "seconds",
		"Time goroutines spent blocked on mutexes, estimated.", "/sync/mutex/wait/total:seconds"),

	size("alloc_bytes", "Heap objects, live or not yet swept.", heapObjects),
	counter(memstats, "alloc_bytes_total", "bytes", "Bytes allocated on the heap so far, freed or not.", "/gc/heap/allocs:bytes"),
	counter(memstats, "mallocs_total", "", "Heap objects allocated so far, freed or not.", "/gc/heap/allocs:objects", tinyAllocs),
	counter(memstats, "frees_total", "", "Heap objects freed so far.", "/gc/heap/frees:objects", tinyAllocs),
	size("sys_bytes", "Memory the runtime obtained from the system.", "/memory/classes/total:bytes"),
	size("heap_alloc_bytes", "Heap objects, live or not yet swept, as go_memstats_alloc_bytes.", heapObjects),
	size("heap_sys_bytes", "Heap memory obtained from the system.", heapObjects, heapUnused, heapFree, heapReleased),
	size("heap_idle_bytes", "Heap memory in spans without objects.", heapFree, heapReleased),
	size("heap_inuse_bytes", "Heap memory in spans with objects.", heapObjects, heapUnused),
	size("heap_released_bytes", "Heap memory returned to the system.", heapReleased),
	gauge(memstats, "heap_objects", "", metric.FoldSum, "Heap objects, live or not yet swept.", "/gc/heap/objects:objects"),
	size("stack_inuse_bytes", "Goroutine stacks.", heapStacks),
	size("stack_sys_bytes", "Goroutine stacks and those of threads.", heapStacks, "/memory/classes/os-stacks:bytes"),
	size("mspan_inuse_bytes", "Span structures in use.", mspanInuse),
	size("mspan_sys_bytes", "Memory reserved for span structures.", mspanInuse, "/memory/classes/metadata/mspan/free:bytes"),
	size("mcache_inuse_bytes", "Cache structures in use.", mcacheInuse),
	size("mcache_sys_bytes", "Memory reserved for cache structures.", mcacheInuse, "/memory/classes/metadata/mcache/free:bytes"),
	size("buck_hash_sys_bytes", "Tables of the profiler.", "/memory/classes/profiling/buckets:bytes"),
	size("gc_sys_bytes", "Structures of the garbage collector.", "/memory/classes/metadata/other:bytes"),
	size("other_sys_bytes", "Other memory of the runtime.", "/memory/classes/other:bytes"),
	size("next_gc_bytes", "Heap size at which the next garbage collection cycle is to end.", "/gc/heap/goal:bytes"),
	{scope: memstats, name: "last_gc_time_seconds", unit: "seconds", kind: metric.Gauge, fold: metric.FoldMax,
		help:  "When the last garbage collection ended, in seconds of Unix time; 0 before the first.",
		extra: func(s *snapshot) float64 { return s.lastGC }},
}

// distribution is one metric that is a distribution of the runtime's.
type distribution struct{ scope, name, source, help string }

var distributions = []distribution{
	{"gc", "pauses_seconds", "/sched/pauses/total/gc:seconds",
		"Stop-the-world pauses of the garbage collector; the sum is estimated."},
	{"sched", "latencies_seconds", "/sched/latencies:seconds",
		"Time goroutines waited, runnable, before they ran; the sum is estimated."},
}
